"""Links of coded blocks, and symbols of joint coding over them."""

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.linklevel.curves import find_curve, shipped_curves
from netgen.linklevel.protection import Channel, Code
from netgen.robustness.records import shipped_robustness

LOSS = {"kind": "coded", "code": "turbo", "rate": "1/3", "block": 504}
SCENES = {
    "kind": "parametric",
    "format": "272x272@25",
    "rate": "4 Mbit/s",
    "class": "labelled",
    "semantic_bits": 36,
}


def coded(snr, **more):
    return {
        "A -> B": {"capacity": "20 Mbit/s"},
        "B -> C": {"capacity": "20 Mbit/s", "loss": {**LOSS, "snr": snr, **more}},
    }


GPU = {"device": "AMD-EPYC-2-cores", "streams": 4}


def joint(ran, snr, source="server", **link):
    """Send what B contracts into symbols over one radio link, at whose end C expands it."""
    return ran(
        plan={"B": ["visual"], "C": ["expand"]},
        duration="6 s",
        nodes={
            "A": {"kind": source, "gpu": GPU},
            "B": {"kind": "edge", "gpu": GPU},
            "C": {"kind": "terminal", "gpu": GPU},
        },
        contents={"film": SCENES},
        actions={"visual": {"profile": "joint"}},
        links={**coded(snr), "B -> C": {**coded(snr)["B -> C"], **link}},
    )


@pytest.mark.parametrize("block_lost", [0.005, 0.05])
def test_packets_are_lost_as_their_blocks_were_counted(ran, block_lost):
    """1 - (1 - BLER)^k of the packets, k blocks in each; within four standard deviations."""
    curve = find_curve(Code.TURBO, 1 / 3, 2, Channel.RAYLEIGH_FAST, 504, curves=shipped_curves())
    snr_db = curve.threshold_db(block_lost)
    made = ran(links=coded(snr_db), contents={"film": {"rate": "3 Mbit/s"}}, duration="20 s")
    row = made.rows("links", link="B->C")
    blocks = -(-10_000 // curve.protection.info_bits)
    expected = 1 - (1 - float(curve.rate(snr_db))) ** blocks
    carried, lost = (sum(one[name] for one in row) for name in ("carried_bits", "lost_bits"))
    packets = carried / 10_000
    assert 0.01 < expected < 0.99
    assert abs(lost / carried - expected) < 4 * np.sqrt(expected * (1 - expected) / packets)


def test_policies_see_the_snr_of_radio_links_alone(ran):
    steps = {"kind": "steps", "steps": {"0 s": "9 dB", "2500 ms": "4 dB"}}
    made = joint(ran, steps, source="edge")
    assert {view.links[0].snr_db for view in made.views("A")} == {None}
    assert [view.links[0].snr_db for view in made.views("B")] == [9.0, 9.0, 9.0, 4.0, 4.0, 4.0]


def test_symbols_lose_meaning_and_no_packets(ran):
    """At every SNR the segment arrives, with what the table leaves of it."""
    table = shipped_robustness()["joint"].table
    for snr_db in (0.0, 5.0, 15.0):
        made = joint(ran, snr_db)
        row = made.segment(0)
        assert row["outcome"] == "delivered"
        assert row["semantic_fidelity"] == pytest.approx(table.at(snr_db).fidelity)
        assert row["psnr_db"] == pytest.approx(table.at(snr_db).psnr_db)
        assert row["fidelity_provenance"] == "measured"
        assert sum(one["lost_bits"] for one in made.rows("links", link="B->C")) == 0


def test_an_option_says_what_is_left_at_the_snr_now(ran):
    table = shipped_robustness()["joint"].table
    (option,) = joint(ran, 5.0).views("B")[0].contractions
    assert option.semantic_fidelity == pytest.approx(table.at(5.0).fidelity)


def test_symbols_take_the_capacity_of_as_many_symbols(ran):
    """1.5 x 4 symbols for 64 pixels, each of the 2/3 bit that the link's code puts on it."""
    row = joint(ran, 10.0).rows("links", link="B->C")
    carried, segment = sum(one["carried_bits"] for one in row), round(272 * 272 * 25 * 6 / 64 * 2 / 3)
    assert carried >= 4 * segment
    assert carried % segment == 0


def test_symbols_go_over_one_radio_link_alone(ran):
    """A is not offered them, for the way from it has two links."""
    made = joint(ran, 5.0, source="edge")
    assert made.views("A")[0].contractions == ()


def test_symbols_go_over_the_channel_that_they_were_measured_on_alone(ran):
    links = coded(5.0, channel="awgn")
    made = ran(
        nodes={"B": {"kind": "edge", "gpu": GPU}}, contents={"film": SCENES},
        actions={"visual": {"profile": "joint"}}, links=links,
    )  # fmt: skip
    assert made.views("B")[0].contractions == ()


def test_the_ledger_counts_what_the_channel_leaves(ran):
    """Semantic bits of the radio link are those that arrive, and never more than its semantic capacity."""
    for snr_db in (0.0, 10.0):
        made = joint(ran, snr_db)
        left = 36 * shipped_robustness()["joint"].table.at(snr_db).fidelity
        assert made.segment(0)["semantic_bits_delivered"] == pytest.approx(left)
        rows = made.rows("links", link="B->C")
        assert sum(row["semantic_bits"] for row in rows) == pytest.approx(6 * left)
        assert 6 * left < sum(row["semantic_capacity_bits"] for row in rows)


def test_the_snr_is_that_of_the_sending_and_not_of_the_waiting(ran):
    """The link is closed until 3 s; the SNR is too low to leave anything until 2.9 s."""
    steps = {"kind": "steps", "steps": {"0 s": "-20 dB", "2900 ms": "15 dB"}}
    closed = {"kind": "steps", "steps": {"0 s": "0 bit/s", "3 s": "20 Mbit/s"}}
    made = joint(ran, steps, capacity=closed)
    left = shipped_robustness()["joint"].table.at(15.0).fidelity
    assert made.segment(0)["semantic_fidelity"] == pytest.approx(left)


def test_repeats_mean_nothing_to_symbols(ran):
    """Where every block would be lost they are sent once."""
    made = joint(ran, -4.0, retransmissions=2)
    rows = made.rows("links", link="B->C")
    assert sum(row["retransmitted_bits"] for row in rows) == sum(row["lost_bits"] for row in rows) == 0
    assert made.segment(0)["outcome"] == "delivered"


def test_symbols_do_not_go_to_a_cell(ran):
    """Its users would get them as bits."""
    made = ran(
        plan={"B": ["visual"]},
        duration="2 s",
        nodes={
            "B": {"kind": "edge", "gpu": GPU},
            "C": {"kind": "cell", "gpu": GPU, "radio": {"capacity": "20 Mbit/s", "peak_rate": "10 Mbit/s"}},
        },
        contents={"film": SCENES},
        actions={"visual": {"profile": "joint"}},
        links=coded(10.0),
        audiences={"crowd": {"count": 2, "cells": "C", "watches": "s"}},
    )
    assert made.views("B")[0].contractions == ()


def test_long_blocks_fade_as_a_whole(ran):
    """Blocks of 2048 bit are looked up among shorter ones, and are as many as they are: five in 10 kbit, not twenty."""
    loss = {"channel": "rayleigh-block", "code": "ldpc", "block": 2048}
    made = ran(links=coded(10.0, **loss), contents={"film": {"rate": "3 Mbit/s"}}, duration="20 s")
    curve = find_curve(Code.LDPC, 1 / 3, 2, Channel.RAYLEIGH_BLOCK, 2048, curves=shipped_curves())
    expected = 1 - (1 - float(curve.rate(10.0))) ** 5
    rows = made.rows("links", link="B->C")
    carried, lost = (sum(one[name] for one in rows) for name in ("carried_bits", "lost_bits"))
    assert abs(lost / carried - expected) < 4 * np.sqrt(expected * (1 - expected) * 10_000 / carried)


def test_what_was_measured_on_scenes_is_an_estimate_elsewhere(ran):
    gpu = {"B": {"kind": "edge", "gpu": GPU}, "C": {"kind": "terminal", "gpu": GPU}}
    made = ran(
        plan={"B": ["visual"], "C": ["expand"]}, duration="6 s", nodes=gpu, links=coded(10.0),
        contents={"film": {**SCENES, "class": "natural"}}, actions={"visual": {"profile": "joint"}},
    )  # fmt: skip
    assert made.segment(0)["fidelity_provenance"] == "estimated"


def test_symbols_need_radio_links_of_one_kind(ran):
    nodes = {"B": {"kind": "edge", "gpu": GPU}}
    with pytest.raises(InputError, match=r"loss kind coded.*found: none"):
        ran(nodes=nodes, contents={"film": SCENES}, actions={"visual": {"profile": "joint"}})


@pytest.mark.parametrize(
    ("key", "value"),
    [("bits_per_pixel", 0.1), ("semantic_fidelity", 0.5), ("psnr_db", 33), ("ms_ssim", 0.9), ("run", "x265")],
)
def test_symbols_are_as_they_were_measured(ran, key, value):
    with pytest.raises(InputError, match=rf"actions\.visual\.{key}: .*leave the key out"):
        ran(
            nodes={"B": {"kind": "edge", "gpu": GPU}}, contents={"film": SCENES}, links=coded(5.0),
            actions={"visual": {"profile": "joint", key: value}},
        )  # fmt: skip


def test_what_nobody_counted_is_refused(ran):
    with pytest.raises(
        InputError, match=r"links.B->C.loss: no block errors of turbo at rate 0.50 .*there are: "
    ):
        ran(links=coded(5.0, rate="1/2"))

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


def joint(ran, snr, source="server"):
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
        links=coded(snr),
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
    assert sum(one["carried_bits"] for one in row) % round(272 * 272 * 25 * 6 / 64 * 2 / 3) == 0


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


def test_symbols_need_radio_links_of_one_kind(ran):
    nodes = {"B": {"kind": "edge", "gpu": GPU}}
    with pytest.raises(InputError, match="loss kind coded.*found: none"):
        ran(nodes=nodes, contents={"film": SCENES}, actions={"visual": {"profile": "joint"}})
    with pytest.raises(InputError, match="leave the key out"):
        ran(
            nodes=nodes, contents={"film": SCENES}, links=coded(5.0),
            actions={"visual": {"profile": "joint", "bits_per_pixel": 0.1}},
        )  # fmt: skip


def test_what_nobody_counted_is_refused(ran):
    with pytest.raises(
        InputError, match=r"links.B->C.loss: no block errors of turbo at rate 0.50 .*there are: "
    ):
        ran(links=coded(5.0, rate="1/2"))

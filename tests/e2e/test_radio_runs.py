"""Cellular and broadcast networks from the scenario to the summary."""

import importlib.util

import numpy as np
import pytest
import yaml

SHORT = ("duration=8 s", "warmup=0 s")


def fits(before, after, *, within):
    """Whether two figures agree to a share of the larger one."""
    return abs(before - after) <= within * max(abs(before), abs(after))


@pytest.fixture(scope="module")
def runs():
    """Runs that several tests look at, by what was changed."""
    return {}


@pytest.fixture
def hex_7(scenarios, run_directory, tmp_path_factory, runs):
    """Run hex_7 for eight seconds, once for each set of overrides."""
    from netgen.run import run  # noqa: PLC0415  (only where it is used)

    def go(*overrides, again=False):
        if again or overrides not in runs:
            out = tmp_path_factory.mktemp("hex_7") / "run"
            result = run(scenarios / "hex_7.yaml", overrides=[*SHORT, *overrides], out=out)
            runs[overrides] = run_directory(result.folder)
        return runs[overrides]

    return go


def test_laws_hold_and_the_summary_has_the_radio(hex_7):
    done = hex_7()
    summary = done.summary
    assert {law["holds"] for law in summary["laws"].values()} == {True}
    found = summary["radio"]
    assert set(found) == {"ran", "mast:robust"}
    assert found["ran"]["sectors"] == 21
    assert found["ran"]["handovers"] > 0
    assert 0.02 < found["ran"]["block_use_mean"] < found["ran"]["block_use_busiest"] <= 1
    levels = [found["ran"]["sinr_db"][key] for key in ("p5", "p25", "p50", "p75", "p95")]
    assert levels == sorted(levels)
    assert -20 < levels[0] < 15 < levels[-1] < 70
    assert found["mast:robust"]["coverage"] > 0.9


def test_tables_agree_with_each_other(hex_7):
    """Sectors against the downlink, users against sectors, users' handovers against both."""
    done = hex_7()
    sectors, (downlink,) = done.rows("sectors"), [done.rows("links", link="ran:downlink")]
    for row in downlink:
        here = [sector for sector in sectors if sector["start_s"] == row["start_s"]]
        assert len(here) == 21
        assert sum(sector["carried_bits"] for sector in here) == pytest.approx(row["carried_bits"], abs=21)
        assert row["carried_bits"] <= row["capacity_bits"] + 1
        assert sum(sector["users"] for sector in here) == pytest.approx(
            120
        )  # the 90 viewers watch by broadcast alone
        assert all(sector["active_users"] <= sector["users"] + 1e-9 for sector in here)
        assert all(0 <= sector["block_use"] <= 1 + 1e-9 for sector in here)
    users = done.rows("users", node="ran")
    assert sum(row["handovers"] for row in users) == sum(sector["handovers"] for sector in sectors)
    assert sum(row["bits_received"] for row in users) <= sum(row["carried_bits"] for row in downlink) + len(
        users
    )
    broadcast = done.rows("users", node="mast:robust") or done.rows("users", source_kind="broadcast")
    assert len(broadcast) == 90
    assert all(0 <= row["coverage"] <= 1 for row in broadcast)
    assert all(row["coverage"] is None for row in users)


def test_the_same_seed_gives_the_same_bytes_and_another_one_another_world(hex_7):
    once, again = hex_7(), hex_7(again=True)
    assert once.folder != again.folder
    assert once.digest() == again.digest()
    other = hex_7("seed=4")
    assert other.summary["radio"]["ran"]["sinr_db"] != once.summary["radio"]["ran"]["sinr_db"]


@pytest.mark.parametrize(
    ("compute", "package"),
    [pytest.param("numba", "numba", marks=pytest.mark.slow), ("torch", "torch")],
)
def test_other_ways_to_compute_give_the_same_figures(hex_7, compute, package):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    plain, other = hex_7().summary, hex_7(f"nodes.ran.radio.compute={compute}").summary
    for figure in ("segments_delivered", "segments_late", "segments_lost"):
        assert abs(plain[figure] - other[figure]) <= 3
    one, two = plain["radio"]["ran"], other["radio"]["ran"]
    for key in ("p5", "p25", "p50", "p75", "p95", "mean"):
        assert one["sinr_db"][key] == pytest.approx(two["sinr_db"][key], abs=0.3)
        assert fits(one["rate_bps"][key], two["rate_bps"][key], within=0.03)
    assert fits(one["block_use_mean"], two["block_use_mean"], within=0.01)
    assert abs(one["handovers"] - two["handovers"]) <= 2


def test_the_epoch_hardly_matters_where_cells_are_busy(hex_7):
    """Titles of 20 Mbit/s without end keep all sectors busy: five times shorter epochs carry the same bits."""
    busy = (
        "contents.title-1.rate=20 Mbit/s",
        "contents.title-2.rate=20 Mbit/s",
        "contents.title-3.rate=20 Mbit/s",
    )
    long, short = hex_7(*busy), hex_7(*busy, "epoch=20 ms")
    carried = [sum(row["carried_bits"] for row in done.rows("sectors")) for done in (long, short)]
    assert fits(*carried, within=0.05)
    use = [done.summary["radio"]["ran"]["block_use_mean"] for done in (long, short)]
    assert fits(*use, within=0.1)
    levels = [done.summary["radio"]["ran"]["sinr_db"]["p50"] for done in (long, short)]
    assert abs(levels[0] - levels[1]) < 2


@pytest.mark.parametrize("epoch", ["300 ms", "70 ms", "3 s"])
def test_any_epoch_does(hex_7, epoch):
    """Neither the duration nor the interval need be whole numbers of epochs."""
    done = hex_7(f"epoch={epoch}")
    assert {law["holds"] for law in done.summary["laws"].values()} == {True}


EPOCHS = ("20 ms", "100 ms", "250 ms")


def over_epochs(hex_7, *overrides):
    """Per epoch: delay of title-1, block use, median rate, carried bits, delivered segments."""
    found = {}
    for epoch in EPOCHS:
        done = hex_7(f"epoch={epoch}", *overrides)
        summary = done.summary
        found[float(epoch.split()[0]) / 1e3] = (
            summary["receivers"]["title-1"]["ran"]["delay_mean_s"],
            summary["radio"]["ran"]["block_use_mean"],
            summary["radio"]["ran"]["rate_bps"]["p50"],
            sum(row["carried_bits"] for row in done.rows("sectors")),
            summary["segments_delivered"],
        )
    return found


def test_the_epoch_is_a_wait_where_interference_is_given(hex_7):
    """Sectors that interfere with 30 % whatever the epoch: the same blocks carry the same bits for the same users.

    A segment waits for the next epoch, and sectors share as finely as the epoch: later by less than half as much
    again as the epoch is longer. The time in which something is waited for, and so the rate, is a matter of this
    order, too: who has little is done first in short epochs, and with all others in a long one.
    """
    found = over_epochs(hex_7, "nodes.ran.radio.activity=0.3")
    base_s, use, rate_bps, carried, delivered = found[0.02]
    for epoch_s, other in found.items():
        assert other[4] == delivered
        assert fits(other[3], carried, within=1e-6)
        assert fits(other[1], use, within=0.02)
        assert -0.01 <= other[0] - base_s <= 1.5 * (epoch_s - 0.02) + 1e-9
        assert fits(other[2], rate_bps, within=0.35)


def test_the_epoch_is_a_wait_where_interference_follows_the_load(hex_7):
    """Interference and load agree within each epoch: the same blocks carry the same bits, whatever its length."""
    found = over_epochs(hex_7)
    base_s, use, rate_bps, carried, delivered = found[0.02]
    for epoch_s, other in found.items():
        assert abs(other[4] - delivered) <= 3
        assert fits(other[3], carried, within=0.01)
        assert fits(other[1], use, within=0.05)
        assert -0.01 <= other[0] - base_s <= 1.5 * (epoch_s - 0.02) + 1e-9
        assert fits(other[2], rate_bps, within=0.35)


@pytest.fixture
def every_epoch(monkeypatch):
    """SINR of all users in every epoch but the first, beside the samples that a run takes."""
    from netgen.access.cellular import CellularNetwork  # noqa: PLC0415  (only where it is used)

    taken, sample = [], CellularNetwork._sample

    def both(network, epoch):
        sample(network, epoch)
        if epoch:
            rows = np.flatnonzero(network.parts.crowd.present[network._members])
            taken.append(network._sinr_db(rows, network.parts.handover.serving[rows]))

    monkeypatch.setattr(CellularNetwork, "_sample", both)
    return taken


MANY = (
    "audiences.walkers.count=600",
    "audiences.indoors.count=400",
    "audiences.drivers.count=200",
    *(f"contents.title-{number}.rate=200 kbit/s" for number in range(1, 6)),
)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(("epoch=100 ms", *MANY), id="1200 users"),
        pytest.param(("epoch=250 ms", *MANY), id="1200 users, long epochs"),
        pytest.param(("epoch=20 ms", "nodes.ran.radio.activity=0.3"), id="120 users, given interference"),
    ],
)
def test_samples_of_the_sinr_stand_for_all_users_in_all_epochs(hex_7, every_epoch, changes):
    """Each user once an interval against everybody in every epoch: the medians are 0.75 dB apart at most.

    Between bursts and silence the median over users moves by 20 dB, which few users sample badly.
    """
    found = hex_7(*changes, again=True).summary["radio"]["ran"]["sinr_db"]
    everything = np.concatenate(every_epoch)
    assert len(everything) >= 120 * 8 * 30  # many more than the samples, one per user and second
    assert abs(found["p50"] - float(np.median(everything))) <= 0.75


def test_the_order_of_entries_does_not_matter(scenarios, run_text, hex_7):
    """Nodes, contents, services and audiences in reverse: every user has the same figures."""
    text = yaml.safe_load((scenarios / "hex_7.yaml").read_text(encoding="utf-8"))
    for section in ("nodes", "links", "contents", "services", "audiences"):
        text[section] = dict(reversed(text[section].items()))
    turned, plain = run_text(yaml.safe_dump(text, sort_keys=False), *SHORT), hex_7()

    def by_user(done):
        return {(row["user"], row["service"]): row for row in done.rows("users")}

    one, two = by_user(plain), by_user(turned)
    assert one.keys() == two.keys()
    for key, row in one.items():
        for figure in ("segments_offered", "handovers", "sinr_db_mean", "coverage"):
            wanted = row[figure]
            assert two[key][figure] == (
                pytest.approx(wanted, rel=1e-5) if isinstance(wanted, float) else wanted
            )
    for figure in ("segments_delivered", "segments_lost"):
        assert turned.summary[figure] == plain.summary[figure]
    assert turned.summary["radio"]["ran"]["block_use_mean"] == pytest.approx(
        plain.summary["radio"]["ran"]["block_use_mean"], rel=1e-6
    )


def test_more_viewers_of_the_tower_change_nothing_in_the_cells(hex_7):
    """The first viewers receive what they received, and the cells' users too."""
    plain, more = hex_7(), hex_7("audiences.viewers.count=120")
    users = {row["user"]: row for row in more.rows("users")}
    for row in plain.rows("users"):
        assert users[row["user"]] == row
    assert len(users) == 240


SHEDDING = '''
from netgen.policy import Drop, RelayPolicy


class Shedding(RelayPolicy):
    """Gives up every other segment."""

    name = "shedding"

    def decide(self, view, rng):
        return Drop() if view.segment.index % 2 else view.forward.decision
'''


def test_a_policy_and_its_baseline_meet_the_same_world(scenarios, run_text):
    """Half of the titles are dropped: half the load, and the same users at the same places with the same handovers."""
    text = (scenarios / "hex_7.yaml").read_text(encoding="utf-8")
    text = text.replace("warmup: 5 s", "baseline: forward")
    text = text.replace("studio: server", "studio: {kind: server, gpu: L4}")  # who has a GPU decides
    text = text.replace("contents:\n", 'policies: {shedding: {use: "shedding.py:Shedding"}}\ncontents:\n')
    text = text.replace("to: ran, deadline: 4 s", "to: ran, deadline: 4 s, policy: shedding")
    done = run_text(text, "duration=8 s", files={"shedding.py": SHEDDING})
    base = type(done)(done.folder / "baseline")
    assert done.hashes()["users.parquet"] != base.hashes()["users.parquet"]
    mine, theirs = (
        {(row["user"], row["service"]): row for row in each.rows("users")} for each in (done, base)
    )
    assert mine.keys() == theirs.keys()
    for key, row in mine.items():
        for figure in ("segments_offered", "handovers", "coverage"):
            assert theirs[key][figure] == row[figure]
        if row["node"] == "mast:robust":
            assert theirs[key] == row
    cells = [sum(row["carried_bits"] for row in each.rows("sectors")) for each in (done, base)]
    assert 0.3 < cells[0] / cells[1] < 0.7
    moves = [[(row["sector"], row["start_s"], row["users"], row["handovers"]) for row in each.rows("sectors")]
             for each in (done, base)]  # fmt: skip
    assert moves[0] == moves[1]


MULTICAST = """
name: multicast
seed: 2
duration: 6 s
nodes:
  S: server
  ran:
    kind: ran
    radio:
      layout: {kind: hexagonal, sites: 1, spacing: 400 m}
      carrier: 3.5 GHz
      bandwidth: 20 MHz
      scheduler: round-robin
links: {S -> ran: {capacity: 1 Gbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  live: {content: v, from: S, to: ran, deadline: 2 s}
audiences:
  crowd: {count: 60, cells: ran, watches: live, place: {kind: disc, radius: 200 m}}
"""


def test_a_multicast_saves_the_air_and_brings_the_same(run_text):
    """60 copies of 1 Mbit/s against one in each of three sectors, all in time."""
    alone = run_text(MULTICAST)
    together = run_text(MULTICAST, "nodes.ran.radio.multicast=[live]")
    assert alone.summary["segments_delivered"] == together.summary["segments_delivered"] == 360
    bits = [sum(row["carried_bits"] for row in done.rows("sectors")) for done in (alone, together)]
    assert bits[0] == pytest.approx(60 * 6 * 1e6)
    assert bits[0] / bits[1] == pytest.approx(20, rel=0.01)
    received = [np.array([row["bits_received"] for row in done.rows("users")]) for done in (alone, together)]
    assert (received[0] == received[1]).all()
    assert (
        together.summary["radio"]["ran"]["block_use_mean"]
        < alone.summary["radio"]["ran"]["block_use_mean"] / 2
    )

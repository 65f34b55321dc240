"""Whole runs with constant numbers, against delays, bits and joules worked out by hand."""

from pathlib import Path

import pytest
import yaml

from netgen.generative.device import find_device
from netgen.ledger import LedgerReader
from netgen.run import run

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"

NS = 1e-9


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Fig. 8, scenario 2, with constant numbers: A contracts, D forwards, F expands, H receives."""
    done = run(Path(__file__).with_name("chain.yaml"), out=tmp_path_factory.mktemp("chain") / "run")
    return done.summary, LedgerReader(done.folder)


# 1080p30 at 0.01 bit per pixel; packets of 11,200 bit; 4 Mbit/s of source.
SMALL_BITS = 622_080
FIRST_AT_D_S = 11_200 / 3e6 + 0.005
LAST_AT_F_S = (
    FIRST_AT_D_S + SMALL_BITS / 2e6 + 0.010
)  # D's link is slower than A's, so it sends without a pause
TO_H_S = 4e6 / 50e6 + 0.002


def test_every_segment_of_the_chain_but_the_first_takes_what_the_hand_says(chain):
    _, reader = chain
    expected_s = 0.080 + LAST_AT_F_S + 0.350 + TO_H_S
    assert expected_s == pytest.approx(0.841773333333, abs=1e-12)
    delays_s = [row["delay_s"] for row in reader.table("segments").to_pylist()]
    assert len(delays_s) == 60
    assert delays_s[1:] == pytest.approx([expected_s] * 59, abs=NS)


def test_the_first_segment_waits_for_both_models_to_be_loaded(chain):
    _, reader = chain
    load_s = 4e9 / find_device("L4").load_rate_byte_per_s
    first = reader.table("segments").to_pylist()[0]
    assert first["delay_s"] == pytest.approx(0.080 + LAST_AT_F_S + 0.350 + TO_H_S + 2 * load_s, abs=NS)


def test_the_stages_of_the_chain_begin_and_end_when_the_hand_says(chain):
    _, reader = chain
    row = reader.table("segments").to_pylist()[7]
    stages = {(stage["kind"], stage["where"]): stage for stage in row["stages"]}
    sent_s = 7 + 0.080
    assert stages["contract", "A"]["end_s"] == pytest.approx(sent_s, abs=NS)
    assert stages["forward", "D"]["start_s"] == pytest.approx(sent_s + FIRST_AT_D_S, abs=NS)
    assert stages["link", "A->D"]["end_s"] == pytest.approx(sent_s + SMALL_BITS / 3e6 + 0.005, abs=NS)
    assert stages["link", "D->F"]["end_s"] == pytest.approx(sent_s + LAST_AT_F_S, abs=NS)
    assert stages["expand", "F"]["end_s"] == pytest.approx(sent_s + LAST_AT_F_S + 0.350, abs=NS)
    assert stages["link", "F->H"]["end_s"] == row["completed_s"]


def test_the_bits_and_the_energy_of_the_chain(chain):
    summary, _ = chain
    links = summary["links"]
    assert links["A->D"]["carried_bits"] == links["D->F"]["carried_bits"] == 60 * SMALL_BITS
    assert links["F->H"]["carried_bits"] == 60 * 4_000_000
    device = find_device("L4")
    load_s = 4e9 / device.load_rate_byte_per_s
    busy = {"A": 60 * 0.080 + load_s, "F": 60 * 0.350 + load_s}
    streams = {"A": device.streams, "F": 2}
    for node, busy_s in busy.items():
        idle_w, more_w = device.idle_power_w, device.peak_power_w - device.idle_power_w
        joule = 60 * idle_w + more_w * busy_s / streams[node]
        assert summary["nodes"][node]["energy_joule"] == pytest.approx(joule, rel=1e-9)


BASE = {
    "name": "hand", "seed": 1, "duration": "6 s", "packet": "10 kbit",
    "nodes": {"A": "server", "B": "relay", "C": "terminal"},
    "links": {"A -> B": {"capacity": "1 Mbit/s", "delay": "2 ms"}, "B -> C": {"capacity": "1 Mbit/s", "delay": "3 ms"}},
    "contents": {
        "film": {
            "kind": "parametric", "format": "100x100@10", "rate": "400 kbit/s", "class": "natural", "semantic_bits": 8,
        }
    },
    "services": {"s": {"content": "film", "from": "A", "to": "C"}},
}  # fmt: skip


def delays(tmp_path, **changes):
    """Delays of the segments of a run, by service."""
    path = tmp_path / "hand.yaml"
    path.write_text(yaml.safe_dump({**BASE, **changes}, sort_keys=False), encoding="utf-8")
    done = run(path, out=tmp_path / "run")
    found: dict[str, list[float | None]] = {}
    for row in sorted(LedgerReader(done.folder).table("segments").to_pylist(), key=lambda row: row["index"]):
        found.setdefault(row["service"], []).append(row["delay_s"])
    return found


def test_two_equal_hops_cost_one_packet_more_than_one(tmp_path):
    assert delays(tmp_path)["s"] == pytest.approx([0.4 + 0.01 + 0.005] * 6, abs=NS)


def test_a_link_that_is_too_slow_falls_behind_by_the_same_for_every_segment(tmp_path):
    """400 kbit over 320 kbit/s takes 1.25 s; each segment finds a quarter of a second more before it."""
    links = {**BASE["links"], "B -> C": {"capacity": "320 kbit/s", "delay": "3 ms", "queue": None}}
    found = delays(tmp_path, links=links)["s"]
    assert found[:4] == pytest.approx([0.012 + 1.25 + 0.003 + 0.25 * k for k in range(4)], abs=NS)
    assert found[4:] == [None, None]  # 5.265 + 1.0 s and later is behind the end


def test_a_pause_of_the_capacity_delays_what_is_under_way_by_its_length(tmp_path):
    """Second segment: 0.2 s before the pause from 1.2 to 1.7 s, the rest behind it; the others do not notice."""
    steps = {"kind": "steps", "steps": {"0 s": "1 Mbit/s", "1.2 s": "0 bit/s", "1.7 s": "1 Mbit/s"}}
    links = {**BASE["links"], "A -> B": {"capacity": steps, "delay": "2 ms"}}
    assert delays(tmp_path, links=links)["s"] == pytest.approx(
        [0.415, 0.915, 0.415, 0.415, 0.415, 0.415], abs=NS
    )


def test_two_services_share_a_link_in_the_order_of_their_packets(tmp_path):
    """Both offer 40 packets at once from different nodes; at the shared link they take turns.

    It sends 80 packets of 10 ms from 0.012 s on: the last of one is the 79th, the last of the other the 80th.
    """
    nodes = {**BASE["nodes"], "D": "server"}
    links = {**BASE["links"], "D -> B": {"capacity": "1 Mbit/s", "delay": "2 ms"}}
    services = {**BASE["services"], "t": {"content": "film", "from": "D", "to": "C"}}
    found = delays(tmp_path, nodes=nodes, links=links, services=services)
    first, second = sorted(found.values())
    assert first == pytest.approx([0.012 + 0.79 + 0.003] * 6, abs=NS)
    assert second == pytest.approx([0.012 + 0.80 + 0.003] * 6, abs=NS)

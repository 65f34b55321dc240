"""Warnings of segments that no queue on their way can take."""

import pytest

from netgen.build.assembly import build_simulation
from netgen.ledger import LedgerWriter
from netgen.run import run

TEXT = """
name: bursts
seed: 1
duration: 10 s
nodes:
  A: server
  B: relay
  C: terminal
  D: terminal
  c: {kind: cell, gpu: null, radio: {capacity: 90 Mbit/s, peak_rate: 20 Mbit/s}}
links:
  A -> B: {capacity: 100 Mbit/s, queue: 2 MB}
  B -> C: {capacity: 50 Mbit/s, queue: 1.5 MB}
  B -> D: {capacity: 200 Mbit/s, queue: 2 kB}
  B -> c: {capacity: 200 Mbit/s, queue: 2 kB}
contents: {v: {kind: parametric, format: 720p25, rate: 10 Mbit/s, class: sports, semantic_bits: 10}}
services: {s: {content: v, from: A, to: [C, D]}}
"""
OWN = "services={s: {content: v, from: A, to: c, personal: true%s}}"


@pytest.fixture
def notes_of(scenario_of, tmp_path):
    def go(*overrides, text=TEXT):
        scenario = scenario_of(text, *overrides)
        folder = tmp_path / f"records-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        writer = LedgerWriter(folder)
        try:
            return build_simulation(scenario, writer, seed=1).notes
        finally:
            writer.close()

    return go


def test_copies_for_several_receivers_leave_the_source_together(notes_of):
    """Twice 10 Mbit at once into a queue of 16 Mbit; one of them, or one for both, fits."""
    [note] = notes_of()
    assert note.startswith("service s: a segment of 20 Mbit, all copies together, comes to link A->B faster")
    assert "its queue holds 16 Mbit" in note
    assert "a larger queue, or pacing of the service" in note
    assert notes_of("services.s.to=C") == ()
    assert notes_of("services.s.cast=multicast") == ()
    assert notes_of("links.A->B.queue=3 MB") == notes_of("links.A->B.queue=null") == ()


def test_a_link_that_drains_as_fast_as_the_packets_come_needs_no_queue(notes_of):
    """B passes packets on as they come: at 100 Mbit/s half of them wait for a link of 50, none for one of 200."""
    one_way = ["services.s.to=C", "links.A->B.queue=null"]
    assert notes_of(*one_way, "links.B->C.queue=0.65 MB") == ()
    [note] = notes_of(*one_way, "links.B->C.queue=0.6 MB")
    assert "a segment of 10 Mbit, all copies together, comes to link B->C" in note
    assert notes_of(*one_way, "links.B->C.queue=0.6 MB", "links.A->B.capacity=50 Mbit/s") == ()
    assert notes_of("services.s.to=D") == ()


def test_a_node_that_decides_sends_all_at_once(notes_of):
    [note] = notes_of("services.s.to=D", "nodes.B={kind: relay, policy: forward}")
    assert "comes to link B->D" in note


@pytest.mark.parametrize(("users", "warned"), [(1, False), (2, True)])
def test_a_personal_service_sends_a_copy_for_every_user_of_the_cell(notes_of, users, warned):
    crowd = f"audiences={{crowd: {{count: {users}, cells: c, watches: s}}}}"
    notes = notes_of(OWN % "", crowd)
    assert [("20 Mbit" in note and "A->B" in note) for note in notes] == [True] * warned
    assert notes_of(OWN % ", pacing: 0.5", crowd) == ()


def test_what_is_warned_of_happens_and_what_helps_helps(scenario_of, tmp_path):
    """The run loses packets exactly where the warning says so."""
    scenario_of(TEXT)
    path = tmp_path / "scenario.yaml"

    def lost(*overrides):
        result = run(path, overrides=overrides, out=tmp_path / f"out-{len(list(tmp_path.iterdir()))}")
        return len(result.warnings), result.summary["segments_delivered"]

    assert lost() == (1, 0)
    assert lost("links.A->B.queue=3 MB") == (0, 20)
    assert lost("services.s.pacing=0.9") == (0, 20)

"""Use of cells, sectors and channels."""

import pytest

from netgen.ledger import LinkRecord, SectorRecord
from netgen.metrics.loads import cell_loads, channel_loads


@pytest.fixture
def ledger(record, ledger_of):
    """A cell with an outage of half a second, a network of two sectors, two pipes and a wire; 2.5 s."""
    rows = []
    for start_s, length_s, capacity, cell, rich in (
        (0.0, 1.0, 10, 9, 1), (1.0, 1.0, 5, 5, 2), (2.0, 0.5, 5, 1, 3),
    ):  # fmt: skip
        span = {"start_s": start_s, "length_s": length_s}
        rows += [
            record(LinkRecord, link="c1:downlink", capacity_bits=capacity, carried_bits=cell, **span),
            record(LinkRecord, link="idle:downlink", capacity_bits=0.0, **span),
            record(LinkRecord, link="ran:downlink", capacity_bits=99, carried_bits=99, **span),
            record(LinkRecord, link="mast->mast:rich", capacity_bits=8 * length_s, carried_bits=rich, **span),
            record(LinkRecord, link="mast->mast:poor", capacity_bits=2 * length_s, **span),
            record(LinkRecord, link="core->c1", capacity_bits=99, carried_bits=98, **span),
            record(SectorRecord, node="ran", sector="s0", block_use=0.5, **span),
            record(SectorRecord, node="ran", sector="s1", block_use=start_s, **span),
        ]
    return ledger_of(*rows)


def test_bits_over_capacity_and_blocks_over_time(ledger):
    found = cell_loads(ledger)
    assert found == pytest.approx(
        {"c1": 15 / 20, "idle": 0.0, "ran:s0": 0.5, "ran:s1": (0 + 1 + 0.5 * 2) / 2.5}
    )
    assert channel_loads(ledger) == pytest.approx({"mast:rich": 6 / 20, "mast:poor": 0.0})


def test_intervals_that_begin_in_the_warm_up_are_left_out(ledger):
    found = cell_loads(ledger, since_s=0.5)
    assert found == pytest.approx({"c1": 6 / 10, "idle": 0.0, "ran:s0": 0.5, "ran:s1": 2 / 1.5})
    assert cell_loads(ledger, since_s=1.0) == found
    assert channel_loads(ledger, since_s=2.0)["mast:rich"] == pytest.approx(3 / 4)

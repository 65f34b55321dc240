"""The interval tables, and the accounts that the laws are checked on."""

from dataclasses import replace

import pytest

from netgen.ledger import check_laws


def test_the_columns_of_a_link_by_hand(ran):
    """100,000 bit per second at 1 Mbit/s; the second link ends 0.012 s after the interval has begun."""
    done = ran(interval="500 ms")
    rows = done.rows("links", link="A->B")
    assert [row["start_s"] for row in rows] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert {row["capacity_bits"] for row in rows} == {500_000.0}
    assert [row["carried_bits"] for row in rows] == [100_000, 0] * 3
    assert [row["semantic_bits"] for row in rows] == [40.0, 0.0] * 3
    # The densest candidate is the source itself: 40 bit of meaning in 100,000.
    assert {row["semantic_capacity_bits"] for row in rows} == {200.0}
    assert [row["semantic_utilisation"] for row in rows] == [0.2, 0.0] * 3
    assert [row["semantic_gain"] for row in rows] == [pytest.approx(1.0), None] * 3


def test_contracting_gains_meaning_per_bit(ran, gpu_spec, declared):
    done = ran(
        plan={"A": ["contract"]}, nodes={"A": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}},
        actions={"a": declared(generative_share=0.25)},
    )  # fmt: skip
    (row, *_) = done.rows("links", link="A->B")
    assert (row["discriminative_bits"], row["generative_bits"]) == (7_500, 2_500)
    assert row["semantic_gain"] == pytest.approx(9.0)


def test_the_last_interval_is_as_long_as_the_run_leaves_it(ran):
    done = ran(duration="2.5 s")
    assert [row["length_s"] for row in done.rows("links", link="A->B")] == [1.0, 1.0, 0.5]
    assert [row["length_s"] for row in done.rows("nodes", node="A")] == [1.0, 1.0, 0.5]


def test_the_columns_of_a_node_by_hand(ran, gpu_spec, declared):
    done = ran(
        plan={"A": ["contract"]}, actions={"a": declared()},
        nodes={"A": {"gpu": {**gpu_spec, "idle_power": "12 W"}}, "C": {"kind": "edge", "gpu": gpu_spec}},
    )  # fmt: skip
    rows = done.rows("nodes", node="A")
    peak_w = done.simulation.nodes["A"].gpu.device.peak_power_w
    assert [row["gpu_busy_s"] for row in rows] == pytest.approx([0.01] * 3)
    assert [row["gpu_load_s"] for row in rows] == pytest.approx([0.1, 0.0, 0.0])
    assert [row["contracted"] for row in rows] == [row["gpu_jobs"] for row in rows] == [1, 1, 1]
    assert rows[0]["energy_joule"] == pytest.approx(12 + (peak_w - 12) * 0.11)
    assert rows[1]["energy_joule"] == pytest.approx(12 + (peak_w - 12) * 0.01)
    assert {row["energy_joule"] for row in done.rows("nodes", node="B")} == {0.0}  # no GPU, no energy


def test_every_link_node_and_the_users_have_accounts_that_balance_exactly(ran):
    done = ran(
        duration="5 s", links={"A -> B": {"loss": 0.2, "retransmissions": 1, "queue": "60 kbit"}},
        background={"b": {"from": "A", "to": "C", "rate": "300 kbit/s"}},
    )  # fmt: skip
    laws = check_laws(done.totals.balances)
    assert {name: law.accounts for name, law in laws.items()} == {
        "link-bits": 2, "node-bits": 3, "capacity": 2, "semantic-loss": 1, "delivery": 1, "segments": 1,
        "once": 0, "carried": 0, "messages": 0,
    }  # fmt: skip
    assert [law.residual for name, law in laws.items() if name != "capacity"] == [0.0] * 8


@pytest.mark.parametrize("law", ["link-bits", "node-bits", "delivery", "segments"])
def test_a_bit_too_many_breaks_a_law(ran, law):
    balances = ran().totals.balances
    first = next(balance for balance in balances if balance.law == law)
    assert first.left > 0
    spoilt = [replace(first, left=first.left + 1), *balances]
    assert not check_laws(spoilt)[law].holds

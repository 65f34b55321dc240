"""Records of cellular and broadcast networks, from books filled by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from netgen.access.histogram import Histogram
from netgen.access.sector_books import SectorBooks
from netgen.engine.radio_records import sector_balances, user_columns, write_distributions, write_sectors
from netgen.ledger import LedgerReader, LedgerWriter, check_laws

S = 10**9


@pytest.fixture
def network():
    """Two sectors, three users, two and a half seconds in intervals of one."""
    books = SectorBooks(2, 3, interval_ns=S, end_ns=5 * S // 2)
    books.user_s[:] = [[2, 1], [1.5, 1.5], [0.5, 1]]
    books.block_s[:] = [[10, 20], [10, 20], [5, 10]]
    books.used_block_s[:] = [[5, 0], [10, 15], [5, 1]]
    books.carried_bits[:] = [[1000.4, 0], [2000, 3000.6], [500, 0]]
    books.handed_over(1, np.array([2]), np.array([1]), np.array([True]))
    rows = np.array([0, 1])
    books.served(0, rows, rows * 0, np.array([4e6, 1e6]), np.full(2, 0.5))
    books.active_s[:] = [[1, 0], [0.25, 0.5], [0.5, 0]]
    books.sample(np.arange(2), np.array([10.1, -10.1]), 1)
    books.sample(np.array([0]), np.array([20.1]), 0)
    handover = SimpleNamespace(serving=np.array([1, -1, 0]))  # nobody serves user 1 yet
    parts = SimpleNamespace(sector_names=("a-1", "a-2"), handover=handover)
    return SimpleNamespace(books=books, interval_ns=S, parts=parts)


@pytest.fixture
def channel():
    counted = Histogram(-40.0, 80.0, 480)
    counted.add(np.array([30.1, 30.1, -1000.0]))
    return SimpleNamespace(
        snr_db=counted, samples=3, covered=2, user_samples=np.array([0, 0, 0, 0, 2, 1]),
        user_covered=np.array([0, 0, 0, 0, 1, 1]),
    )  # fmt: skip


@pytest.fixture
def written(tmp_path):
    def go(write):
        writer = LedgerWriter(tmp_path)
        write(writer)
        writer.close()
        return LedgerReader(tmp_path)

    return go


def test_a_row_for_every_sector_and_interval(network, written):
    reader = written(lambda writer: write_sectors(writer, "ran", network, until_ns=5 * S // 2))
    rows = reader.table("sectors").to_pylist()
    assert [(row["sector"], row["start_s"], row["length_s"]) for row in rows] == [
        ("a-1", 0.0, 1.0), ("a-1", 1.0, 1.0), ("a-1", 2.0, 0.5),
        ("a-2", 0.0, 1.0), ("a-2", 1.0, 1.0), ("a-2", 2.0, 0.5),
    ]  # fmt: skip
    assert [row["users"] for row in rows] == [2, 1.5, 1, 1, 1.5, 2]
    assert [row["active_users"] for row in rows] == [1, 0.25, 1, 0, 0.5, 0]
    assert [row["block_use"] for row in rows] == [0.5, 1.0, 1.0, 0.0, 0.75, 0.1]
    assert [row["carried_bits"] for row in rows] == [1000, 2000, 500, 0, 3001, 0]
    assert [(row["handovers"], row["ping_pongs"]) for row in rows] == [(0, 0)] * 4 + [(1, 1), (0, 0)]
    assert {row["node"] for row in rows} == {"ran"}


def test_a_run_that_fails_has_the_rows_of_the_intervals_that_ended(network, written):
    reader = written(lambda writer: write_sectors(writer, "ran", network, until_ns=S))
    assert [row["start_s"] for row in reader.table("sectors").to_pylist()] == [0.0, 0.0]


def test_distributions_hold_the_bins_with_samples(network, channel, written):
    reader = written(lambda writer: write_distributions(writer, {"ran": network}, {"mast:rich": channel}))
    rows = reader.table("distributions").to_pylist()
    found = {(row["node"], row["quantity"]): [] for row in rows}
    for row in rows:
        found[row["node"], row["quantity"]].append((row["low"], row["high"], row["count"], row["usable"]))
    assert found["ran", "sinr_db"] == [
        (-10.25, -10.0, 1, pytest.approx(2 / 3)), (10.0, 10.25, 1, pytest.approx(2 / 3)),
        (20.0, 20.25, 1, pytest.approx(2 / 3)),
    ]  # fmt: skip
    assert [count for _, _, count, _ in found["ran", "rate_bps"]] == [1, 1]
    (slow, fast) = found["ran", "rate_bps"]
    assert slow[0] <= 2e6 <= slow[1] <= fast[0] <= 8e6 <= fast[1]
    assert found["mast:rich", "sinr_db"] == [
        (-40.0, -39.75, 1, pytest.approx(2 / 3)), (30.0, 30.25, 2, pytest.approx(2 / 3)),
    ]  # fmt: skip


def test_what_radios_know_of_a_user(network, channel):
    """Rows 1 and 3 are users 0 and 2 of the network, row 2 is user 1; rows 4 and 5 hear the channel."""
    columns = user_columns(
        6, {"ran": network}, {"ran": np.array([-1, 0, 1, 2, -1, -1])}, {"mast:rich": channel}
    )
    assert columns["sinr_db_mean"].tolist() == [
        None,
        pytest.approx(15.1),
        pytest.approx(-10.1),
        None,
        None,
        None,
    ]
    assert columns["rate_bps_mean"].tolist() == [None, 8e6, 2e6, None, None, None]
    assert columns["handovers"].tolist() == [None, 0, 0, 1, None, None]
    assert columns["sector"].tolist() == [None, "a-2", None, "a-1", None, None]
    assert columns["coverage"].tolist() == [None, None, None, None, 0.5, 1.0]


def test_a_sector_that_uses_more_than_it_has_breaks_a_law(network):
    balances = sector_balances("ran", network)
    assert [balance.where for balance in balances] == ["ran:a-1", "ran:a-2"]
    assert check_laws(balances)["capacity"].holds
    network.books.used_block_s[2, 1] = 10.1
    law = check_laws(sector_balances("ran", network))["capacity"]
    assert not law.holds
    assert law.worst == "ran:a-2"

"""Sums, quotients and selections."""

import pyarrow as pa
import pytest

from netgen.metrics.tallies import among, ratio, total


def test_the_total_of_nothing_is_nothing():
    assert total(pa.chunked_array([[1, 2, None]])) == 3
    assert total(pa.chunked_array([[True, False, True]])) == 2
    assert total(pa.chunked_array([[]], type=pa.int64())) == 0
    assert total(pa.chunked_array([[None]], type=pa.float64())) == 0


def test_a_ratio_to_nothing_is_not_known():
    assert ratio(3, 4) == pytest.approx(0.75)
    assert ratio(3, 0) is None


def test_rows_are_selected_by_name():
    table = pa.table({"service": ["a", "b", "a", "c"], "k": [1, 2, 3, 4]})
    assert among(table, "service", ("a", "c", "a"))["k"].to_pylist() == [1, 3, 4]
    assert among(table, "service", {"c": None})["k"].to_pylist() == [4]
    assert len(among(table, "service", ())) == 0

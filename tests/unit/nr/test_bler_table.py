"""The command that writes the table of error rates, without Sionna."""

import sys

import pytest

from netgen.errors import MissingDependencyError
from netgen.nr.bler_table import sionna_curves, table_rows, written
from netgen.nr.tables import mcs_table, rows


def curves():
    """A curve of its own for every scheme from MCS 3 (table 1) and MCS 2 (table 2) on, as Sionna has."""
    return {
        (number, mcs): (-5.0, 1.5, {24: [1.0, 0.25], 2000: [1.0, 1.0 / 3.0]})
        for number in (1, 2)
        for mcs in range(4 - number, len(mcs_table(number)))
    }


def test_schemes_without_a_curve_get_the_shifted_base_curve():
    table = list(table_rows(curves()))
    assert len(table) == (29 + 28) * 2
    assert table[0] == (1, 0, 24, pytest.approx(-5.0 - 6.47 + 3.09), 1.5, "extended", "1 0.25")
    assert table[1][-1] == "1 0.333333"
    assert table[6] == (1, 3, 24, -5.0, 1.5, "sionna", "1 0.25")
    assert [row[1] for row in table if row[0] == 2 and row[5] == "extended"] == [0, 0, 1, 1]


def test_a_missing_curve_above_the_lowest_rates_is_an_error():
    known = curves()
    del known[2, 9]
    with pytest.raises(ValueError, match=r"table 2 MCS 9 \(rate 616"):
        list(table_rows(known))


def test_the_text_names_its_source_and_one_line_per_row():
    lines = written(list(table_rows(curves())), sionna_version="9.9").splitlines()
    assert "Sionna 9.9" in " ".join(line for line in lines if line.startswith("#"))
    body = [line for line in lines if not line.startswith("#")]
    assert body[0].split(",") == list(rows("bler_table.csv")[0])
    assert body[1] == "1,0,24,-8.38,1.5,extended,1 0.25"
    assert len(body) == 1 + 114


def test_without_sionna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sionna", None)
    monkeypatch.setitem(sys.modules, "sionna.sys", None)
    with pytest.raises(MissingDependencyError, match=r"netgen\[sionna\]"):
        sionna_curves()

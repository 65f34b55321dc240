"""Capacity from CSV: what is read, and what is said when it cannot be."""

import pytest

from netgen.errors import InputError
from netgen.topology.capacity_trace import capacity_from_trace


def read(tmp_path, text, period_s=None):
    path = tmp_path / "capacity.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return capacity_from_trace(path, period_s=period_s)


def test_steps_are_read(tmp_path):
    capacity = read(tmp_path, "time_s,rate_bps\n0,2e6\n1.5,0\n\n3,4000000\n")
    assert [capacity.rate_at(time_s) for time_s in (0, 1.49, 1.5, 2.99, 3, 100)] == [2e6, 2e6, 0, 0, 4e6, 4e6]
    assert read(tmp_path, " time_s , rate_bps \n0,1\n").rate_at(5) == 1


def test_a_period_repeats(tmp_path):
    capacity = read(tmp_path, "time_s,rate_bps\n0,2\n1,6\n", period_s=2.0)
    assert [capacity.rate_at(time_s) for time_s in (0.5, 1.5, 2.5, 3.5)] == [2, 6, 2, 6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: found 'an empty file'; accepted: a header time_s,rate_bps"),
        ("time,rate\n0,1\n", ":1: found 'time,rate'; accepted: a header time_s,rate_bps"),
        ("time_s,rate_bps\n", ": need as many rates as instants, at least one"),
        ("time_s,rate_bps\n0,1,2\n", ":2: found 3 columns; accepted: 2"),
        ("time_s,rate_bps\n0,1\n1,fast\n", ":3: rate_bps = 'fast'; accepted: a number >= 0"),
        ("time_s,rate_bps\n0,-1\n", ":2: rate_bps = '-1'; accepted: a number >= 0"),
        ("time_s,rate_bps\n0,nan\n", ":2: rate_bps = 'nan'; accepted: a number >= 0"),
        ("time_s,rate_bps\n0,inf\n", ":2: rate_bps = 'inf'; accepted: a number >= 0"),
        ("time_s,rate_bps\n1,5\n", ": the first rate must begin at 0 s, not 1.0 s"),
        ("time_s,rate_bps\n0,5\n2,5\n2,6\n", ": instant 2 = 2.0 s is not after the one before it"),
        ("time_s,rate_bps\n0,0\n", ": a capacity of 0 bit/s at all times carries nothing"),
        (b"\xff\xfe\x00", ": cannot be read as a CSV file"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert f"{tmp_path / 'capacity.csv'}{message}" in str(error.value)


def test_a_period_must_exceed_the_last_instant(tmp_path):
    with pytest.raises(InputError, match=r"the period 2.0 s does not exceed the last instant 2.0 s"):
        read(tmp_path, "time_s,rate_bps\n0,5\n2,6\n", period_s=2.0)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read as a CSV file"):
        capacity_from_trace(tmp_path / "nowhere.csv", period_s=None)

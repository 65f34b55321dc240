import pytest

from netgen.transport.clock import NEVER_NS, NS_PER_S, to_ns, to_s


@pytest.mark.parametrize("time_ns", [0, 1, 999_999_999, 10**9 + 1, 52 * 86_400 * NS_PER_S - 1])
def test_a_whole_number_of_nanoseconds_survives_seconds(time_ns):
    assert to_ns(to_s(time_ns)) == time_ns


def test_seconds_are_rounded_to_the_nearest_nanosecond():
    assert to_ns(1.4e-9) == 1
    assert to_ns(1.6e-9) == 2


def test_never_is_later_than_any_run_and_leaves_room_to_add_a_delay():
    assert to_ns(1e8) < NEVER_NS
    assert NEVER_NS + to_ns(3600) < 2**63

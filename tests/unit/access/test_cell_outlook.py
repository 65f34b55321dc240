"""What the cellular core sees of sectors: ten blocks each, and one bit/s per block and unit of SINR."""

import numpy as np
import pytest

from netgen.access.crowd import Crowd
from netgen.mobility.contract import Static
from netgen.mobility.trace import Trace, TraceSamples

# Two users in the first sector, with 1000 and 500 bit/s of all its blocks, and one in the second, with 200.
LEVELS = [[100.0, 1.0], [50.0, 1.0], [1.0, 20.0]]
ALL = np.arange(3)


def asked(network, at_s, *questions):
    """Answers to some questions to the network at an instant, when its run is over."""
    found = []
    network.at(at_s, lambda: found.extend(question(network.network) for question in questions))
    network.run()
    return [answer.tolist() if isinstance(answer, np.ndarray) else answer for answer in found]


def test_parts_are_sectors_and_users_are_where_they_are_served(tiny):
    names, places, up = asked(
        tiny(LEVELS),
        0.5,
        lambda cell: cell.places(),
        lambda cell: cell.place_of(ALL),
        lambda cell: cell.on_air(),
    )
    assert names == ("net:sector-0", "net:sector-1")
    assert places == [0, 0, 1]
    assert up == [True, True]


def test_nobody_is_anywhere_before_the_first_epoch(tiny):
    cell = tiny(LEVELS).network
    assert cell.place_of(ALL).tolist() == [-1, -1, -1]
    assert cell.unicast_share(ALL, 1.0).tolist() == [np.inf] * 3
    assert cell.multicast_share(ALL, 1.0).tolist() == [0, 0]
    assert cell.rate_bps(ALL).tolist() == [0, 0, 0]
    assert cell.load().tolist() == cell.backlog_s().tolist() == [0, 0]


def test_who_is_absent_is_in_no_sector(tiny):
    samples = TraceSamples(("u",), np.zeros(2, dtype=int), np.array([3.0, 4.0]), np.zeros(2), np.zeros(2))
    crowd = Crowd([Static([0.0], [0.0]), Trace(samples)])
    network = tiny(lambda x_m: np.full((len(x_m), 1), 100.0), crowd=crowd)
    places, shares, heard = asked(
        network, 1.5, lambda cell: cell.place_of(ALL[:2]), lambda cell: cell.unicast_share(ALL[:2], 100.0),
        lambda cell: cell.multicast_share(ALL[:2], 100.0),
    )  # fmt: skip
    assert places == [0, -1]
    assert shares == pytest.approx([0.1, np.inf])
    assert heard == pytest.approx([0.1])


def test_load_is_the_blocks_in_use_since_it_was_asked_last(tiny):
    """500 bit at 1000 bit/s from 1.0 to 1.5 s: of 3 s a sixth; then nothing. The other sector half of the time."""
    network = tiny(LEVELS)
    network.download("a", [0], 500)
    network.download("b", [2], 400, at_s=3.5)
    loads = []
    for at_s in (3.0, 4.0, 5.0, 8.0):
        network.at(at_s, lambda: loads.append(network.network.load().tolist()))
    network.run()
    wanted = [[1 / 6, 0], [0, 0], [0, 1], [0, 1 / 3]]
    assert loads == [pytest.approx(load) for load in wanted]


def test_load_is_of_the_time_on_air(tiny):
    """Busy from 1 to 2 and from 4 to 5 s, on air 3 of 5 s; in an outage there is none."""
    network = tiny(LEVELS, outages={0: [(2.0, 4.0), (5.0, 7.0)]}, handover={"time_to_trigger_s": 60.0})
    network.download("a", [0], 2000)
    loads = []
    for at_s in (5.0, 7.0):
        network.at(at_s, lambda: loads.append(network.network.load().tolist()))
    network.run()
    assert loads == [pytest.approx([2 / 3, 0]), [0, 0]]


def test_backlog_is_the_time_for_which_all_blocks_are_busy(tiny):
    """1000 bit at 100 and 500 at 50 bit/s of a block are 20 block seconds; 400 at 20 as well: 2 s of ten blocks."""
    network = tiny(LEVELS)
    network.download("a", [0, 1, 2], [1000, 500, 400], at_s=0.2)
    assert asked(network, 0.5, lambda cell: cell.backlog_s()) == [pytest.approx([2, 2])]


def test_a_backlog_of_multicasts_counts_once_at_the_weakest_rate(tiny):
    """500 bit for two at 50 bit/s of a block, 300 for the better one alone at 100: 13 block seconds; 5 in the other.

    The second segment of user 2 waits behind the first.
    """
    network = tiny(LEVELS)
    network.download("live", [0, 1, 2], 500, multicast=True)
    network.download("more", [0], 300, multicast=True)
    network.download("last", [2], 100, multicast=True)
    found = asked(network, 0.5, lambda cell: cell.backlog_s(), lambda cell: cell.backlog_bits())
    assert found == [pytest.approx([1.3, 3.0]), 3 * 500 + 300 + 100]


def test_what_waits_out_of_coverage_takes_no_time(tiny):
    network = tiny([[100.0], [1e-12]])
    network.download("a", [0, 1], 500)
    network.download("live", [0, 1], 500, multicast=True)
    assert asked(network, 0.5, lambda cell: cell.backlog_s()) == [pytest.approx([1.0])]


def test_shares_are_of_the_blocks_of_the_sector(tiny):
    each, own = asked(
        tiny(LEVELS), 0.5, lambda cell: cell.unicast_share(ALL, 100.0),
        lambda cell: cell.unicast_share(ALL, np.array([2000.0, 50.0, 0.0])),
    )  # fmt: skip
    assert each == pytest.approx([0.1, 0.2, 0.5])
    assert own == pytest.approx([2.0, 0.1, 0.0])


def test_a_multicast_takes_what_the_weakest_of_each_sector_needs(tiny):
    two, all_of_them, nobody = asked(
        tiny(LEVELS), 0.5, *(lambda cell, some=some: cell.multicast_share(some, 100.0)
                             for some in (ALL[:2], ALL, ALL[:0]))
    )  # fmt: skip
    assert two == pytest.approx([0.2, 0])
    assert all_of_them == pytest.approx([0.2, 0.5])
    assert nobody == [0, 0]


def test_who_is_out_of_coverage_cannot_be_served_at_any_share(tiny):
    share, heard, rate = asked(
        tiny([[100.0], [1e-12]]), 0.5, lambda cell: cell.unicast_share(ALL[:2], 1.0),
        lambda cell: cell.multicast_share(ALL[:2], 1.0), lambda cell: cell.rate_bps(ALL[:2]),
    )  # fmt: skip
    assert share == pytest.approx([0.001, np.inf])
    assert heard == [np.inf]
    assert rate == pytest.approx([1000, 0])


def test_interference_of_now_is_in_every_answer(tiny):
    """The second sector is busy from 1 s on, and leaves 100 over 1 + 9 of the first one's user."""
    network = tiny([[100.0, 9.0], [9.0, 100.0]], activity=None)
    network.download("b", [1], 5000)
    shares = []
    for at_s in (0.5, 1.5):
        network.at(at_s, lambda: shares.extend(network.network.unicast_share(ALL[:1], 100.0).tolist()))
    network.run()
    assert shares == pytest.approx([0.1, 1.0])


def test_a_rate_is_what_the_load_leaves_or_an_equal_share(tiny):
    """From 1 s on user 0 has all blocks: half of them for user 1, and still all for user 0; the other sector is free.

    At 0.5 s nothing is in use yet.
    """
    network = tiny(LEVELS)
    network.download("a", [0], 5000)
    rates = []
    for at_s in (0.5, 1.5):
        network.at(at_s, lambda: rates.append(network.network.rate_bps(ALL).tolist()))
    network.run()
    assert rates == [pytest.approx([1000, 500, 200]), pytest.approx([1000, 250, 200])]


def test_a_multicast_is_one_stream_more_beside_whom_rates_are_equal(tiny):
    """User 0 and a multicast to both, for 5 s and more: a third for user 1, half for user 0."""
    network = tiny(LEVELS)
    network.download("own", [0], 9000)
    network.download("live", [0, 1], 9000, multicast=True)
    (rates,) = asked(network, 1.5, lambda cell: cell.rate_bps(ALL))
    assert rates == pytest.approx([500, 500 / 3, 200])


def test_a_half_used_sector_leaves_the_other_half(tiny):
    """500 bit need half of the blocks of the epoch from 1 s on."""
    network = tiny(LEVELS)
    network.download("a", [0], 500)
    (rates,) = asked(network, 1.2, lambda cell: cell.rate_bps(ALL))
    assert rates == pytest.approx([1000, 250, 200])


def test_nothing_is_to_be_had_of_a_silent_sector(tiny):
    network = tiny(LEVELS, outages={0: [(1.0, 3.0)]}, handover={"time_to_trigger_s": 60.0})
    up, places, share, heard, rate = asked(
        network, 1.5, lambda cell: cell.on_air(), lambda cell: cell.place_of(ALL),
        lambda cell: cell.unicast_share(ALL, 100.0), lambda cell: cell.multicast_share(ALL, 100.0),
        lambda cell: cell.rate_bps(ALL),
    )  # fmt: skip
    assert up == [False, True]
    assert places == [0, 0, 1]
    assert share == pytest.approx([np.inf, np.inf, 0.5])
    assert heard == pytest.approx([np.inf, 0.5])
    assert rate == pytest.approx([0, 0, 200])

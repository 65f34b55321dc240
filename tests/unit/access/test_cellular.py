"""Cellular networks of one or two sectors against hand calculation."""

import numpy as np
import pytest

from netgen.access.crowd import Crowd
from netgen.mobility.contract import Static
from netgen.mobility.trace import Trace, TraceSamples

S = 10**9


def jumping(*stays):
    """A user at x = 0 who is elsewhere from some instants on: (time_s, x_m) each, reached a nanosecond before."""
    time_s, x_m = [0.0], [0.0]
    for at_s, place in stays:
        time_s += [at_s - 1e-9, at_s]
        x_m += [x_m[-1], place]
    time_s, x_m = [*time_s, 1e6], [*x_m, x_m[-1]]
    count = len(time_s)
    return Trace(
        TraceSamples(("u",), np.zeros(count, dtype=int), np.array(time_s), np.array(x_m), np.zeros(count))
    )


# Instants ---------------------------------------------------------------------------------------------------------


def test_round_robin_halves_the_blocks_and_then_leaves_them_to_the_other(tiny):
    """10 blocks of 100 and 50 bit/s: 500 and 250 bit/s from 1 s on; user 1 has 500 bit/s from 3 s on."""
    network = tiny([[100.0], [50.0]])
    network.download("a", [0, 1], 1000)
    assert network.run() == {"a": pytest.approx([3.0, 4.0])}
    assert network.network.books.used_block_s[:, 0].tolist() == pytest.approx([0, 10, 10, 10] + [0] * 16)


def test_instants_inside_an_epoch_are_those_of_constant_rates(tiny):
    """1000 bit/s from 2 s on: 0.8 s for the first, 0.4 s for the second, 0.8 s of the third until the epoch ends.

    The 400 bit that are left of it need 0.4 s of the next epoch, at all ten blocks though it has two seconds.
    """
    network = tiny([[100.0]], epoch_s=2.0)
    network.download("a", [0], 800)
    network.download("b", [0], 400)
    network.download("c", [0], 1200)
    assert network.run() == {
        "a": pytest.approx([2.8]), "b": pytest.approx([3.2]), "c": pytest.approx([4.4]),
    }  # fmt: skip


def test_what_comes_inside_an_epoch_waits_for_the_next_one(tiny):
    """The rest of the epoch is not for it, though the sector is idle; nor do others' rates change."""
    network = tiny([[100.0], [100.0]])
    network.download("a", [0], 1500, at_s=0.5)
    network.download("b", [1], 500, at_s=1.2)
    assert network.run() == {"a": pytest.approx([3.0]), "b": pytest.approx([3.0])}
    assert network.carried[:4].tolist() == pytest.approx([0, 1000, 1000, 0])


def test_what_comes_exactly_at_an_epoch_waits_a_whole_one_or_none(tiny):
    """By the order of events at one instant; either way the books balance, and it is never served before."""
    network = tiny([[100.0]])
    network.download("a", [0], 1000, at_s=1.0)
    (done_s,) = network.run()["a"]
    assert done_s in (pytest.approx(2.0), pytest.approx(3.0))


def test_queues_of_a_user_are_in_order_whatever_the_service(tiny):
    network = tiny([[100.0]])
    network.download("a", [0], 1500, service=2)
    network.download("b", [0], 500, service=1)
    assert network.run() == {"a": pytest.approx([2.5]), "b": pytest.approx([3.0])}


def test_looking_changes_nothing(tiny):
    def run(looks):
        network = tiny([[100.0], [35.0]], epoch_s=0.5)
        network.download("a", [0, 1], 900)
        network.download("b", [1], 800, at_s=0.7, share=0.5)
        seen = []
        for look in looks:
            network.at(look, lambda: seen.append(network.network.backlog_bits()))
        return network.run(), network.carried, seen

    plain, carried, _ = run([])
    watched, watched_carried, seen = run(np.arange(0.05, 19.0, 0.17))
    assert watched == {name: pytest.approx(instants) for name, instants in plain.items()}
    assert watched_carried == pytest.approx(carried)
    assert max(seen) > 0
    assert seen[-1] == 0


@pytest.mark.parametrize("before_ns", [1, 10, 100, 1000, 10_000])
def test_looking_just_before_an_epoch_ends_is_safe(tiny, before_ns):
    """1000 bit at 1000 bit/s fill the epoch; complete but for rounding, the rate still holds for a moment.

    What is left at the look, 1e-6 to 1e-2 bit, is below or above the rounding that queues forgive.
    """
    network = tiny([[100.0]])
    network.download("a", [0], 1000)
    network.at(2.0 - before_ns * 1e-9, network.network.close)
    network.download("b", [0], 1000, at_s=5.5)
    assert network.run() == {"a": pytest.approx([2.0], abs=2e-5), "b": pytest.approx([7.0], abs=2e-5)}


@pytest.mark.parametrize("after_ns", [-1000, -1, 0, 1, 1000, 10**8])
def test_looking_when_a_sector_falls_idle_is_safe(tiny, after_ns):
    """40 bit at 1000 bit/s take 40 ms of the epoch, whoever looks then; a thousandth of a bit, 1 us, is forgiven."""
    network = tiny([[100.0]])
    network.download("a", [0], 40)
    network.at(1.04 + after_ns * 1e-9, network.network.close)
    network.download("b", [0], 40, at_s=5.5)
    assert network.run() == {"a": pytest.approx([1.04], abs=2e-6), "b": pytest.approx([6.04], abs=2e-6)}


# Epochs, intervals and the end ------------------------------------------------------------------------------------


def test_epochs_and_intervals_need_not_coincide(tiny):
    """Epochs of 0.7 s, intervals of 1 s; 5000 bit at 1000 bit/s from 0.7 s on are there after 5 s, at 5.7 s.

    0.3 s of the first interval, all of the next four and 0.7 s of the sixth; the last 100 bit are 0.1 s of an
    epoch from 5.6 s to 6.3 s.
    """
    network = tiny([[100.0]], epoch_s=0.7, end_s=7.5)
    network.download("a", [0], 5000)
    assert network.run() == {"a": pytest.approx([5.7])}
    assert network.carried.tolist() == pytest.approx([300, 1000, 1000, 1000, 1000, 700, 0, 0])
    books = network.network.books
    assert books.active_s[:, 0].tolist() == pytest.approx([0.3, 1, 1, 1, 1, 0.7, 0, 0])
    assert books.user_s[:, 0].tolist() == pytest.approx([1] * 7 + [0.5])
    assert books.used_block_s[:, 0].sum() == pytest.approx(50)


def test_blocks_are_in_use_when_bits_are_carried(tiny):
    """As above: the last 100 bit take ten blocks for 0.1 s of the sixth interval, and none of the seventh."""
    network = tiny([[100.0]], epoch_s=0.7, end_s=7.5)
    network.download("a", [0], 5000)
    network.run()
    used = network.network.books.used_block_s[:, 0]
    assert used.tolist() == pytest.approx([3, 10, 10, 10, 10, 7, 0, 0])


def test_the_sinr_is_sampled_every_interval_whatever_the_epoch(tiny):
    network = tiny([[100.0], [10.0]], epoch_s=0.7, end_s=7.0)
    network.run()
    assert network.network.books.samples >= 2 * 7


def test_the_end_leaves_open_what_is_not_there(tiny):
    network = tiny([[100.0], [10.0]], end_s=3.5)
    network.download("a", [0, 1], 1000)
    (fast, slow) = network.run()["a"]
    assert fast == pytest.approx(3.0)
    assert np.isnan(slow)
    assert network.given_up == set()
    # 50 bit/s for two seconds, then all ten blocks until the end.
    assert network.network.backlog_bits() == round(1000 - 50 * 2 - 100 * 0.5)


@pytest.mark.parametrize("scheduler", ["round-robin", "max-min", "proportional-fair"])
def test_a_run_may_end_inside_an_epoch(tiny, scheduler):
    network = tiny([[100.0], [10.0]], end_s=3.5, scheduler=scheduler)
    network.download("a", [0, 1], 5000)
    network.run()
    assert network.network.books.used_block_s[:, 0].tolist() == pytest.approx([0, 10, 10, 5])


def test_semantic_bits_count_when_the_segment_is_there(tiny):
    network = tiny([[100.0], [50.0]])
    network.download("a", [0, 1], 1000, semantic=12.0)
    network.run()
    assert network.network.semantic_bits[:5].tolist() == [0, 0, 0, 12.0, 0]


def test_generative_bits_are_those_of_the_segments_that_were_sent(tiny):
    """1000 bit/s: 600 bit of which a quarter, then 400 of which all; then 1000 plain ones."""
    network = tiny([[100.0]])
    network.download("a", [0], 600, share=0.25)
    network.download("b", [0], 400, share=1.0)
    network.download("c", [0], 1000)
    network.run()
    assert network.network.generative_bits[:4].tolist() == pytest.approx([0, 550, 0, 0])
    assert network.network.discriminative_bits[:4].tolist() == pytest.approx([0, 450, 1000, 0])


# Multicast --------------------------------------------------------------------------------------------------------


def test_a_multicast_is_on_the_air_once_and_reaches_all_at_the_weakest_rate(tiny):
    """Members with 100, 20 and 50 bit/s per block: ten blocks carry 200 bit/s for all."""
    network = tiny([[100.0], [20.0], [50.0]], multicast=[1])
    network.download("live", [0, 1, 2], 400, service=1, share=0.5)
    assert network.run() == {"live": pytest.approx([3.0, 3.0, 3.0])}
    assert network.network.received_bits == network.network.offered_bits == 1200
    assert network.carried[:4].tolist() == pytest.approx([0, 200, 200, 0])
    assert network.network.generative_bits.sum() == pytest.approx(200)
    assert network.network.books.carried_bits[:, 0].sum() == pytest.approx(400)


def test_a_multicast_competes_like_one_user(tiny):
    """Five blocks for the group of two at 20 bit/s, five for the third user at 100 bit/s."""
    network = tiny([[40.0], [20.0], [100.0]], multicast=[1])
    network.download("live", [0, 1], 100, service=1)
    network.download("own", [2], 500)
    assert network.run() == {"live": pytest.approx([2.0, 2.0]), "own": pytest.approx([2.0])}
    assert network.carried[1] == pytest.approx(600)


def test_every_sector_sends_a_multicast_of_its_own(tiny):
    """All blocks of each: 1000 bit/s in the first for half a second, 500 bit/s in the second for a second."""
    network = tiny([[100.0, 1.0], [1.0, 50.0]], multicast=[1])
    network.download("live", [0, 1], 500, service=1)
    assert network.run() == {"live": pytest.approx([1.5, 2.0])}
    assert network.network.books.used_block_s[1].tolist() == pytest.approx([5, 10])
    assert network.network.books.carried_bits.sum(axis=0).tolist() == pytest.approx([500, 500])


def test_who_hears_a_multicast_beside_a_stream_of_its_own_waits_once(tiny):
    """Two users, both with both: two users are active for a second, and each gets 200 + 400 bit in it."""
    network = tiny([[100.0], [100.0]], multicast=[1])
    network.download("live", [0, 1], 200, service=1)
    network.download("own", [0, 1], 400)
    network.run()
    books = network.network.books
    assert books.active_s[1, 0] == pytest.approx(2.0)
    assert (books.served_bits / books.served_s).tolist() == pytest.approx([600, 600])


def test_a_multicast_is_carried_when_it_is_heard(tiny):
    """Epochs of two seconds, intervals of one: 200 bit at 1000 bit/s are on the air from 2.0 to 2.2 s."""
    network = tiny([[100.0]], epoch_s=2.0, multicast=[1])
    network.download("live", [0], 200, service=1, share=1.0)
    assert network.run() == {"live": pytest.approx([2.2])}
    assert network.carried[:4].tolist() == pytest.approx([0, 0, 200, 0])
    assert network.network.generative_bits[:4].tolist() == pytest.approx([0, 0, 200, 0])


def test_large_groups_do_not_decide_what_kind_small_ones_get(tiny):
    """100 bit that steer a model for one user, and 100 plain ones for three: half of what is on the air."""
    network = tiny([[100.0]] * 4, multicast=[1, 2])
    network.download("sketch", [0], 100, service=1, share=1.0)
    network.download("film", [1, 2, 3], 100, service=2)
    network.run()
    assert network.carried.sum() == pytest.approx(200)
    assert network.network.generative_bits.sum() == pytest.approx(100)


def test_different_segments_of_a_multicast_are_both_on_the_air(tiny):
    """One service, and a segment for each of two users: 200 bit go out, in 0.2 s, or 100 would be for nobody."""
    network = tiny([[100.0], [100.0]], multicast=[1])
    network.download("first", [0], 100, service=1)
    network.download("second", [1], 100, service=1)
    network.run()
    assert network.carried.sum() == pytest.approx(200)


def test_kinds_of_bits_are_those_of_each_group_whatever_its_rate(tiny):
    """Five blocks each: 250 bit at 50 bit/s of a block, half of which steer a model, and 500 plain ones at 100."""
    network = tiny([[50.0], [100.0], [100.0]], multicast=[1, 2])
    network.download("sketch", [0], 250, service=1, share=0.5)
    network.download("film", [1, 2], 500, service=2)
    network.run()
    assert network.carried[:3].tolist() == pytest.approx([0, 750, 0])
    assert network.network.generative_bits[:3].tolist() == pytest.approx([0, 125, 0])


def test_a_download_may_ask_to_go_out_once_whatever_its_service_does(tiny):
    """At the 50 bit/s of the weaker, ten blocks carry 500 bit in a second, heard by two."""
    network = tiny([[100.0], [50.0]])
    network.download("once", [0, 1], 500, multicast=True)
    assert network.run() == {"once": pytest.approx([2.0, 2.0])}
    assert network.carried.sum() == pytest.approx(500)
    assert network.network.offered_bits == network.network.received_bits == 1000


def test_a_download_may_ask_for_a_copy_each_whatever_its_service_does(tiny):
    """500 bit each at 100 and 50 bit/s of a block are 15 block seconds: 1.5 s of ten blocks."""
    network = tiny([[100.0], [50.0]], multicast=[1])
    network.download("each", [0, 1], 500, service=1, multicast=False)
    got = network.run()
    assert max(got["each"]) == pytest.approx(2.5)
    assert network.carried.sum() == pytest.approx(1000)


def test_what_goes_out_once_is_of_one_size(tiny):
    network = tiny([[100.0], [50.0]], multicast=[1])
    network.download("repair", [0, 1], [500, 400], service=1)
    with pytest.raises(ValueError, match="400 to 500 bits per user; what goes out once"):
        network.run()


def test_users_may_miss_different_numbers_of_bits(tiny):
    """300 and 600 bit at 100 bit/s of a block are 9 block seconds; all ten blocks for 0.9 s, 3 and 6 parts each."""
    network = tiny([[100.0], [100.0]])
    network.download("repair", [0, 1], [300, 600])
    assert network.run() == {"repair": pytest.approx([1.9, 1.9])}
    assert network.network.offered_bits == 900


# Guarantees -------------------------------------------------------------------------------------------------------


def test_a_guarantee_comes_before_the_others_share_the_rest(tiny):
    """300 bit/s at 50 bit/s per block are 6 blocks; the other four are halved: 400 bit/s and 200 bit/s."""
    network = tiny([[50.0], [100.0]], promises={1: (300.0, 0)})
    network.download("film", [0], 800, service=1)
    network.download("own", [1], 400)
    assert network.run() == {"film": pytest.approx([3.0]), "own": pytest.approx([3.0])}


def test_the_first_priority_is_served_first(tiny):
    """Both need all ten blocks: priority 0 has them, then the other."""
    network = tiny([[10.0], [10.0]], promises={1: (100.0, 1), 2: (100.0, 0)})
    network.download("second", [0], 200, service=1)
    network.download("first", [1], 200, service=2)
    assert network.run() == {"second": pytest.approx([5.0]), "first": pytest.approx([3.0])}


# Interference -----------------------------------------------------------------------------------------------------


def test_interference_is_that_of_the_same_epoch(tiny):
    """User 0 has 100 over 1 while sector 1 is idle, 100 over 1 + 9 from the epoch on in which sector 1 is busy."""
    network = tiny([[100.0, 9.0], [9.0, 100.0]], activity=None)
    network.download("a", [0], 5000)
    network.download("b", [1], 3000, at_s=1.5)
    network.run()
    # Sector 0: 1000 bit from 1 s on, 100 from 2 s on, when sector 1 begins, which meets a busy sector 0.
    in_sector = network.network.books.carried_bits
    assert in_sector[1:5, 0].tolist() == pytest.approx([1000, 100, 100, 100])
    assert in_sector[1:5, 1].tolist() == pytest.approx([0, 100, 100, 100])


def test_a_half_used_sector_interferes_half_as_much(tiny):
    """Sector 1 needs 5 of its 10 blocks for 500 bit/s: user 0 has 100 over 1 + 0.5 x 18."""
    network = tiny([[100.0, 18.0], [1e-3, 100.0]], activity=None, end_s=6)
    for second in range(6):
        network.download(f"b{second}", [1], 500, at_s=second + 0.5)
    network.download("a", [0], 500, at_s=2.5)
    network.run()
    used = network.network.books.used_block_s
    assert used[1:3, 1].tolist() == pytest.approx([5, 5], rel=1e-3)
    assert network.network.books.carried_bits[3, 0] == pytest.approx(100, rel=1e-3)


def test_a_given_activity_holds_whatever_the_load(tiny):
    network = tiny([[100.0, 18.0], [18.0, 100.0]], activity=0.5)
    network.download("a", [0], 100)
    assert network.run() == {"a": pytest.approx([2.0])}
    assert network.network.books.used_block_s[1, 0] == pytest.approx(10)


# Movement ---------------------------------------------------------------------------------------------------------


def two_sides(x_m):
    """Left of 50 m the first sector is 10 dB better, right of it the second."""
    left = np.asarray(x_m)[:, None] < 50
    return np.where(left, [[100.0, 10.0]], [[10.0, 100.0]])


def test_a_handover_costs_its_interruption(tiny):
    """At 3 s the user is under sector 2, without data for a quarter of the epoch: 750 bit of 1000."""
    crowd = Crowd([jumping((3.0, 100.0))])
    network = tiny(two_sides, crowd=crowd, handover={"interruption_s": 0.25})
    network.download("a", [0], 3750)
    assert network.run() == {"a": pytest.approx([5.0])}
    books = network.network.books
    assert books.carried_bits[1:5, 0].tolist() == pytest.approx([1000, 1000, 0, 0])
    assert books.carried_bits[1:5, 1].tolist() == pytest.approx([0, 0, 750, 1000])
    assert books.handovers.sum(axis=0).tolist() == [0, 1]
    assert books.handovers[3, 1] == 1
    assert books.ping_pongs.sum() == 0


def test_an_interruption_may_last_longer_than_an_epoch(tiny):
    """Epochs of 0.5 s, 0.75 s without data from 3 s on: nothing, then half an epoch."""
    network = tiny(
        two_sides,
        crowd=Crowd([jumping((3.0, 100.0))]),
        handover={"interruption_s": 0.75},
        epoch_s=0.5,
        interval_s=0.5,
    )
    network.download("a", [0], 20_000)
    network.run()
    assert network.carried[5:9].tolist() == pytest.approx([500, 0, 250, 500])


def test_back_within_a_second_is_a_ping_pong(tiny):
    network = tiny(two_sides, crowd=Crowd([jumping((2.0, 100.0), (3.0, 0.0), (9.0, 100.0))]))
    network.run()
    books = network.network.books
    assert books.handovers.sum(axis=1)[[2, 3, 9]].tolist() == [1, 1, 1]
    assert books.ping_pongs.sum(axis=1).tolist() == [0, 0, 0, 1] + [0] * 16


def test_an_interrupted_member_does_not_slow_a_multicast_for_the_others(tiny):
    """The one who hands over misses a quarter of the epoch; the others' 1000 bit/s are theirs."""
    crowd = Crowd([jumping((3.0, 100.0)), Static([100.0, 100.0], [0.0, 0.0])])
    network = tiny(two_sides, crowd=crowd, handover={"interruption_s": 0.25}, multicast=[1])
    network.download("live", [0, 1, 2], 8000, service=1)
    network.run()
    assert network.network.books.carried_bits[1:5, 1].tolist() == pytest.approx([1000, 1000, 1000, 1000])


def leaving(begin_s, end_s):
    """A user who stands at x = 0 and is there from one instant to another only."""
    return Trace(
        TraceSamples(("u",), np.zeros(2, dtype=int), np.array([begin_s, end_s]), np.zeros(2), np.zeros(2))
    )


def test_who_is_absent_is_not_served_and_what_waits_is_kept(tiny):
    """There from 3 to 4 s: 1000 bit, an epoch's worth at each of the two instants, and then nothing."""
    crowd = Crowd([Static([0.0], [0.0]), leaving(3.0, 4.0)])
    network = tiny(two_sides, crowd=crowd)
    network.download("a", [1], 5000)
    network.download("b", [0], 1000)
    (done_s,) = network.run()["b"]
    assert done_s == pytest.approx(2.0)
    assert network.carried[:7].tolist() == pytest.approx([0, 1000, 0, 1000, 1000, 0, 0])
    assert network.network.backlog_bits() == 3000


def test_who_is_absent_is_not_attached(tiny):
    network = tiny(two_sides, crowd=Crowd([Static([0.0], [0.0]), leaving(3.0, 4.0)]))
    network.run()
    assert network.network.books.user_s[:, 0].tolist() == pytest.approx([1, 1, 1, 2, 2] + [1] * 15)


def test_what_came_in_the_warm_up_is_not_in_the_distributions(tiny):
    """Ten blocks of 100 kbit/s until 5 s, of 5 kbit/s then: in seven samples from 5 s on, 50 kbit/s alone are seen."""
    network = tiny(lambda x_m: np.where(np.asarray(x_m)[:, None] < 50, 100e3, 5e3),
                   crowd=Crowd([jumping((5.0, 100.0))]), end_s=12.0, warmup_s=5.0)  # fmt: skip
    network.download("a", [0], 10**8)
    network.run()
    books = network.network.books
    (low,) = np.flatnonzero(books.rate_bps.counts)
    assert books.rate_bps.edges[low] <= 50e3 <= books.rate_bps.edges[low + 1]
    assert books.samples == 7
    assert books.sinr_db.counts.sum() == 7


def test_who_is_absent_is_not_sampled(tiny):
    network = tiny(two_sides, crowd=Crowd([Static([0.0], [0.0]), leaving(3.0, 4.0)]), end_s=10)
    network.run()
    assert network.network.books.sinr_samples[1] == 2


# Giving up --------------------------------------------------------------------------------------------------------


def test_what_is_late_leaves_the_queues_and_only_that(tiny):
    """User 0 gets its copy within the epoch of the deadline, user 1 does not; what is behind moves up."""
    network = tiny([[100.0], [10.0]], give_up_late=True)
    network.download("a", [0, 1], 1000, deadline_s=3.5)
    network.download("b", [1], 100)
    got = network.run()
    assert network.given_up == {"a"}
    assert got["a"] == pytest.approx([3.0, np.nan], nan_ok=True)
    # 50 bit in each of two epochs, 100 in the third; at 4 s what is left of a goes.
    assert network.network.discarded_bits == pytest.approx(800)
    assert got["b"] == pytest.approx([5.0])


def test_what_is_late_stays_where_nobody_gives_up(tiny):
    network = tiny([[100.0], [10.0]], give_up_late=False)
    network.download("a", [0, 1], 1000, deadline_s=3.5)
    network.download("b", [1], 100)
    got = network.run()
    assert network.given_up == set()
    assert network.network.discarded_bits == 0
    assert got["a"] == pytest.approx([3.0, 12.0])
    assert got["b"] == pytest.approx([13.0])


def test_what_is_due_when_the_epoch_begins_is_not_late_yet(tiny):
    network = tiny([[10.0]], give_up_late=True)
    network.download("a", [0], 1000, deadline_s=4.0)
    network.run()
    assert network.given_up == {"a"}
    assert network.network.received_bits == pytest.approx(400)


# Outages ----------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_in_an_outage(tiny):
    """1000 bit/s from 1.0 to 2.5 s and from 4.25 s on, inside epochs: 3000 bit are there at 5.75 s."""
    network = tiny([[100.0]], outages={None: [(2.5, 4.25)]})
    network.download("a", [0], 3000)
    seen = []
    for at_s in (2.0, 2.75, 3.5, 5.0):
        network.at(at_s + 1e-9, lambda: seen.append(network.network.capacity_bps))
    assert network.run() == {"a": pytest.approx([5.75])}
    assert network.carried[:7].tolist() == pytest.approx([0, 1000, 500, 0, 750, 750, 0])
    assert network.network.books.block_s[:6, 0].tolist() == pytest.approx([10, 10, 5, 0, 7.5, 10])
    assert network.network.capacity_bits[3] == 0
    assert seen == pytest.approx([1000, 0, 0, 1000])


@pytest.mark.parametrize("epoch_s", [0.02, 0.3, 1.0, 4.0])
def test_an_outage_is_as_long_as_it_is_whatever_the_epoch(tiny, epoch_s):
    """12 s at 1000 bit/s with 1.2345678 s of nothing in between, counted from the first epoch that sees it."""
    network = tiny([[100.0]], epoch_s=epoch_s, outages={0: [(7.7654321, 8.9999999)]})
    network.download("a", [0], 12_000, at_s=0.001)
    assert network.run() == {"a": pytest.approx([epoch_s + 12 + 1.2345678], abs=1e-6)}


def test_users_of_a_sector_in_an_outage_go_to_another_one_and_come_back(tiny):
    """1000 bit/s, from 3.25 to 6.5 s 100 bit/s of the second sector: 2250, 325, and 2425 bit more."""
    network = tiny([[100.0, 10.0]], outages={0: [(3.25, 6.5)]}, handover={"interruption_s": 0.0})
    network.download("a", [0], 5000)
    assert network.run() == {"a": pytest.approx([6.5 + 2.425])}
    books = network.network.books
    assert books.carried_bits[3:8, 0].tolist() == pytest.approx([250, 0, 0, 500, 1000])
    assert books.carried_bits[3:8, 1].tolist() == pytest.approx([75, 100, 100, 50, 0])
    assert books.handovers.sum(axis=0).tolist() == [1, 1]
    assert books.ping_pongs.sum() == 0


def test_users_leave_a_sector_in_an_outage_after_the_time_to_trigger(tiny):
    """Epochs of 0.1 s, 256 ms to trigger: at 3.3 s, as for any event A3; the sector is silent since 3.0 s."""
    network = tiny([[100.0, 10.0]], epoch_s=0.1, interval_s=0.1, outages={0: [(3.0, 9.0)]},
                   handover={"time_to_trigger_s": 0.256, "interruption_s": 0.0})  # fmt: skip
    network.download("a", [0], 50_000)
    network.run()
    assert network.carried[29:34].tolist() == pytest.approx([100, 0, 0, 0, 10])


def test_a_sector_in_an_outage_interferes_with_nobody(tiny):
    """Half of 18 beside the noise, but none from 2 to 3 s: 100 + 1000 + 100 bit."""
    network = tiny([[100.0, 18.0]], activity=0.5, outages={1: [(2.0, 3.0)]})
    network.download("a", [0], 1200)
    assert network.run() == {"a": pytest.approx([4.0])}


def test_interference_of_load_ends_with_the_outage_and_comes_back_with_it(tiny):
    """Both busy: 100 over 1 + 9, but alone from 2.5 to 3.5 s; who waits in the silent sector stays there."""
    network = tiny([[100.0, 9.0], [9.0, 100.0]], activity=None, outages={1: [(2.5, 3.5)]},
                   handover={"time_to_trigger_s": 60.0})  # fmt: skip
    network.download("a", [0], 5000)
    network.download("b", [1], 5000)
    network.run()
    in_sector = network.network.books.carried_bits
    assert in_sector[1:5, 0].tolist() == pytest.approx([100, 50 + 500, 500 + 50, 100])
    assert in_sector[1:5, 1].tolist() == pytest.approx([100, 50, 50, 100])


def test_a_multicast_waits_in_the_sector_that_is_silent_alone(tiny):
    network = tiny(
        [[100.0, 1.0], [1.0, 50.0]], outages={1: [(1.0, 4.0)]}, handover={"time_to_trigger_s": 60.0}
    )
    network.download("live", [0, 1], 500, multicast=True)
    assert network.run() == {"live": pytest.approx([1.5, 5.0])}


def test_who_is_left_in_a_silent_sector_is_not_sampled(tiny):
    """One user and one sector: a sample an interval, but not at 3, 4 and 5 s."""
    network = tiny([[100.0]], end_s=10, outages={0: [(2.5, 5.5)]})
    network.run()
    assert network.network.books.samples == 9 - 3
    assert np.isfinite(network.network.books.sinr_sum_db).all()


def test_an_outage_of_a_sector_and_of_the_network_add_up(tiny):
    network = tiny([[100.0]], outages={0: [(2.0, 4.0)], None: [(3.0, 5.0), (15.0, np.inf)]})
    network.outages = {None: [(2.0, 5.0), (15.0, 20.0)]}  # for the check of the blocks
    network.download("a", [0], 3000)
    network.download("b", [0], 500, at_s=14.5)
    got = network.run()
    assert got["a"] == pytest.approx([7.0])
    assert np.isnan(got["b"]).all()


# Laws -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheduler", ["round-robin", "proportional-fair", "max-min"])
@pytest.mark.parametrize("seed", range(4))
def test_books_balance_in_any_mixture(tiny, seed, scheduler):
    """Random levels, downloads and deadlines, with multicast, outages, guarantees and movement, at any instant."""
    rng = np.random.default_rng(seed)
    users, sectors = 8, 3
    level = rng.lognormal(3, 2, size=(users, sectors))
    places = [Static(np.zeros(users - 2), np.zeros(users - 2))]
    places += [
        jumping(*((float(at), float(100 * (k % 2))) for k, at in enumerate(range(2, 18, 3)))) for _ in "ab"
    ]
    network = tiny(
        lambda x_m: np.where((np.asarray(x_m) < 50)[:, None], level, 2 * np.roll(level, 1, axis=1)),
        crowd=Crowd(places),
        epoch_s=float(rng.choice([0.4, 0.5, 1.0, 2.5])),
        scheduler=scheduler,
        promises={1: (float(rng.uniform(1, 100)), 0)} if seed % 2 else None,
        multicast=[2],
        activity=None,
        give_up_late=bool(seed % 2),
        outages={1: [(3.3, 5.2), (9.0, 9.5)], None: [(12.15, 12.85)]} if seed > 1 else None,
    )

    def balanced():
        cell = network.network
        waiting = cell.backlog_bits()
        assert cell.offered_bits == pytest.approx(cell.received_bits + cell.discarded_bits + waiting, abs=0.6)
        assert (network.carried <= cell.capacity_bits + 1e-6).all()

    for look in rng.uniform(0, 20, size=40):
        network.at(float(look), balanced)
    for number in range(60):
        service = int(rng.integers(0, 3))
        chosen = np.sort(rng.choice(users, size=rng.integers(1, users + 1), replace=False))
        at_s = float(rng.uniform(0, 15))
        deadline_s = at_s + float(rng.uniform(0.1, 8))
        once = bool(rng.integers(0, 2)) if number % 3 == 0 else None
        uneven = once is False or (once is None and service != 2 and number % 2 == 0)
        bits = rng.integers(1, 4000, size=len(chosen)).tolist() if uneven else int(rng.integers(1, 4000))
        network.download(
            f"d{number}", chosen, bits, at_s=at_s, share=float(rng.choice([0, 0.3, 1])), service=service,
            deadline_s=deadline_s, multicast=once,
        )  # fmt: skip
    got = network.run()
    assert len(got) == 60
    assert (len(network.given_up) > 0) == bool(seed % 2)
    assert network.network.books.handovers.sum() > 0
    assert network.carried.sum() > 0

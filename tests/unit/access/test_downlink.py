import numpy as np
import pytest
import simpy

from netgen.access.downlink import Downlink
from netgen.access.download import Download
from netgen.access.last_hop import time_to_send_s
from netgen.topology.outages import Outages
from netgen.transport.train import Meaning

S = 10**9


class Cell:
    """A downlink and what its downloads came to."""

    def __init__(
        self,
        *,
        capacity_bps=1000.0,
        peaks=(1000.0, 1000.0, 1000.0),
        epoch_s=1.0,
        end_s=60,
        give_up_late=False,
        outages=(),
    ):
        self.env = simpy.Environment(0)
        self.downlink = Downlink(
            self.env, "cell:downlink", capacity_bps=capacity_bps, peak_bps=np.array(peaks),
            epoch_ns=round(epoch_s * S), interval_ns=S, end_ns=end_s * S, give_up_late=give_up_late,
            outages=Outages.of(outages),
        )  # fmt: skip
        self.got: dict[str, list[float]] = {}
        self.given_up: set[str] = set()

    def at(self, at_s, action):
        def process():
            yield self.env.timeout(round(at_s * S))
            action()

        self.env.process(process())

    def made(
        self, name, users, bits, *, share=0.0, multicast=None, deadline_s=None, service="film", then=None
    ):
        def done(done_s, given_up):
            assert name not in self.got
            self.got[name] = done_s.tolist()
            if given_up:
                self.given_up.add(name)
            if then is not None:
                then()

        return Download(
            np.array(users), np.array(bits) if isinstance(bits, list) else bits, share,
            Meaning("film", len(name), 8.0), done, service=service, multicast=multicast,
            deadline_ns=None if deadline_s is None else round(deadline_s * S),
        )  # fmt: skip

    def download(self, name, users, bits, *, at_s=0.0, **more):
        made = self.made(name, users, bits, **more)
        self.at(at_s, lambda: self.downlink.enqueue(made))

    @property
    def carried(self):
        """Bits on the air per interval."""
        return self.downlink.discriminative_bits + self.downlink.generative_bits

    def run(self, until_s=60):
        self.env.run(until=until_s * S)
        self.downlink.finish()
        return self.got


def test_users_share_evenly_and_instants_lie_inside_the_epoch():
    cell = Cell()
    cell.download("a", [0, 1], 600)
    assert cell.run() == {"a": pytest.approx([1.2, 1.2])}


def test_a_peak_rate_leaves_the_rest_to_the_others():
    """Peaks 100 and 1000 on 1000 bit/s: 100 and 900 bit/s by max-min."""
    cell = Cell(peaks=(100.0, 1000.0), epoch_s=0.5)
    cell.download("a", [0, 1], 900)
    assert cell.run() == {"a": pytest.approx([9.0, 1.0])}


def test_rates_change_when_something_arrives():
    """User 0 alone until 0.5 s, then half each: 500 + 250 bit by 1 s, then half each again."""
    cell = Cell()
    cell.download("a", [0], 1000)
    cell.download("b", [1], 500, at_s=0.5)
    assert cell.run() == {"a": pytest.approx([1.5]), "b": pytest.approx([1.5])}


def test_what_is_queued_for_a_user_goes_in_order():
    cell = Cell()
    cell.download("a", [0], 700)
    cell.download("b", [0], 800)
    assert cell.run() == {"a": pytest.approx([0.7]), "b": pytest.approx([1.5])}


def test_an_idle_cell_starts_again():
    cell = Cell()
    cell.download("a", [0], 500)
    cell.download("b", [2], 500, at_s=7.3)
    assert cell.run() == {"a": pytest.approx([0.5]), "b": pytest.approx([7.8])}


@pytest.mark.parametrize("seed", range(5))
def test_bits_are_kept_and_capacity_is_not_exceeded(seed):
    rng = np.random.default_rng(seed)
    cell = Cell(peaks=tuple(rng.uniform(100, 2000, size=6)), epoch_s=0.25)
    offered = 0
    for number in range(30):
        users = np.sort(rng.choice(6, size=rng.integers(1, 7), replace=False))
        bits = int(rng.integers(1, 900))
        offered += bits * len(users)
        cell.download(f"d{number}", users, bits, at_s=float(rng.uniform(0, 40)), share=0.25)
    cell.env.run(until=20 * S)
    early = cell.downlink.backlog_bits()
    carried = cell.downlink.discriminative_bits + cell.downlink.generative_bits
    assert carried.sum() + early == pytest.approx(cell.downlink.offered_bits, abs=1)
    got = cell.run()
    carried = cell.downlink.discriminative_bits + cell.downlink.generative_bits
    assert cell.downlink.offered_bits == offered
    assert carried.sum() + cell.downlink.backlog_bits() == pytest.approx(offered, abs=1)
    assert cell.downlink.generative_bits.sum() == pytest.approx(carried.sum() / 4)
    assert (carried <= cell.downlink.capacity_bits + 1e-6).all()
    assert len(got) == 30


def test_looking_at_the_backlog_changes_no_instant():
    plain, looked = Cell(), Cell()
    for cell in (plain, looked):
        cell.download("a", [0, 1], 900)
        cell.download("b", [1, 2], 800, at_s=0.4)
    seen = []

    def look():
        for _ in range(20):
            yield looked.env.timeout(round(0.17 * S))
            seen.append(looked.downlink.backlog_bits())

    looked.env.process(look())
    alone, watched = plain.run(), looked.run()
    assert sorted(alone) == sorted(watched)
    for name, instants in alone.items():
        assert watched[name] == pytest.approx(instants)
    assert seen[3:] == sorted(seen[3:], reverse=True)  # nothing is queued after 0.4 s
    assert seen[2] > seen[1] > 0


def test_the_end_leaves_instants_open_of_those_who_are_not_served():
    cell = Cell(peaks=(100.0, 1000.0), end_s=2)
    cell.download("a", [0, 1], 900)
    (slow, fast) = cell.run(until_s=2)["a"]
    assert np.isnan(slow)
    assert fast == pytest.approx(1.0)
    assert cell.downlink.backlog_bits() == 700


def test_meaning_counts_when_everybody_has_it():
    cell = Cell(epoch_s=0.5)
    cell.download("a", [0, 1], 900)
    cell.run()
    assert cell.downlink.semantic_bits[:3].tolist() == [0.0, 8.0, 0.0]


# Sizes ------------------------------------------------------------------------------------------------------------


def test_users_may_miss_different_numbers_of_bits():
    """500 bit/s each: 300 bit are there at 0.6 s; 500 of 600 by the end of the epoch, then 1000 bit/s."""
    cell = Cell()
    cell.download("repair", [0, 1], [300, 600], share=0.5)
    assert cell.run() == {"repair": pytest.approx([0.6, 1.1])}
    assert cell.downlink.offered_bits == 900
    assert cell.carried[:2].tolist() == pytest.approx([800, 100])
    assert cell.downlink.generative_bits[:2].tolist() == pytest.approx([400, 50])


def test_generative_bits_are_those_of_the_segments_that_were_sent():
    """1000 bit/s in one span: 400 bit of which a quarter, then 200 of which all; then plain ones."""
    cell = Cell()
    cell.download("a", [0], 400, share=0.25)
    cell.download("b", [0], 200, share=1.0)
    cell.download("c", [0], 900)
    cell.run()
    assert cell.downlink.generative_bits[:2].tolist() == pytest.approx([100 + 200, 0])
    assert cell.downlink.discriminative_bits[:2].tolist() == pytest.approx([300 + 400, 500])


def test_who_hears_of_a_segment_may_ask_for_the_next_one_at_once():
    """Told at the end of the epoch, at 1 s, in which it was complete; the books are up to date then."""
    cell = Cell()
    seen = []

    def then():
        seen.append((cell.env.now, cell.downlink.backlog_bits(), cell.downlink.received_bits))
        cell.downlink.enqueue(cell.made("more", [0, 1], 250))

    cell.download("first", [0], 500, then=then)
    cell.download("other", [1], 750)
    assert cell.run() == {
        "first": pytest.approx([1.0]), "other": pytest.approx([1.5]), "more": pytest.approx([1.5, 2.0]),
    }  # fmt: skip
    assert seen == [(S, 250, pytest.approx(1000))]


# Multicast --------------------------------------------------------------------------------------------------------


def test_a_multicast_goes_out_once_at_the_weakest_peak_rate():
    """400 bit at 200 bit/s, for all three; in the books of the users three times."""
    cell = Cell(peaks=(1000.0, 200.0, 500.0))
    cell.download("live", [0, 1, 2], 400, multicast=True, share=0.25)
    assert cell.run() == {"live": pytest.approx([2.0, 2.0, 2.0])}
    assert cell.carried[:3].tolist() == pytest.approx([200, 200, 0])
    assert cell.downlink.generative_bits[:3].tolist() == pytest.approx([50, 50, 0])
    assert cell.downlink.offered_bits == cell.downlink.received_bits == 1200
    assert cell.downlink.semantic_bits[:3].tolist() == [0, 8, 0]


def test_a_multicast_competes_like_one_user():
    """Three streams of 1000 / 3 bit/s: two users, and the multicast that both and another one hear."""
    cell = Cell(epoch_s=3.0)
    cell.download("live", [0, 1, 2], 500, multicast=True)
    cell.download("own", [0, 1], 1000)
    cell.env.run(until=S)
    assert cell.downlink.backlog_bits() == round(3 * (500 - 1000 / 3) + 2 * (1000 - 1000 / 3))
    got = cell.run()
    assert got["live"] == pytest.approx([1.5, 1.5, 1.5])
    assert got["own"] == pytest.approx([3.0, 3.0])


def test_multicasts_of_a_service_go_in_order_and_each_at_the_rate_of_its_own_users():
    """500 bit at 1000 bit/s; from then on 200 bit/s, the peak rate of the one who joins."""
    cell = Cell(peaks=(1000.0, 200.0))
    cell.download("a", [0], 500, multicast=True)
    cell.download("b", [0, 1], 200, multicast=True)
    assert cell.run() == {"a": pytest.approx([0.5]), "b": pytest.approx([1.5, 1.5])}
    assert cell.carried[:2].tolist() == pytest.approx([600, 100])


def test_multicasts_of_two_services_go_side_by_side():
    cell = Cell()
    cell.download("a", [0, 1], 500, multicast=True, service="one")
    cell.download("b", [0, 1], 400, multicast=True, service="two")
    assert cell.run() == {"a": pytest.approx([1.0, 1.0]), "b": pytest.approx([0.8, 0.8])}


# Giving up --------------------------------------------------------------------------------------------------------


def late_cell(**more):
    """User 0 has 900 of 1000 bit/s, user 1 has 100; what is behind the late segment moves up at 2 s."""
    cell = Cell(peaks=(1000.0, 100.0), **more)
    cell.download("a", [0, 1], 1000, deadline_s=1.5)
    cell.download("b", [1], 100)
    return cell


def test_what_is_late_leaves_the_queues_and_only_that():
    cell = late_cell(give_up_late=True)
    got = cell.run()
    assert got["a"] == pytest.approx([1 + 1 / 9, np.nan], nan_ok=True)
    assert got["b"] == pytest.approx([3.0])
    assert cell.given_up == {"a"}
    assert cell.downlink.discarded_bits == pytest.approx(800)
    assert cell.downlink.received_bits == pytest.approx(1000 + 200 + 100)
    assert cell.downlink.semantic_bits[:3].tolist() == [0, 8.0, 8.0]


def test_what_is_late_stays_where_nobody_gives_up():
    cell = late_cell()
    got = cell.run()
    assert got["a"] == pytest.approx([1 + 1 / 9, 10.0])
    assert got["b"] == pytest.approx([11.0])
    assert cell.given_up == set()
    assert cell.downlink.discarded_bits == 0


def test_a_late_multicast_is_given_up_for_all_of_its_users():
    """100 bit/s until 2 s: 200 of 1000 bit went out, for two users; nobody has the segment."""
    cell = Cell(peaks=(1000.0, 100.0), give_up_late=True)
    cell.download("live", [0, 1], 1000, deadline_s=1.5, multicast=True)
    cell.download("next", [0, 1], 100, multicast=True)
    got = cell.run()
    assert got["live"] == pytest.approx([np.nan, np.nan], nan_ok=True)
    assert got["next"] == pytest.approx([3.0, 3.0])
    assert cell.given_up == {"live"}
    assert cell.downlink.discarded_bits == pytest.approx(2 * 800)
    assert cell.downlink.received_bits == pytest.approx(2 * 300)
    assert cell.downlink.semantic_bits.sum() == 8


def test_what_is_given_up_of_different_sizes_is_what_each_still_misses():
    """500 bit/s each for 2 s: the second gets 1000 of its 1700 bit; the first had its 400."""
    cell = Cell(give_up_late=True, epoch_s=2.0)
    cell.download("repair", [0, 1], [400, 1700], deadline_s=1.9)
    assert cell.run()["repair"] == pytest.approx([0.8, np.nan], nan_ok=True)
    assert cell.downlink.discarded_bits == pytest.approx(700)


def test_the_end_leaves_a_multicast_open():
    cell = Cell(end_s=2)
    cell.download("live", [0, 1], 3000, multicast=True)
    assert cell.run(until_s=2)["live"] == pytest.approx([np.nan, np.nan], nan_ok=True)
    assert cell.downlink.backlog_bits() == 2 * 1000
    assert cell.downlink.semantic_bits.sum() == 0


# Outages ----------------------------------------------------------------------------------------------------------


def test_an_outage_stops_everything_for_as_long_as_it_lasts():
    """1000 bit/s for 0.25 s, then from 0.75 to 1.5 s, and from 2.5 s on: 1200 bit at 2.7 s."""
    cell = Cell(outages=[(0.25, 0.75), (1.5, 2.5)])
    cell.download("a", [0], 1200, at_s=0.0)
    seen = []
    for at_s in (0.2, 0.25, 0.5, 0.75):
        cell.at(at_s, lambda: seen.append((cell.downlink.capacity_bps, bool(cell.downlink.on_air()[0]))))
    assert cell.run() == {"a": pytest.approx([2.7])}
    assert seen == [(1000, True), (0, False), (0, False), (1000, True)]
    assert cell.downlink.capacity_bits[:4].tolist() == pytest.approx([500, 500, 500, 1000])
    assert cell.carried[:4].tolist() == pytest.approx([500, 500, 200, 0])


@pytest.mark.parametrize("epoch_s", [0.01, 0.3, 5.0])
@pytest.mark.parametrize("multicast", [False, True])
def test_an_outage_is_exact_to_the_nanosecond_whatever_the_epoch(epoch_s, multicast):
    """A second of work, and 0.5 s and a nanosecond less of nothing in the middle of it."""
    cell = Cell(epoch_s=epoch_s, outages=[(0.123456789, 0.623456788)])
    cell.download("a", [0, 1], 1000 if multicast else 500, multicast=multicast)
    assert cell.run() == {"a": pytest.approx([1.499999999] * 2, abs=1e-11)}


def test_what_comes_in_an_outage_waits_for_its_end():
    cell = Cell(outages=[(1.0, 3.25)])
    cell.download("a", [0], 500, at_s=1.5)
    cell.download("b", [1], 500, at_s=3.25)
    assert cell.run() == {"a": pytest.approx([4.25]), "b": pytest.approx([4.25])}


def test_what_is_late_is_given_up_in_an_outage_too():
    cell = Cell(outages=[(0.0, 10.0)], give_up_late=True)
    cell.download("a", [0], 500, at_s=0.5, deadline_s=2.0)
    assert np.isnan(cell.run()["a"]).all()
    assert cell.given_up == {"a"}
    assert cell.downlink.discarded_bits == 500


# What the cores see -----------------------------------------------------------------------------------------------

ALL = np.arange(3)


def test_a_cell_is_one_part_in_which_everybody_is():
    cell = Cell()
    assert cell.downlink.places() == ("cell",)
    assert cell.downlink.place_of(ALL).tolist() == [0, 0, 0]
    assert cell.downlink.on_air().tolist() == [True]


def test_load_is_the_capacity_in_use_since_it_was_asked_last():
    """500 of 1000 bit/s, a peak rate, from 1.0 to 3.0 s: of 2 s a quarter, of the next 2 s again; then nothing."""
    cell = Cell(peaks=(500.0, 1000.0))
    cell.download("a", [0], 1000, at_s=1.0)
    loads = []
    for at_s in (2.0, 4.0, 5.0):
        cell.at(at_s, lambda: loads.append(cell.downlink.load().tolist()))
    cell.run()
    assert loads == [pytest.approx([0.25]), pytest.approx([0.25]), [0.0]]


def test_load_is_of_the_time_on_air():
    """0.5 s of work in 2 s, of which one is on air; no time on air is no load."""
    cell = Cell(outages=[(0.5, 1.5), (2.0, 4.0)])
    cell.download("a", [0, 1], 500, multicast=True)
    loads = []
    for at_s in (2.0, 4.0):
        cell.at(at_s, lambda: loads.append(cell.downlink.load().tolist()))
    cell.run()
    assert loads == [pytest.approx([0.5]), [0.0]]


def test_backlog_is_the_time_that_the_capacity_needs_for_it():
    """A multicast of 400 bit for three once, and 300 + 500 bit: 1.2 s at 1000 bit/s; 0.7 s after half a second."""
    cell = Cell()
    cell.download("live", [0, 1, 2], 400, multicast=True)
    cell.download("own", [0, 1], [300, 500])
    found = []
    for at_s in (1e-9, 0.5):
        cell.at(at_s, lambda: found.append(float(cell.downlink.backlog_s()[0])))
    cell.run()
    assert found == pytest.approx([1.2, 0.7])
    assert cell.downlink.backlog_s().tolist() == [0.0]


def test_shares_are_of_the_capacity_and_infinite_above_the_peak_rate():
    cell = Cell(peaks=(1000.0, 200.0, 0.0))
    assert cell.downlink.unicast_share(ALL, 250.0).tolist() == pytest.approx([0.25, np.inf, np.inf])
    assert cell.downlink.unicast_share(ALL, np.array([500.0, 200.0, 0.0])).tolist() == pytest.approx(
        [0.5, 0.2, np.inf]
    )
    assert cell.downlink.multicast_share(ALL[:2], 200.0).tolist() == pytest.approx([0.2])
    assert cell.downlink.multicast_share(ALL[:2], 201.0).tolist() == [np.inf]
    assert cell.downlink.multicast_share(ALL[:0], 200.0).tolist() == [0.0]


def test_nobody_can_have_anything_in_an_outage():
    cell = Cell(outages=[(0.0, 1.0)])
    assert cell.downlink.unicast_share(ALL, 1.0).tolist() == [np.inf] * 3
    assert cell.downlink.multicast_share(ALL, 1.0).tolist() == [np.inf]
    assert cell.downlink.rate_bps(ALL).tolist() == [0, 0, 0]
    assert cell.downlink.backlog_s().tolist() == [0.0]


def test_a_rate_is_an_equal_share_up_to_the_peak_rate():
    """Alone 1000 bit/s; beside a user and a multicast a third, but for the user who is one of the two streams."""
    cell = Cell(peaks=(1000.0, 1000.0, 100.0))
    assert cell.downlink.rate_bps(ALL).tolist() == pytest.approx([1000, 1000, 100])
    cell.downlink.enqueue(cell.made("own", [0], 5000))
    cell.downlink.enqueue(cell.made("live", [0, 1], 5000, multicast=True))
    assert cell.downlink.rate_bps(ALL).tolist() == pytest.approx([500, 1000 / 3, 100])


def test_the_time_to_send_is_what_it_takes():
    """Two copies of 1,000 bit behind 1,500 bit that wait share 1,000 bit/s; once for both, one copy is sent."""
    users = np.array([0, 1])
    cell = Cell(epoch_s=0.01)
    assert time_to_send_s(cell.downlink, users, 1000, once=False) == pytest.approx(2.0)
    assert time_to_send_s(cell.downlink, users, 1000, once=True) == pytest.approx(1.0)
    cell.download("waiting", [2], 1500)
    cell.env.run(until=1)
    assert time_to_send_s(cell.downlink, users, 1000, once=False) == pytest.approx(3.5)
    cell.downlink.enqueue(cell.made("next", [0, 1], 1000))
    assert max(cell.run()["next"]) <= 3.5 + 0.01
    slow = Cell(peaks=(100.0, 1000.0, 0.0))
    assert time_to_send_s(slow.downlink, users, 1000, once=False) == pytest.approx(10.0)
    assert time_to_send_s(slow.downlink, np.array([2]), 1000, once=False) == 0.0

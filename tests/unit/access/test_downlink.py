import numpy as np
import pytest
import simpy

from netgen.access.downlink import Downlink
from netgen.access.download import Download
from netgen.transport.train import Meaning

S = 10**9


class Cell:
    """A downlink and what its downloads came to."""

    def __init__(self, *, capacity_bps=1000.0, peaks=(1000.0, 1000.0, 1000.0), epoch_s=1.0, end_s=60):
        self.env = simpy.Environment(0)
        self.downlink = Downlink(
            self.env, "cell", capacity_bps=capacity_bps, peak_bps=np.array(peaks), epoch_ns=round(epoch_s * S),
            interval_ns=S, end_ns=end_s * S,
        )  # fmt: skip
        self.got: dict[str, list[float]] = {}

    def download(self, name, users, bits, *, at_s=0.0, share=0.0):
        def process():
            yield self.env.timeout(round(at_s * S))
            self.downlink.enqueue(
                Download(np.array(users), bits, share, Meaning("film", len(name), 8.0), self._noting(name))
            )

        self.env.process(process())

    def _noting(self, name):
        def done(done_s, given_up):
            assert not given_up
            assert name not in self.got
            self.got[name] = done_s.tolist()

        return done

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
        users = rng.choice(6, size=rng.integers(1, 7), replace=False)
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

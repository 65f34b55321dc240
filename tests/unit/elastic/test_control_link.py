"""Messages between the cores: one behind the other in each direction, held up and repeated by cuts."""

import numpy as np
import pytest
import simpy

from netgen.elastic.control_link import ControlLink, Heading
from netgen.topology.outages import Outages

S = 10**9
THERE, BACK = Heading.TO_CELLULAR, Heading.TO_BROADCAST


class Way:
    """A link of 1 kbit/s and 20 ms, and when what was sent over it arrived [s]."""

    def __init__(self, *cuts, end_s=100.0):
        self.env = simpy.Environment(0)
        self.link = ControlLink(
            self.env, delay_ns=S // 50, rate_bps=1000.0, outages=Outages.of(cuts), end_ns=round(end_s * S)
        )
        self.arrived: dict[str, float] = {}

    def send(self, name, at_s, bits, heading=THERE):
        def go(_event):
            self.link.send(heading, bits, lambda: self.arrived.setdefault(name, self.env.now / S))

        self.env.timeout(round(at_s * S)).callbacks.append(go)

    def run(self):
        self.env.run()
        return self.arrived


def test_a_message_takes_its_bits_over_the_rate_and_the_delay():
    way = Way()
    way.send("one", 3.0, 500)
    assert way.run() == {"one": 3.52}
    assert way.link.transfer_s == [0.52]


def test_messages_wait_behind_each_other_in_one_direction_and_not_in_the_other():
    way = Way()
    way.send("first", 1.0, 500)
    way.send("second", 1.0, 250)
    way.send("other", 1.0, 250, BACK)
    way.send("later", 2.0, 100)
    assert way.run() == {"other": 1.27, "first": 1.52, "second": 1.77, "later": 2.12}
    assert way.link.messages == {THERE: 3, BACK: 1}
    assert way.link.bits == {THERE: 850, BACK: 250}


@pytest.mark.parametrize(
    ("cuts", "arrives_s"),
    [
        ([(0.0, 5.0)], 6.02),  # before it is sent: it waits
        ([(1.5, 5.0)], 6.02),  # while it is put on the way: all of it again
        ([(2.0, 5.0)], 6.02),  # at the instant of its last bit
        ([(2.01, 5.0)], 2.02),  # when it is on its way: it arrives
        ([(0.0, 1.0)], 2.02),  # up to the instant of sending: no matter
        ([(1.5, 5.0), (5.5, 7.0)], 8.02),  # cut off twice
        ([(1.5, 5.0), (6.5, 7.0)], 6.02),  # the second is too late to matter
    ],
)
def test_a_cut_holds_messages_up_and_repeats_the_one_that_it_cuts_off(cuts, arrives_s):
    way = Way(*cuts)
    way.send("one", 1.0, 1000)
    assert way.run() == {"one": arrives_s}
    assert way.link.transfer_s == [pytest.approx(arrives_s - 1.0)]


def test_what_waits_behind_a_message_that_is_cut_off_stays_behind_it():
    way = Way((1.5, 5.0))
    way.send("first", 1.0, 1000)
    way.send("second", 1.2, 500)
    assert way.run() == {"first": 6.02, "second": 6.52}


def test_a_cut_for_ever_swallows_all_that_follows_in_both_directions():
    way = Way((1.5, np.inf))
    way.send("before", 0.1, 100)
    way.send("first", 1.0, 1000)
    way.send("second", 2.0, 1)
    way.send("other", 2.0, 1, BACK)
    assert way.run() == {"before": 0.22}


def test_bits_are_under_way_until_they_arrive():
    way = Way(end_s=2.0)
    way.send("there", 0.0, 500)
    way.send("never", 1.9, 500)
    way.run()
    assert way.arrived == {"there": 0.52}
    balance = way.link.balance()
    assert (balance.left, balance.right) == (1000.0, 1000.0)
    assert way.link.transfer_s == [0.52]

"""A train line with a tunnel: places are known exactly at any instant."""

import numpy as np
import pytest

from netgen.access.broadcast_channel import Availability, FixedChannel
from netgen.access.crowd import Crowd
from netgen.mobility.trace import Trace, TraceSamples
from netgen.rng import Streams
from netgen.topology.holes import Holes

TUNNEL = (300.0, -10.0, 500.0, 10.0)


class Railway:
    """Trains that go east at 20 m/s from x = 0, one behind the other by `apart_s`; a tunnel from 300 to 500 m."""

    def __init__(self, count=1, *, apart_s=0.0, until_s=100.0, loss=0.05):
        self.count, self.apart_s, self.until_s, self.loss = count, apart_s, until_s, loss

    @property
    def groups(self):
        user = np.repeat(np.arange(self.count), 2)
        start_s = self.apart_s * np.arange(self.count)
        times = np.stack([start_s, start_s + self.until_s], axis=1).ravel()
        x_m = np.tile([0.0, 20.0 * self.until_s], self.count)
        names = tuple(f"train-{number}" for number in range(self.count))
        return [Trace(TraceSamples(names, user, times, x_m, np.zeros(len(user))))]

    def channel(self, crowd=None):
        """A channel of its own, on a crowd of its own."""
        return FixedChannel(
            np.ones(self.count, dtype=bool), self.loss, Streams(1).key("luck"),
            availability=Availability(
                holes=Holes.of(rectangles=[TUNNEL]), crowd=crowd or Crowd(self.groups), place=np.arange(self.count)
            ),
        )  # fmt: skip


@pytest.fixture
def railway():
    return Railway

"""Prediction from what users report: the radio map, read where their present course leads them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.access.crowd import Crowd
from netgen.prediction.course import Course
from netgen.prediction.radio_map import RadioMap

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class LearnedPredictor:
    """Learns a map of losses and the users' courses from their reports, and knows nothing else.

    Parameters
    ----------
    crowd : Crowd                   Where users are now, which their reports say too.
    place : (rows,) int64           Per row of the population the user's place in the crowd; -1 for nowhere.
    bin_m : float, m                Side of the map's squares.

    Valid for                       Reception that depends on the place. All users share one map, whatever their
                                    receivers.
    """

    revises: ClassVar[bool] = True

    def __init__(self, crowd: Crowd, place: Rows, *, bin_m: float) -> None:
        self.map = RadioMap(bin_m)
        self.course = Course(crowd.count)
        self._crowd, self._place = crowd, place

    def observe(self, rows: Rows, loss: Floats, *, time_s: float) -> None:
        """Take in each user's loss and place now; who is absent or nowhere reports nothing."""
        crowd = self._crowd
        crowd.look(time_s)
        somewhere = np.flatnonzero(self._place[rows] >= 0)
        users, loss = self._place[rows[somewhere]], loss[somewhere]
        there = crowd.present[users]
        users, loss = users[there], loss[there]
        x_m, y_m = crowd.x_m[users], crowd.y_m[users]
        self.course.report(users, x_m, y_m, time_s=time_s)
        self.map.learn(x_m, y_m, loss)

    def loss_ahead(self, rows: Rows, *, at_s: float, size_bits: int) -> Floats:  # noqa: ARG002  (as reported)
        """The map where each user will be; the mean of all reports where nobody has been, or for who is nowhere."""
        loss = np.full(len(rows), self.map.mean)
        somewhere = np.flatnonzero(self._place[rows] >= 0)
        x_m, y_m = self.course.place(self._place[rows[somewhere]], at_s=at_s)
        known = ~np.isnan(x_m)
        loss[somewhere[known]] = self.map.at(x_m[known], y_m[known])
        return loss

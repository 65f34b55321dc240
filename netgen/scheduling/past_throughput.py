"""The memory of proportional fair: exponentially averaged throughput, and what it counts for in an epoch.

Classic proportional fair serves, slot by slot, the user with the highest rate / average, and averages what
everybody got over a window: ``average' = (served - average) / window``. Let an epoch have E seconds and
B blocks and let rates be constant in it. Between slots all averages decay by the same factor, so the order of
the metrics changes only by service; the users on top are served so that their metrics stay equal. In the
variables ``average * exp(t / window) / rate`` this is water poured into vessels that already hold
``average / rate``: at the end everybody served is at one level. Divided by ``exp(E / window) - 1`` the
vessels are in blocks of this epoch, which makes the past of a user a head start:
``blocks = max(0, level - head start)``, with the level such that B blocks are used. It also maximises the
sum of the logarithms of the averages at the end of the epoch.

Exact for a fluid, but for one thing: a block late in the epoch weighs ``exp(E / window)`` times one at its
begin, which is neglected here (10 % for an epoch of 100 ms and a window of 1 s, and only for users that are
served in a part of the epoch; shares of users that are served all the time are not touched by it).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from netgen.scheduling.filling import MAX_WEIGHT, Floats, Ints

# Instants nearer than this are the same one: they are sums of binary fractions.
_SAME_INSTANT_S = 1e-9


class PastThroughput:
    """Exponentially averaged throughput of all users; only the users named in a call cost anything.

    A user who is not recorded has got nothing meanwhile: the average decays, and is brought up to date when
    it is next asked for. A user without a past has an average of 0 and comes first until it has caught up,
    as with the slot-by-slot scheduler.

    Parameters
    ----------
    users : int                     Number of users, >= 0.
    window_s : float, s             Time constant of the average, > 0. ASSUMED: 1 s by default; the literature
                                    uses 100 to 1000 slots, a vendor's value is not public.

    Raises
    ------
    ValueError                      The window is not positive and finite, or the number of users is negative.

    Valid for                       Epochs up to about the window.
    Source                          A. Jalali, R. Padovani, R. Pankaj, Data throughput of CDMA-HDR, VTC 2000;
                                    D. Tse, P. Viswanath, Fundamentals of Wireless Communication, section 6.7.1.
    """

    def __init__(self, users: int, window_s: float = 1.0) -> None:
        if users < 0:
            raise ValueError(f"the number of users {users} is negative")
        if not 0 < window_s < np.inf:
            raise ValueError(f"window_s = {window_s} s is not positive and finite")
        self.window_s = float(window_s)
        self._average_bps = np.zeros(users)
        self._known_at_s = np.full(users, -np.inf)

    def average_bps(self, rows: Ints, now_s: float) -> Floats:
        """Averages of the users `rows` (n,) at `now_s`, in bit/s, not earlier than what was recorded last."""
        age_s = now_s - self._known_at_s[rows]
        if age_s.size and age_s.min() < -_SAME_INSTANT_S:
            late = int(rows[int(np.argmin(age_s))])
            raise ValueError(
                f"user {late} is already recorded until {self._known_at_s[late]} s, after {now_s} s"
            )
        average: Floats = self._average_bps[rows]
        # Most users were served in the epoch before, and have nothing to decay.
        old = np.flatnonzero(age_s > _SAME_INSTANT_S)
        average[old] *= np.exp(age_s[old] / -self.window_s)
        return average

    def head_start_blocks(
        self, rows: Ints, rate_per_block_bps: ArrayLike, *, now_s: float, epoch_s: float
    ) -> Floats:
        """What the past counts for in the epoch from `now_s` on.

        Parameters
        ----------
        rows : (n,) int                         The users, each at most once.
        rate_per_block_bps : (n,) float, bit/s  What one block gives each of them in this epoch, >= 0.
        now_s, epoch_s : float, s               Begin and length of the epoch, the length > 0.

        Returns
        -------
        (n,) float                              For `proportional_fair`; 0 where the rate is 0.
        """
        rate = np.asarray(rate_per_block_bps, dtype=np.float64)
        growth = np.expm1(epoch_s / self.window_s)
        average = self.average_bps(rows, now_s)
        with np.errstate(over="ignore"):
            blocks = np.divide(average, rate * growth, out=np.zeros(len(rate)), where=rate > 0)
        limited: Floats = np.minimum(blocks, MAX_WEIGHT, out=blocks)
        return limited

    def record(self, rows: Ints, throughput_bps: ArrayLike, *, now_s: float, epoch_s: float) -> None:
        """Enter what the users `rows` (each at most once) got, in bit/s, in the epoch from `now_s` on."""
        kept = np.exp(-epoch_s / self.window_s)
        served = np.asarray(throughput_bps, dtype=np.float64)
        average = self.average_bps(rows, now_s)
        average *= kept
        average += served * (1 - kept)
        self._average_bps[rows] = average
        self._known_at_s[rows] = now_s + epoch_s

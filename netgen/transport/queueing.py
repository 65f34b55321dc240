"""The FIFO queue of a link as a recursion over arrays, in units of work (bits) so that C(t) may vary.

With W(t) the integral of the capacity, a packet of b bits that arrives at a leaves the server when the
link has done the work D: D[k] = max(W(a[k]), D[k-1]) + b[k] (Lindley, Proc. Camb. Phil. Soc. 48, 1952).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def departure_work_bits(arrival_work_bits: Floats, size_bits: Floats, free_work_bits: float) -> Floats:
    """Work level at which each packet has been sent, for an unlimited queue.

    Parameters
    ----------
    arrival_work_bits : (n,) float, bit     W at each arrival, not decreasing.
    size_bits : (n,) float, bit             Work of each packet, > 0.
    free_work_bits : float, bit             Work level at which the last packet before these is sent.

    Returns
    -------
    (n,) float, bit                         Increasing; 3 packets of 10 bit at W = 0 give 10, 20, 30.
    """
    sent = np.cumsum(size_bits)
    before = sent - size_bits
    slack = arrival_work_bits - before
    slack[0] = max(slack[0], free_work_bits)
    result: Floats = np.maximum.accumulate(slack) + sent
    return result


def admit_finite(
    arrival_work_bits: Floats,
    work_bits: Floats,
    free_work_bits: float,
    limit_bits: float,
    *,
    size_bits: Floats,
) -> tuple[NDArray[np.bool_], Floats]:
    """The same for a queue that holds at most `limit_bits`, the packet in service included.

    A packet that would exceed the limit on arrival is dropped whole (drop-tail).

    Parameters
    ----------
    work_bits : (n,) float, bit             Work of each packet: its size times its transmissions.
    limit_bits : float, bit                 Most that may be left to send, repeats of earlier packets included.
    size_bits : (n,) float, bit             Size of each packet: the room that it needs on arrival.

    Returns
    -------
    admitted : (n,) bool                    False where dropped.
    departure : (n,) float, bit             Work level at departure; for a dropped packet the level
                                            that the queue had at its arrival.
    """
    free = departure_work_bits(arrival_work_bits, work_bits, free_work_bits)
    # A backlog is a small difference of two large levels: allow for their last bits of precision.
    limit = limit_bits + 1e-9 * limit_bits + 1e-3
    if float((free - arrival_work_bits).max()) <= limit:
        return np.ones(len(free), dtype=np.bool_), free
    admitted = np.zeros(len(free), dtype=np.bool_)
    departure = np.empty(len(free))
    level = free_work_bits
    packets = zip(arrival_work_bits.tolist(), work_bits.tolist(), size_bits.tolist(), strict=True)
    for k, (arrival, work, size) in enumerate(packets):
        start = arrival if arrival > level else level
        if start - arrival + size <= limit:
            admitted[k] = True
            level = start + work
        departure[k] = level
    return admitted, departure

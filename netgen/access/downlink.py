"""The downlink of a cell: unicast flows of all its users, as fluids in arrays, epoch by epoch."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from netgen.access.download import Download, Floats
from netgen.scheduling.sharing import max_min_rates_bps
from netgen.transport.clock import NS_PER_S


class Downlink:
    """Shares a cell's capacity among its users and tells when each has each segment.

    Rates are max-min fair under a peak rate per user. They hold until the end of the epoch or the next
    arrival, whichever is first; completion instants inside are interpolated, exact for constant rates.

    Parameters
    ----------
    capacity_bps : float, bit/s     Shared by all users.
    peak_bps : (n,) float, bit/s    Peak rate of each user.
    epoch_ns : int, ns              Longest time for which rates are held.
    """

    def __init__(
        self,
        env: simpy.Environment,
        name: str,
        *,
        capacity_bps: float,
        peak_bps: Floats,
        epoch_ns: int,
        interval_ns: int,
        end_ns: int,
    ) -> None:
        self.env, self.name = env, name
        self.capacity_bps, self.peak_bps = capacity_bps, peak_bps
        self.epoch_ns, self.interval_ns, self.end_ns = epoch_ns, interval_ns, end_ns
        intervals = -(-end_ns // interval_ns)
        edges_ns = np.minimum(np.arange(intervals + 1) * interval_ns, end_ns)
        self.capacity_bits = np.diff(edges_ns) / NS_PER_S * capacity_bps
        self.discriminative_bits = np.zeros(intervals)
        self.generative_bits = np.zeros(intervals)
        self.semantic_bits = np.zeros(intervals)
        self.offered_bits = 0
        self.services = 0
        self._served = np.zeros(len(peak_bps))
        self._queued = np.zeros(len(peak_bps))
        self._rate = np.zeros(len(peak_bps))
        self._downloads: list[Download] = []
        self._since_ns = 0
        self._arrival = env.event()
        env.process(self._run())

    @property
    def received_bits(self) -> float:
        """Bits that users have received so far."""
        return float(self.discriminative_bits.sum() + self.generative_bits.sum())

    @property
    def discarded_bits(self) -> float:
        """Nothing is given up here."""
        return 0.0

    def enqueue(self, download: Download) -> None:
        """Queue a segment for some users, behind what they already wait for."""
        self._advance()
        download.begin_bits = self._queued[download.users].copy()
        download.done_s = np.full(len(download.users), np.nan)
        self._queued[download.users] += download.size_bits
        self.offered_bits += download.size_bits * len(download.users)
        self._downloads.append(download)
        self._share()
        if not self._arrival.triggered:
            self._arrival.succeed()

    def backlog_bits(self) -> int:
        """Bits that wait at this instant, over all users."""
        self._advance()
        return round(float((self._queued - self._served).sum()))

    def close(self) -> None:
        """Bring the books to the end of the run."""
        self._advance()

    def finish(self) -> None:
        """Hand over what some users of unfinished segments have; the others' instants stay NaN."""
        self._advance()
        for download in self._downloads:
            download.done(download.done_s, False)

    def _run(self) -> Generator[simpy.Event, Any, None]:
        """Advance at the end of every epoch while anything is queued."""
        while True:
            if not self._downloads:
                self._arrival = self.env.event()
                yield self._arrival
            now_ns = int(self.env.now)
            yield self.env.timeout((now_ns // self.epoch_ns + 1) * self.epoch_ns - now_ns)
            self._advance()
            self._share()

    def _share(self) -> None:
        """Rates from now on."""
        waiting = self._queued - self._served > 0
        self._rate = max_min_rates_bps(np.where(waiting, self.peak_bps, 0.0), self.capacity_bps)

    def _advance(self) -> None:
        """Serve from the last instant to now at the rates that held, and finish what is complete."""
        now_ns = min(int(self.env.now), self.end_ns)
        span_s = (now_ns - self._since_ns) / NS_PER_S
        if span_s <= 0:
            return
        before = self._served
        begin_s = self._since_ns / NS_PER_S
        self._served = np.minimum(before + self._rate * span_s, self._queued)
        # A remainder below a thousandth of a bit is rounding, not work that would take another epoch.
        self._served = np.where(self._queued - self._served < 1e-3, self._queued, self._served)
        for download in self._downloads:
            self._progress(download, before, begin_s, now_ns)
        finished = [download for download in self._downloads if not np.isnan(download.done_s).any()]
        self._downloads = [download for download in self._downloads if np.isnan(download.done_s).any()]
        self._since_ns = now_ns
        for download in finished:
            slot = max(now_ns - 1, 0) // self.interval_ns
            self.semantic_bits[slot] += download.meaning.semantic_bits
            download.done(download.done_s, False)

    def _progress(self, download: Download, before: Floats, begin_s: float, now_ns: int) -> None:
        """Work done for one download in the span that ends now, and the instants of its completions."""
        users, size = download.users, download.size_bits
        old = np.clip(before[users] - download.begin_bits, 0.0, size)
        new = np.clip(self._served[users] - download.begin_bits, 0.0, size)
        bits = float((new - old).sum())
        slot = max(now_ns - 1, 0) // self.interval_ns
        self.generative_bits[slot] += bits * download.generative_share
        self.discriminative_bits[slot] += bits * (1.0 - download.generative_share)
        ready = np.isnan(download.done_s) & (new >= size)
        if ready.any():
            target = (download.begin_bits + size)[ready]
            started = before[users][ready]
            lasting = (target - started) / np.maximum(self._rate[users][ready], 1e-300)
            download.done_s[ready] = np.minimum(begin_s + np.maximum(lasting, 0.0), now_ns / NS_PER_S)

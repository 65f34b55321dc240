"""What waits for terminals: a first-in-first-out queue of segments per user in arrays, and lines that all hear."""

from __future__ import annotations

from collections import deque

import numpy as np

from netgen.access.download import Download, Floats, Rows

_SLACK_BITS = 1e-3  # a remainder below a thousandth of a bit is rounding, not work for another epoch
_NO_DOWNLOAD = -1


class TerminalQueues:
    """Fluid queues of many users; a step costs what is served and what completes, not what waits.

    Segments that are given up stay in line without weight and are skipped at the head.

    Parameters
    ----------
    users : int                     Number of users.
    """

    def __init__(self, users: int) -> None:
        self.users = users
        self.backlog_bits = np.zeros(users)
        self.offered_bits = 0.0
        self.carried_bits = 0.0
        self.discarded_bits = 0.0
        # What is missing of the segment at the head, infinite without any, and the sizes of all in line.
        self._head_left_bits = np.full(users, np.inf)
        self._depth = 4
        self._sizes = np.zeros((users, self._depth))
        self._numbers = np.full((users, self._depth), _NO_DOWNLOAD, dtype=np.int64)
        self._head = np.zeros(users, dtype=np.int64)
        self._waiting = np.zeros(users, dtype=np.int64)
        self._downloads: dict[int, Download] = {}
        self._missing: dict[int, int] = {}
        self._complete: list[int] = []
        self._count = 0
        # Per download ever made: its service, its generative share, and whether it was given up.
        self._service = np.zeros(1024, dtype=np.int64)
        self._share = np.zeros(1024)
        self._given_up = np.zeros(1024, dtype=np.bool_)
        self._any_generative = False

    def __len__(self) -> int:
        """Number of downloads under way."""
        return len(self._downloads)

    @property
    def downloads(self) -> tuple[Download, ...]:
        """What is under way, oldest first."""
        return tuple(self._downloads.values())

    def active(self) -> Rows:
        """Users for whom something waits, increasing."""
        rows: Rows = np.flatnonzero(self.backlog_bits > 0)
        return rows

    def head_service(self, rows: Rows) -> Rows:
        """Number of the service of the segment at the head of each queue, of users with something waiting."""
        service: Rows = self._service[self._numbers[rows, self._head[rows]]]
        return service

    def head_number(self, rows: Rows) -> Rows:
        """Number of the segment at the head of each queue, of users with something waiting; no two have the same."""
        number: Rows = self._numbers[rows, self._head[rows]]
        return number

    def in_line(self) -> tuple[Rows, Rows, Floats]:
        """Everything that waits, as users, numbers of segments, and bits that the users still miss of them."""
        rows = self.active()
        order = np.arange(self._depth)
        place = (self._head[rows, None] + order) % self._depth
        line, step = np.nonzero(order < self._waiting[rows, None])
        users, numbers = rows[line], self._numbers[rows[line], place[line, step]]
        bits = np.where(step == 0, self._head_left_bits[users], self._sizes[rows[line], place[line, step]])
        live = ~self._given_up[numbers]
        return users[live], numbers[live], bits[live]

    def enqueue(self, download: Download, service: int = 0) -> None:
        """Put a segment of a service, which has a number, behind what its users already wait for."""
        number, users = self._register(download)
        self._service[number] = service
        while int(self._waiting[users].max(initial=0)) >= self._depth:
            self._deepen()
        waiting = self._waiting[users]
        place = (self._head[users] + waiting) % self._depth
        self._sizes[users, place] = download.size_bits
        self._numbers[users, place] = number
        first = waiting == 0
        self._head_left_bits[users[first]] = download.bits[first]
        self._waiting[users] = waiting + 1
        self.backlog_bits[users] += download.size_bits
        self.offered_bits += float(download.total_bits)

    def serve(
        self,
        rows: Rows,
        rate_bps: Floats,
        begin_s: float,
        span_s: float,
        *,
        most_bits: Floats | None = None,
        lag_s: Floats | float = 0.0,
    ) -> tuple[Floats, Floats]:
        """Serve some users at constant rates for a span of time, and finish what becomes complete.

        What becomes complete is told when all books are up to date, so it may bring more to the queues.

        Parameters
        ----------
        rows : (n,) int64               Users, each once; for whom nothing waits gets nothing.
        rate_bps : (n,) float, bit/s    Their rates, >= 0.
        begin_s, span_s : float, s      Beginning and length of the span.
        most_bits : (n,) float, bit     What each user gets at most, served at the beginning of the span; None for no
                                        such limit.
        lag_s : (n,) or () float, s     Time of the span before each user is served, >= 0.

        Returns
        -------
        bits, generative : (n,) float, bit  Bits that each user got, and those of them that steer a model.
        """
        backlog_bits = self.backlog_bits[rows]
        bits = np.minimum(rate_bps * np.maximum(span_s - lag_s, 0.0), backlog_bits)
        if most_bits is not None:
            bits = np.minimum(bits, most_bits)
        generative = np.zeros(len(rows))
        if self._any_generative:
            generative = bits * self._share[self._numbers[rows, self._head[rows]]]
        left_bits = self._head_left_bits[rows]
        through = np.flatnonzero((bits >= left_bits - _SLACK_BITS) & (bits > 0))
        self._head_left_bits[rows] = left_bits - bits
        if len(through):
            self._head_left_bits[rows[through]] = left_bits[through]
            bits[through], generative[through] = self._serve_through(
                rows[through],
                bits[through],
                rate_bps[through],
                begin_s + np.broadcast_to(lag_s, bits.shape)[through],
                begin_s + span_s,
            )
        backlog_bits -= bits
        # A remainder of rounding is served at once.
        empty = through[self._waiting[rows[through]] == 0]
        backlog_bits[empty] = 0.0
        self.backlog_bits[rows] = backlog_bits
        self.carried_bits += float(bits.sum())
        complete, self._complete = self._complete, []
        for number in complete:
            self._finish(number, given_up=False)
        return bits, generative

    def _serve_through(
        self, rows: Rows, most_bits: Floats, rate_bps: Floats, begin_s: Floats, end_s: float
    ) -> tuple[Floats, Floats]:
        """Serve users whose segments at the head become complete; return their bits as `serve` does."""
        bits, generative = np.zeros(len(rows)), np.zeros(len(rows))
        left = most_bits.copy()
        live = np.arange(len(rows))
        events: list[tuple[Rows, Rows, Floats]] = []
        while len(live):
            users = rows[live]
            number = self._numbers[users, self._head[users]]
            missing = self._head_left_bits[users]
            through = left[live] >= missing - _SLACK_BITS
            moved = np.where(through, missing, left[live])
            bits[live] += moved
            generative[live] += moved * self._share[number]
            left[live] -= moved
            self._head_left_bits[users] = missing - moved
            live, users, number = live[through], users[through], number[through]
            if len(live):
                left[live] = np.maximum(left[live], 0.0)
                spent_s = bits[live] / rate_bps[live]
                events.append((number, users, np.minimum(begin_s[live] + spent_s, end_s)))
                self._pop(users)
                more = (self._waiting[users] > 0) & (left[live] > _SLACK_BITS)
                live = live[more]
        self._record(events)
        return bits, generative

    def give_up(self, now_ns: int) -> None:
        """Drop the copies that are not complete of every download whose deadline has passed."""
        late = [
            number
            for number, download in self._downloads.items()
            if download.deadline_ns is not None and download.deadline_ns < now_ns
        ]
        for number in late:
            self._given_up[number] = True
            download = self._downloads[number]
            missing = np.isnan(download.done_s)
            users = download.users[missing]
            at_head = (self._numbers[users, self._head[users]] == number) & (self._waiting[users] > 0)
            dropped = download.bits[missing]
            first = users[at_head]
            dropped[at_head] = self._head_left_bits[first]
            self.backlog_bits[users] -= dropped
            self.discarded_bits += float(dropped.sum())
            self._pop(first)
            self.backlog_bits[users[self._waiting[users] == 0]] = 0.0
            self._finish(number, given_up=True)

    def finish(self) -> None:
        """Hand over what some users of unfinished segments have; the others' instants stay NaN."""
        for number in list(self._downloads):
            self._finish(number, given_up=False)

    def _register(self, download: Download) -> tuple[int, Rows]:
        """Number a download and remember it."""
        number, users = self._count, download.users
        self._count += 1
        if number == len(self._share):
            self._service = np.concatenate([self._service, np.zeros(number, dtype=np.int64)])
            self._share = np.concatenate([self._share, np.zeros(number)])
            self._given_up = np.concatenate([self._given_up, np.zeros(number, dtype=np.bool_)])
        self._share[number] = download.generative_share
        self._any_generative = self._any_generative or download.generative_share > 0
        download.done_s = np.full(len(users), np.nan)
        self._downloads[number] = download
        self._missing[number] = len(users)
        return number, users

    def _deepen(self) -> None:
        """Double the room of every queue, with its head at the front."""
        order = (self._head[:, None] + np.arange(self._depth)) % self._depth
        rows = np.arange(self.users)[:, None]
        self._sizes = np.concatenate([self._sizes[rows, order], np.zeros_like(self._sizes)], axis=1)
        numbers = np.full_like(self._numbers, _NO_DOWNLOAD)
        self._numbers = np.concatenate([self._numbers[rows, order], numbers], axis=1)
        self._head[:] = 0
        self._depth *= 2

    def _pop(self, users: Rows) -> None:
        """Take away the heads of some queues, and what was given up behind them."""
        while len(users):
            head = (self._head[users] + 1) % self._depth
            self._head[users] = head
            waiting = self._waiting[users] - 1
            self._waiting[users] = waiting
            self._head_left_bits[users] = np.where(waiting > 0, self._sizes[users, head], np.inf)
            # The bits of what was given up left the backlog then.
            users = users[(waiting > 0) & self._given_up[self._numbers[users, head]]]

    def _record(self, events: list[tuple[Rows, Rows, Floats]]) -> None:
        """Note completions, download by download, and which of them are complete everywhere."""
        if not events:
            return
        numbers = np.concatenate([event[0] for event in events])
        users = np.concatenate([event[1] for event in events])
        at_s = np.concatenate([event[2] for event in events])
        order = np.argsort(numbers, kind="stable")
        numbers, users, at_s = numbers[order], users[order], at_s[order]
        first = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
        for begin, end in zip(first, np.append(first[1:], len(numbers)), strict=True):
            number = int(numbers[begin])
            download = self._downloads[number]
            download.done_s[np.searchsorted(download.users, users[begin:end])] = at_s[begin:end]
            self._missing[number] -= int(end - begin)
            if not self._missing[number]:
                self._complete.append(number)

    def _finish(self, number: int, *, given_up: bool) -> None:
        """The fate of a download is known."""
        download = self._downloads.pop(number)
        del self._missing[number]
        download.done(download.done_s, given_up)


class SharedLine:
    """Segments that go out once for all of their users, one after the other, like the queue of one more user.

    Bits on the air count once; those offered, carried, discarded and waiting count for every user who is to hear them.
    """

    def __init__(self) -> None:
        self.offered_bits = self.carried_bits = self.discarded_bits = 0.0
        # Download, what is missing of it on the air, and the smallest peak rate of its users.
        self._line: deque[tuple[Download, float, float]] = deque()

    def __len__(self) -> int:
        """Number of segments that wait."""
        return len(self._line)

    @property
    def backlog_bits(self) -> float:
        """Bits that wait, counted for every user."""
        return sum(left_bits * len(download.users) for download, left_bits, _ in self._line)

    @property
    def air_backlog_bits(self) -> float:
        """Bits that wait, counted once."""
        return sum(left_bits for _, left_bits, _ in self._line)

    @property
    def peak_bps(self) -> float:
        """Rate that all users of the first segment can take, bit/s; 0 when nothing waits."""
        return self._line[0][2] if self._line else 0.0

    def enqueue(self, download: Download, peak_bps: float) -> None:
        """Put a segment, all users of which can take a rate, behind the others."""
        size_bits = float(download.require_one_size())
        download.done_s = np.full(len(download.users), np.nan)
        self.offered_bits += float(download.total_bits)
        self._line.append((download, size_bits, peak_bps))

    def serve(self, rate_bps: float, begin_s: float, span_s: float) -> tuple[float, float, list[Download]]:
        """Send at a constant rate, or the lower one that all users of a segment can take, for a span of time.

        Returns
        -------
        bits, generative : float, bit   What went over the air, and how much of it steers models.
        complete : list of Download     Whose instants are known now; the caller tells them.
        """
        bits, generative, spent_s = 0.0, 0.0, 0.0
        complete = []
        while self._line and spent_s < span_s:
            download, left_bits, peak_bps = self._line[0]
            # The rate is for the users of the first segment; those of the next may take less.
            rate = min(rate_bps, peak_bps)
            able_bits = rate * (span_s - spent_s)
            through = left_bits <= able_bits + _SLACK_BITS and able_bits > 0
            moved = left_bits if through else able_bits
            bits += moved
            generative += moved * download.generative_share
            self.carried_bits += moved * len(download.users)
            if not through:
                self._line[0] = (download, left_bits - moved, peak_bps)
                break
            self._line.popleft()
            spent_s = min(spent_s + left_bits / rate, span_s)
            download.done_s[:] = begin_s + spent_s
            complete.append(download)
        return bits, generative, complete

    def give_up(self, now_ns: int) -> list[Download]:
        """Drop every segment whose deadline has passed; the caller tells their ends."""
        late = [
            entry
            for entry in self._line
            if entry[0].deadline_ns is not None and entry[0].deadline_ns < now_ns
        ]
        for entry in late:
            self._line.remove(entry)
            self.discarded_bits += entry[1] * len(entry[0].users)
        return [download for download, _, _ in late]

    def finish(self) -> list[Download]:
        """Segments that are under way at the end of a run; they stay in line."""
        return [download for download, _, _ in self._line]

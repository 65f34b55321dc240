"""The way between the broadcast core and the cellular core: messages with a size, at a rate, with a delay."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import simpy

from netgen.ledger import Balance
from netgen.topology.outages import Outages
from netgen.transport.clock import NS_PER_S, to_ns


class Heading(StrEnum):
    """Which way a message goes."""

    TO_CELLULAR = "to-cellular"
    TO_BROADCAST = "to-broadcast"


class ControlLink:
    """Carries messages one behind the other in each direction; a cut holds them up and repeats the one cut off.

    Parameters
    ----------
    delay_ns : int, ns              Delay of a message, one way.
    rate_bps : float, bit/s         Rate at which messages are put on the way.
    outages : Outages               When the way is cut; what is being put on it then starts again afterwards.
    end_ns : int, ns                End of the run.

    Attributes
    ----------
    messages, bits : mapping        Messages offered so far and their bits, by heading.
    transfer_s : list of float, s   Time from sending to arrival of every message that has arrived.
    """

    def __init__(
        self, env: simpy.Environment, *, delay_ns: int, rate_bps: float, outages: Outages, end_ns: int
    ) -> None:
        self.env, self.delay_ns, self.rate_bps = env, delay_ns, rate_bps
        self.outages, self.end_ns = outages, end_ns
        self.messages = dict.fromkeys(Heading, 0)
        self.bits = dict.fromkeys(Heading, 0)
        self.transfer_s: list[float] = []
        self._arrived_bits = self._under_way_bits = 0
        self._free_ns = dict.fromkeys(Heading, 0)

    def send(self, heading: Heading, bits: int, arrive: Callable[[], None]) -> None:
        """Send a message; `arrive` is called when it has arrived, if that is before the end of the run."""
        now_ns = int(self.env.now)
        self.messages[heading] += 1
        self.bits[heading] += bits
        self._under_way_bits += bits
        begin_ns = self._begin_ns(max(now_ns, self._free_ns[heading]), self._sending_ns(bits))
        if begin_ns is None:
            self._free_ns[heading] = self.end_ns + 1
            return
        self._free_ns[heading] = begin_ns + self._sending_ns(bits)
        arrival_ns = self._free_ns[heading] + self.delay_ns

        def arrived(_event: simpy.Event) -> None:
            self._under_way_bits -= bits
            self._arrived_bits += bits
            self.transfer_s.append((arrival_ns - now_ns) / NS_PER_S)
            arrive()

        if arrival_ns <= self.end_ns:
            self.env.timeout(arrival_ns - now_ns).callbacks.append(arrived)

    def balance(self) -> Balance:
        """Where the bits of all messages are."""
        offered = sum(self.bits.values())
        return Balance("messages", "cores", float(offered), float(self._arrived_bits + self._under_way_bits))

    def _sending_ns(self, bits: int) -> int:
        """Time that it takes to put a message on the way."""
        return to_ns(bits / self.rate_bps)

    def _begin_ns(self, now_ns: int, sending_ns: int) -> int | None:
        """When a message is put on the way so that no cut falls into that time; None for never."""
        begin_s, sending_s = now_ns / NS_PER_S, sending_ns / NS_PER_S
        while self.outages.down_during(begin_s, begin_s + sending_s):
            cut = (self.outages.start_s <= begin_s + sending_s) & (self.outages.end_s > begin_s)
            begin_s = float(self.outages.end_s[cut][-1])
            if not np.isfinite(begin_s):
                return None
        return max(now_ns, to_ns(begin_s))

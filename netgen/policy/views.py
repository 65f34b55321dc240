"""What a policy may see: frozen values, never the engine's own objects."""

from __future__ import annotations

from dataclasses import dataclass

from netgen.policy.decisions import Contract, Decision, Drop, Expand, Forward


@dataclass(frozen=True, slots=True)
class SegmentView:
    """The segment and the representation of it that has reached the node.

    Parameters
    ----------
    service, content : str              Names in the scenario.
    index : int                         Number of the segment in its service, from 0.
    receivers : tuple of str            Nodes downstream that must get it.
    content_class : str                 For example `talking-face`.
    width_px, height_px, frames : int   The video in this segment.
    duration_s : float, s               Playing time of the segment.
    source_bits : int, bit              Size of the uncontracted representation.
    bits : int, bit                     Size of the representation at hand, per copy.
    copies : int                        Copies that travel together: one per user of a personal service.
    bits_per_pixel : float              `bits` over all pixels of the segment.
    semantic_bits : float, bit          Meaning still held by the representation at hand.
    semantic_fidelity : float           The same as a share of the segment's meaning, 0..1.
    required_fidelity : float           Least fidelity that the service asks for, 0..1.
    contracted_by : str or None         Action that contracted it; None when it is a full representation.
    playable : bool                     Whether a receiver can show it without expanding it.
    age_s : float, s                    Time since the source offered it.
    time_left_s : float or None, s      Time to its deadline (negative: past); None without a deadline.
    """

    service: str
    content: str
    index: int
    receivers: tuple[str, ...]
    content_class: str
    width_px: int
    height_px: int
    frames: int
    duration_s: float
    source_bits: int
    bits: int
    copies: int
    bits_per_pixel: float
    semantic_bits: float
    semantic_fidelity: float
    required_fidelity: float
    contracted_by: str | None
    playable: bool
    age_s: float
    time_left_s: float | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """An outgoing link on the segment's way.

    Parameters
    ----------
    name, to : str                  The link and the node at its other end.
    capacity_bps : float, bit/s     Capacity now.
    backlog_bits : int, bit         Bits waiting or in service at this instant.
    queue_bits : int or None, bit   Queue limit; None when unlimited.
    delay_s : float, s              Propagation delay.
    services : int                  Services whose routes use the link.
    available_bps : float, bit/s    Capacity now over `services`: an equal share.
    snr_db : float or None, dB      SNR now, where it is a radio link with loss of kind `coded`; else None.
    """

    name: str
    to: str
    capacity_bps: float
    backlog_bits: int
    queue_bits: int | None
    delay_s: float
    services: int
    available_bps: float
    snr_db: float | None = None


@dataclass(frozen=True, slots=True)
class GpuView:
    """The node's GPU.

    Parameters
    ----------
    device : str                    Device name.
    streams, busy, queued : int     Concurrent streams, how many are busy, jobs waiting.
    wait_s : float, s               Expected wait of a job submitted now.
    memory_bytes, free_bytes : int  Device memory, and what no resident model holds.
    resident : tuple of str         Actions whose models are in memory, least recently used first.
    """

    device: str
    streams: int
    busy: int
    queued: int
    wait_s: float
    memory_bytes: int
    free_bytes: int
    resident: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One legal decision and what the engine expects of it.

    Parameters
    ----------
    decision : Decision             What to return in order to choose it.
    bits : int, bit                 Size of the representation that would leave the node.
    semantic_fidelity : float       Its fidelity, 0..1.
    mode : str                      Its coding mode; `source` for a full representation.
    playable : bool                 Whether a receiver can show it as it would leave the node.
    wait_s, compute_s : float, s    Expected wait (until the whole segment is here and the GPU is free) and
                                    time on the GPU, cold start included; 0 for forwarding.
    transmit_s : float, s           Expected time to the farthest receiver: backlog of the next link, sending
                                    on the slowest link, all delays; not what happens at nodes on the way.
    meets_deadline : bool           Whether wait, compute and transmit fit into the time left.
    expandable_downstream : bool    Whether a node downstream, or else the terminals of all users there, could expand it
                                    again.
    """

    decision: Decision
    bits: int
    semantic_fidelity: float
    mode: str
    playable: bool
    wait_s: float
    compute_s: float
    transmit_s: float
    meets_deadline: bool
    expandable_downstream: bool

    @property
    def total_s(self) -> float:
        """Expected wait, computing and transmission together."""
        return self.wait_s + self.compute_s + self.transmit_s


@dataclass(frozen=True, slots=True)
class NodeView:
    """Everything a relay policy is shown when it decides on one segment at one node.

    Parameters
    ----------
    time_s : float, s               Simulated time.
    node, kind : str                The node and its kind.
    segment : SegmentView           The segment at hand.
    links : tuple of LinkView       Next links on its way; empty at the last node.
    gpu : GpuView or None           The node's GPU.
    options : tuple of Option       Legal decisions, each with what is expected of it.
    missed : str                    Action that was chosen before and would miss the deadline; empty at
                                    the first asking.
    """

    time_s: float
    node: str
    kind: str
    segment: SegmentView
    links: tuple[LinkView, ...]
    gpu: GpuView | None
    options: tuple[Option, ...]
    missed: str = ""

    @property
    def forward(self) -> Option:
        """The option of passing the segment on; always offered."""
        return next(option for option in self.options if isinstance(option.decision, Forward))

    @property
    def contractions(self) -> tuple[Option, ...]:
        """Options that contract."""
        return tuple(option for option in self.options if isinstance(option.decision, Contract))

    @property
    def expansion(self) -> Option | None:
        """The option of expanding, when there is one."""
        return next((option for option in self.options if isinstance(option.decision, Expand)), None)

    @property
    def drop(self) -> Option:
        """The option of giving the segment up; always offered."""
        return next(option for option in self.options if isinstance(option.decision, Drop))

"""What the service policies of the two cores may see: frozen values and read-only arrays over users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.policy.views import GpuView

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell of fixed rates, or one sector of a cellular network, as the cellular core sees it.

    Parameters
    ----------
    name : str                      Its name; of a sector `node:sector`.
    load : float                    Share of its resources in use, 0..1, over looks as long as the longest segment.
    backlog_s : float, s            What waits in it, over what it can carry.
    users : int                     Users who watch over it.
    late : float                    Share of the segments that ended in its node late or lost since the last decision.
    blocked : int                   Users to whom it has no room to serve.
    on_air : bool                   False during an outage.
    gpu : GpuView or None           GPU of its node; all sectors of a network share one.
    """

    name: str
    load: float
    backlog_s: float
    users: int
    late: float
    blocked: int
    on_air: bool
    gpu: GpuView | None


@dataclass(frozen=True, slots=True)
class ContinuationView:
    """What the broadcast core sees of one service and its users; arrays have one entry per user who watches now.

    Parameters
    ----------
    time_s, period_s, horizon_s : float, s  Now, time between decisions, how far the prediction reaches.
    service, content, tower : str   What goes out, and over which tower.
    on_air : bool                   Whether the tower's heartbeat is heard.
    rate_bps, segment_s : float     Mean rate of the service, and duration of its segments.
    poor : float                    Loss of a segment at which reception counts as poor, 0..1.
    user : (n,) int                 Number of each user, the same in every view.
    served : (n,) int               How each is served now, as `Serve`.
    moving : (n,) bool              Whose transfer between the cores is under way; nothing can be asked for them.
    since_s : (n,) float, s         Time since each was last transferred; infinite before.
    loss_now : (n,) float           Reported loss of segments on the tower, 0..1.
    loss_ahead : (n,) float         Largest predicted loss within the horizon, 0..1.
    time_to_poor_s : (n,) float, s  Until the prediction is poor; 0 where it is now, infinite where it is not.
    cell : (n,) int                 Index into `cells` of the cell that would serve each; -1 without one.
    unicast_share : (n,) float      Share of that cell's resources that each would take by unicast.
    multicast_share : (c,) float    Share of each cell's resources that a multicast to the users who are, or by the
                                    prediction will be, poor in it would take; 0 where there are none.
    cells : tuple of CellView       Cells, c of them.
    """

    time_s: float
    period_s: float
    horizon_s: float
    service: str
    content: str
    tower: str
    on_air: bool
    rate_bps: float
    segment_s: float
    poor: float
    user: Ints
    served: Ints
    moving: Bools
    since_s: Floats
    loss_now: Floats
    loss_ahead: Floats
    time_to_poor_s: Floats
    cell: Ints
    unicast_share: Floats
    multicast_share: Floats
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class ContentView:
    """A content that the cellular core may ask the broadcast core to take over.

    Parameters
    ----------
    service, content : str          Names in the scenario.
    channel : int                   Index into the view's channels: where it would be broadcast.
    rate_bps : float, bit/s         What it takes of that channel.
    on_tower : bool                 Whether it is broadcast now, or is being moved there.
    moving : bool                   Whether it is being moved; nothing can be asked for it then.
    since_s : float, s              Time since it was last moved; infinite before.
    audience : int                  Users who watch it now.
    reachable : int                 Those of them with a receiver, within coverage.
    share : float                   Resources that its reachable users take by cell, summed over cells in units of
                                    one cell's resources; of a content on the tower what they would take.
    busiest_share : float           The same in the cell where it is largest.
    """

    service: str
    content: str
    channel: int
    rate_bps: float
    on_tower: bool
    moving: bool
    since_s: float
    audience: int
    reachable: int
    share: float
    busiest_share: float


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A broadcast channel, or a pipe of one.

    Parameters
    ----------
    name : str                      Its name.
    capacity_bps : float, bit/s     What it has for contents that may be moved to it.
    on_air : bool                   Whether the tower's heartbeat is heard.
    """

    name: str
    capacity_bps: float
    on_air: bool


@dataclass(frozen=True, slots=True)
class OffloadingView:
    """What the cellular core sees: load, audiences per content, and the tower's limited rate.

    Parameters
    ----------
    time_s, period_s : float, s     Now, and time between decisions.
    contents : tuple                What may be moved.
    channels : tuple                Where to.
    cells : tuple of CellView       Load.
    """

    time_s: float
    period_s: float
    contents: tuple[ContentView, ...]
    channels: tuple[ChannelView, ...]
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class AdditionView:
    """What the cellular core sees of one enhancement and its users; arrays have one entry per user watching now.

    Parameters
    ----------
    time_s, period_s : float, s     Now, and time between decisions.
    service, common : str           The enhancement, and the common stream that it adds to.
    segment_s : float, s            Duration of a segment.
    deadline_s : float or None, s   Longest delay that is on time.
    sent_bits, control_bits : float, bit
                                    Mean size of a segment of one user sent as bits, and as the semantic control bits
                                    from which it is generated; `control_bits` is 0 without an action.
    sent_fidelity, generated_fidelity : float   Meaning that either keeps, 0..1.
    user : (n,) int                 Number of each user, the same in every view.
    how : (n,) int                  How each gets the enhancement now, as `Add`.
    cell : (n,) int                 Index into `cells`.
    rate_bps : (n,) float, bit/s    What the cell can give each of them now, beside the others.
    sent_share, control_share : (n,) float  Share of the cell's resources that each takes either way.
    can_terminal : (n,) bool        Whose terminal can generate: device, memory and battery allow it.
    terminal_s : (n,) float, s      Time that a segment takes there, waiting included; infinite where it cannot.
    battery : (n,) float            Charge left, 0..1; 1 for terminals without a battery.
    terminal_joule : (n,) float, J  Energy of one segment there.
    can_cell : (c,) bool            Whose node can generate.
    cell_s : (c,) float, s          Time of one segment of one user on each cell's GPU, without waiting; infinite where
                                    it cannot.
    cell_streams : (c,) int         Segments that it can generate at the same time.
    cells : tuple of CellView       Cells.
    """

    time_s: float
    period_s: float
    service: str
    common: str
    segment_s: float
    deadline_s: float | None
    sent_bits: float
    control_bits: float
    sent_fidelity: float
    generated_fidelity: float
    user: Ints
    how: Ints
    cell: Ints
    rate_bps: Floats
    sent_share: Floats
    control_share: Floats
    can_terminal: Bools
    terminal_s: Floats
    battery: Floats
    terminal_joule: Floats
    can_cell: Bools
    cell_s: Floats
    cell_streams: Ints
    cells: tuple[CellView, ...]


ServiceView = ContinuationView | OffloadingView | AdditionView

"""Service addition: how each user gets a personal enhancement of a common stream, as a policy chooses."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netgen.elastic.asking import ServiceDecider, figures, option, record_decision
from netgen.elastic.terminals import Piece, Terminals
from netgen.elastic.watch import CellWatch
from netgen.engine.node import Node
from netgen.engine.options import Outlook
from netgen.engine.reception import Reception
from netgen.engine.service import Plan, Service, Shipment
from netgen.generative.action import GenerativeAction
from netgen.generative.service_time import service_time
from netgen.ledger import LedgerWriter, UserSeen
from netgen.policy import (
    Add,
    AdditionView,
    can_generate_at_cell,
    can_generate_at_terminal,
    checked_addition,
)
from netgen.transport.clock import to_s

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

CORE = "cellular-core"
WAYS = {way: way.name.lower().replace("_", "-") for way in Add}
"""How a way is called in the records."""


@dataclass(frozen=True, slots=True, eq=False)
class AdditionParts:
    """What the addition of every service works with.

    Parameters
    ----------
    reception : Reception           Where users stand in their cells.
    watch : CellWatch               What the cellular core sees of the cells.
    outlook : Outlook               Nodes and actions.
    terminals : Terminals           What users can generate.
    writer : LedgerWriter           Decisions.
    period_s : float, s             Time between decisions.
    """

    reception: Reception
    watch: CellWatch
    outlook: Outlook
    terminals: Terminals
    writer: LedgerWriter
    period_s: float


@dataclass(frozen=True, slots=True, eq=False)
class CellGenerators:
    """What the nodes of the cells can generate; arrays have one entry per part that the watch sees."""

    can: Bools
    seconds: Floats
    streams: Rows


@dataclass(slots=True, eq=False)
class Enhancement:
    """One enhancement, its users and who could generate it, as the cellular core sees them.

    Parameters are those of `Addition`.
    """

    parts: AdditionParts
    service: Service
    common: str
    action: str | None
    _action: GenerativeAction | None = field(init=False, default=None)
    _piece: Piece = field(init=False)
    _sent_bits: float = field(init=False)
    _control_bits: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        track = self.service.track
        pixels = track.video_format.pixels
        frames = max(1, round(float(track.frames.mean())))
        self._piece = Piece(self.service.content_class, frames, pixels, track.segment_s)
        self._sent_bits = float(track.bits.mean())
        if self.action is not None:
            made = self._action = self.parts.outlook.menu.of(self.action, self.service.content_class)
            sizes = [made.contracted_bits(frames=frames, pixels=pixels) for frames in track.frames.tolist()]
            self._control_bits = float(np.mean(sizes))

    def cells(self) -> list[str]:
        """Cells that the enhancement goes to and that serve anybody."""
        return [name for name in self.service.paths if name in self.parts.reception.downlinks]

    def watching(self, cell: str, time_s: float) -> Rows:
        """Rows of a cell who watch now, in the order of the cell's own arrays."""
        reception = self.parts.reception
        rows = reception.population.reach(self.service.name, cell).active(time_s)
        return rows[np.argsort(reception.downlink_users[cell][rows], kind="stable")]

    def streams(self, name: str) -> int:
        """Segments that a node can generate at the same time."""
        gpu = self.parts.outlook.nodes[name].gpu
        return 0 if gpu is None else gpu.device.streams

    def view(self, time_s: float, rows: list[Rows], how: Rows) -> AdditionView:
        """What the policy sees of the rows of each cell, who get it now in the ways of `how`, by row."""
        parts, segment_s = self.parts, self.service.track.segment_s
        everybody = np.concatenate(rows)
        rate_bps, sent_share = np.zeros(len(everybody)), np.zeros(len(everybody))
        control_share = np.zeros(len(everybody))
        first = 0
        for cell, mine in zip(self.cells(), rows, strict=True):
            here = slice(first, first + len(mine))
            first += len(mine)
            hop, users = parts.reception.downlinks[cell], parts.reception.downlink_users[cell][mine]
            rate_bps[here] = hop.rate_bps(users)
            sent_share[here] = hop.unicast_share(users, self._sent_bits / segment_s)
            if self._action is not None:
                control_share[here] = hop.unicast_share(users, self._control_bits / segment_s)
        deadline_ns = self.service.deadline_ns
        can_terminal, terminal_s, terminal_joule = self._at_terminals(everybody, time_s)
        at_cells = self._at_cells()
        return AdditionView(
            time_s=time_s, period_s=parts.period_s, service=self.service.name, common=self.common,
            segment_s=segment_s, deadline_s=None if deadline_ns is None else to_s(deadline_ns),
            sent_bits=self._sent_bits, control_bits=self._control_bits, sent_fidelity=1.0,
            generated_fidelity=0.0 if self._action is None else self._action.semantic_fidelity,
            user=_ints(everybody), how=_ints(how[everybody]), cell=_ints(parts.watch.part_of(everybody)),
            rate_bps=_floats(rate_bps), sent_share=_floats(sent_share), control_share=_floats(control_share),
            can_terminal=_bools(can_terminal), terminal_s=_floats(terminal_s),
            battery=_floats(parts.terminals.battery(everybody)), terminal_joule=_floats(terminal_joule),
            can_cell=_bools(at_cells.can), cell_s=_floats(at_cells.seconds),
            cell_streams=_ints(at_cells.streams), cells=parts.watch.cells,
        )  # fmt: skip

    def _at_terminals(self, rows: Rows, time_s: float) -> tuple[Bools, Floats, Floats]:
        """Whose terminal can generate a segment; how long that takes with waiting, and its energy."""
        terminals, action = self.parts.terminals, self._contractible()
        if action is None:
            return np.zeros(len(rows), dtype=np.bool_), np.full(len(rows), np.inf), np.zeros(len(rows))
        can = terminals.can(rows, action, self._piece)
        taken_s = terminals.wait_s(rows, time_s) + terminals.expand_s(rows, action, self._piece)
        joule = terminals.joule(rows, action, self._piece)
        return can, np.where(can, taken_s, np.inf), np.where(can, joule, 0.0)

    def _at_cells(self) -> CellGenerators:
        """What the node of each part of the watch can generate; the parts of one network share its GPU."""
        watch, action = self.parts.watch, self._contractible()
        count = len(watch.cells)
        found = CellGenerators(
            np.zeros(count, dtype=np.bool_), np.full(count, np.inf), np.zeros(count, np.int64)
        )
        for name in self.cells():
            node = self.parts.outlook.nodes[name]
            if action is None or not self._expands(node):
                continue
            begin = watch.first[name]
            places = slice(begin, begin + len(watch.downlinks[name].places()))
            found.can[places] = True
            found.seconds[places] = self._expand_s(node, action)
            found.streams[places] = self.streams(name)
        return found

    def _contractible(self) -> GenerativeAction | None:
        """The action, while the source can contract with it and what it keeps is worth delivering; else None."""
        action, source = self._action, self.parts.outlook.nodes[self.service.source]
        if action is None or source.gpu is None or not source.gpu.working:
            return None
        worth = action.semantic_fidelity >= self.service.required_fidelity
        smaller = self._control_bits < self._sent_bits
        return action if worth and smaller and action.name in source.contractions else None

    def _expands(self, node: Node) -> bool:
        """Whether a node's GPU can expand with the action now."""
        return node.gpu is not None and node.gpu.working and self.action in node.expansions

    def _expand_s(self, node: Node, action: GenerativeAction) -> float:
        """Time of one segment of one user on a node's GPU, s."""
        assert node.gpu is not None  # noqa: S101  (asked for nodes that can expand)
        assert action.expand_work is not None  # noqa: S101
        piece = self._piece
        return service_time(
            action.expand_work, node.gpu.device,
            frames=piece.frames, pixels=piece.pixels, duration_s=piece.duration_s,
        ).seconds  # fmt: skip


@dataclass(slots=True, eq=False)
class Addition:
    """The cellular core's care for one enhancement.

    Who has just begun to watch gets nothing until the policy is asked again; what nobody asked for is not offered.
    Of users of one cell who get it in the same way, those for whom something is generated are divided into as many
    parcels as can be generated at the same time, so that no stream of a GPU idles while another does all.

    Parameters
    ----------
    parts : AdditionParts           What it works with.
    service : Service               The enhancement: personal, from its source through cells.
    common : str                    The service that it enhances.
    action : str or None            Action from whose representation it can be generated; None for none.
    decider : ServiceDecider        The policy.

    Attributes
    ----------
    how : (rows,) int64             How each row of the population gets it, as `Add`; NONE for all other rows.
    """

    parts: AdditionParts
    service: Service
    common: str
    action: str | None
    decider: ServiceDecider[AdditionView]
    how: Rows = field(init=False)
    _enhancement: Enhancement = field(init=False)

    def __post_init__(self) -> None:
        self.how = np.full(len(self.parts.reception.population.users), Add.NONE, dtype=np.int64)
        self._enhancement = Enhancement(self.parts, self.service, self.common, self.action)
        names = self.parts.reception.population.services
        self.parts.watch.weight[[name == self.service.name for name in names]] = 0.0

    def tick(self, now_ns: int) -> None:
        """Look at the users who watch now, and ask the policy how each of them is to get the enhancement."""
        rows = [self._enhancement.watching(cell, to_s(now_ns)) for cell in self._enhancement.cells()]
        if not sum(len(mine) for mine in rows):
            return
        view = self._enhancement.view(to_s(now_ns), rows, self.how)
        decision, where = self.decider.ask(view, core=CORE, now_ns=now_ns)
        checked = checked_addition(decision, view, where=f"{where}, service {self.service.name}")
        self._record(now_ns, view, checked.how, checked.reason)
        everybody = np.concatenate(rows)
        self.how[everybody] = checked.how
        weights = np.array([0.0, 1.0, 1.0, view.control_bits / view.sent_bits])
        self.parts.watch.weight[everybody] = weights[checked.how]

    def shipments(self, service: Service, index: int, now_s: float) -> list[Shipment]:  # noqa: ARG002
        """Parcels of one segment: per cell and way, for the users who watch now; receivers without users get one."""
        found = []
        for receiver in service.paths:
            if receiver not in self.parts.reception.downlinks:
                found.append(Shipment((receiver,)))
                continue
            rows = self._enhancement.watching(receiver, now_s)
            how = self.how[rows]
            found += self._parcels(receiver, rows[how == Add.SENT], None, 1)
            if self.action is not None:
                at_cell, at_terminal = Plan(self.action, "cell"), Plan(self.action, "terminal")
                found += self._parcels(
                    receiver, rows[how == Add.AT_CELL], at_cell, self._enhancement.streams(receiver)
                )
                streams = self._enhancement.streams(service.source)
                found += self._parcels(receiver, rows[how == Add.AT_TERMINAL], at_terminal, streams)
        return found

    def _parcels(self, cell: str, rows: Rows, plan: Plan | None, most: int) -> list[Shipment]:
        """Users of a cell, in at most so many parcels of nearly the same size."""
        groups = np.array_split(rows, min(len(rows), max(most, 1))) if len(rows) else []
        return [Shipment((cell,), copies=len(group), rows=group, plan=plan) for group in groups]

    def _record(self, now_ns: int, view: AdditionView, how: Rows, reason: str) -> None:
        """Write the decision down, with the users who get the enhancement in another way than before."""
        able = {
            Add.NONE: np.ones(len(how), dtype=np.bool_),
            Add.SENT: view.cell >= 0,
            Add.AT_CELL: can_generate_at_cell(view),
            Add.AT_TERMINAL: can_generate_at_terminal(view),
        }
        bits = (0.0, view.sent_bits, view.control_bits, view.control_bits)
        fidelity = (0.0, view.sent_fidelity, view.generated_fidelity, view.generated_fidelity)
        counts = {way: int((how == way).sum()) for way in Add}
        record_decision(
            self.parts.writer, mode="addition", core=CORE, service=self.service.name, policy=self.decider.name,
            now_ns=now_ns, kind=", ".join(f"{WAYS[way]} {count}" for way, count in counts.items() if count),
            action=self.action or "", reason=reason,
            options=[
                option(
                    WAYS[way], "" if way in (Add.NONE, Add.SENT) else self.action or "",
                    users_able=able[way].sum(), users_now=(view.how == way).sum(),
                    bits=bits[way], semantic_fidelity=fidelity[way],
                )
                for way in Add
            ],
            saw=figures(
                users=len(view.user), segment_s=view.segment_s,
                deadline_s=np.inf if view.deadline_s is None else view.deadline_s,
                largest_load=max((cell.load for cell in view.cells), default=0.0),
                largest_backlog_s=max((cell.backlog_s for cell in view.cells), default=0.0),
            ),
            users=[self._seen(view, how, k) for k in np.flatnonzero(how != view.how).tolist()],
        )  # fmt: skip

    def _seen(self, view: AdditionView, how: Rows, k: int) -> UserSeen:
        """What the policy saw of one user."""
        cell = int(view.cell[k])
        return UserSeen(
            self.parts.reception.population.users[int(view.user[k])],
            WAYS[Add(int(view.how[k]))],
            WAYS[Add(int(how[k]))],
            figures(
                rate_bps=view.rate_bps[k], sent_share=view.sent_share[k], control_share=view.control_share[k],
                cell_load=view.cells[cell].load if cell >= 0 else np.inf,
                cell_s=view.cell_s[cell] if cell >= 0 else np.inf,
                terminal_s=view.terminal_s[k], terminal_joule=view.terminal_joule[k], battery=view.battery[k],
            ),
        )  # fmt: skip


def _ints(values: Rows) -> Rows:
    """A copy that nobody can write to."""
    copy = values.astype(np.int64)
    copy.flags.writeable = False
    return copy


def _floats(values: Floats) -> Floats:
    """A copy that nobody can write to."""
    copy = values.astype(np.float64)
    copy.flags.writeable = False
    return copy


def _bools(values: Bools) -> Bools:
    """A copy that nobody can write to."""
    copy = values.astype(np.bool_)
    copy.flags.writeable = False
    return copy

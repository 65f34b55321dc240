"""Whether a decision of a service policy is legal for the view that it answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.errors import PolicyError
from netgen.policy.service_limits import can_generate_at_cell
from netgen.policy.service_policies import (
    Add,
    AdditionDecision,
    ContinuationDecision,
    OffloadingDecision,
    Serve,
)
from netgen.policy.service_views import AdditionView, Bools, ContinuationView, Ints, OffloadingView

RATE_TOLERANCE = 1e-9
"""Share of a channel by which the sum of rates may be above it: rounding of a sum of floats, no more."""


def checked_continuation(decision: object, view: ContinuationView, *, where: str) -> ContinuationDecision:
    """Return a decision of a continuation policy as int64, or raise when it is not legal.

    Parameters
    ----------
    decision : object               What the policy returned.
    view : ContinuationView         What it was shown.
    where : str                     How the message begins: policy, core, time.

    Raises
    ------
    PolicyError                     Another type, shape or value; a cast that does not exist; a change for a user
                                    who is moving; or anything but the way back to the tower for one without a cell.
    """
    if not isinstance(decision, ContinuationDecision):
        raise PolicyError(f"{where}: {decision!r} is no ContinuationDecision")
    serve = _choices(decision.serve, len(view.user), Serve, f"{where}: serve")
    if not (isinstance(decision.cast, str) and decision.cast in ("unicast", "multicast", "cheaper")):
        raise PolicyError(f"{where}: cast = {decision.cast!r} is neither unicast, multicast nor cheaper")
    changed = serve != view.served
    _refuse(changed & view.moving, view.user, serve, Serve, where, "is being moved, so must stay as served")
    away = changed & (view.cell < 0) & (serve != Serve.BROADCAST)
    _refuse(
        away, view.user, serve, Serve, where, "has no cell, so must stay as served or go back to the tower"
    )
    return ContinuationDecision(serve, decision.cast, _one_line(decision.reason, where))


def checked_offloading(decision: object, view: OffloadingView, *, where: str) -> OffloadingDecision:
    """Return a decision of an offloading policy with the services in the order of the view, or raise.

    Parameters are those of `checked_continuation`.

    Raises
    ------
    PolicyError                     Another type; a service that the view does not have, or twice; a content that is
                                    being moved and was turned back; or rates that do not fit into their channel.
    """
    if not isinstance(decision, OffloadingDecision):
        raise PolicyError(f"{where}: {decision!r} is no OffloadingDecision")
    chosen = decision.on_tower
    if not isinstance(chosen, tuple | list) or not all(isinstance(name, str) for name in chosen):
        raise PolicyError(f"{where}: on_tower = {chosen!r} is not a tuple of names")
    known = [content.service for content in view.contents]
    for number, name in enumerate(chosen):
        if name not in known:
            raise PolicyError(f'{where}: no service "{name}" (it has: {", ".join(known) or "none"})')
        if name in chosen[:number]:
            raise PolicyError(f'{where}: on_tower names "{name}" twice')
    for content in view.contents:
        if content.moving and content.on_tower != (content.service in chosen):
            becoming = "to the tower" if content.on_tower else "back to the cells"
            raise PolicyError(
                f'{where}: "{content.service}" is being moved {becoming} and cannot be turned back'
            )
    for number, channel in enumerate(view.channels):
        taken = [c for c in view.contents if c.channel == number and c.service in chosen]
        rate_bps = sum(content.rate_bps for content in taken)
        free = [content.service for content in taken if not content.moving]
        # What is being moved cannot be given up; when it alone is too much, that is not the policy's fault.
        if free and not rate_bps <= channel.capacity_bps * (1 + RATE_TOLERANCE):
            raise PolicyError(
                f"{where}: {', '.join(content.service for content in taken)} need {rate_bps:.9g} bit/s of "
                f"{channel.name}, which has {channel.capacity_bps:.9g} bit/s"
            )
    return OffloadingDecision(
        tuple(name for name in known if name in chosen), _one_line(decision.reason, where)
    )


def checked_addition(decision: object, view: AdditionView, *, where: str) -> AdditionDecision:
    """Return a decision of an addition policy as int64, or raise when it is not legal.

    Parameters are those of `checked_continuation`.

    Raises
    ------
    PolicyError                     Another type, shape or value; or a way for a user who cannot get it so: nothing
                                    comes without a cell, and what is generated needs an action with control bits
                                    and a node or terminal that can generate.
    """
    if not isinstance(decision, AdditionDecision):
        raise PolicyError(f"{where}: {decision!r} is no AdditionDecision")
    how = _choices(decision.how, len(view.user), Add, f"{where}: how")
    generated = (how == Add.AT_CELL) | (how == Add.AT_TERMINAL)
    _refuse((how != Add.NONE) & (view.cell < 0), view.user, how, Add, where, "has no cell")
    if not view.control_bits > 0:
        _refuse(generated, view.user, how, Add, where, "cannot: the enhancement has no action")
    _refuse(
        (how == Add.AT_CELL) & ~can_generate_at_cell(view), view.user, how, Add, where,
        "is in a cell whose node cannot generate",
    )  # fmt: skip
    _refuse(
        (how == Add.AT_TERMINAL) & ~view.can_terminal, view.user, how, Add, where,
        "has a terminal that cannot generate",
    )  # fmt: skip
    return AdditionDecision(how, _one_line(decision.reason, where))


def _choices(values: object, count: int, kind: type[Serve | Add], where: str) -> Ints:
    """Whole numbers that stand for members of `kind`, one per user, as int64; or an error that says what is wrong."""
    if not isinstance(values, np.ndarray):
        raise PolicyError(f"{where} is {type(values).__name__}, not an array")
    if values.shape != (count,):
        raise PolicyError(f"{where} has shape {values.shape}; the view has {count} users")
    if not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        raise PolicyError(f"{where} is of {values.dtype}, not of whole numbers")
    legal: NDArray[np.bool_] = np.isin(values, [int(member) for member in kind])  # NaN is in no list
    if not legal.all():
        wrong = values[~legal][0]
        members = ", ".join(f"{int(member)} {member.name}" for member in kind)
        raise PolicyError(f"{where} holds {wrong}, which stands for nothing (legal: {members})")
    return values.astype(np.int64)


def _refuse(wrong: Bools, user: Ints, chosen: Ints, kind: type[Serve | Add], where: str, why: str) -> None:
    """Raise for the first user of a mask, naming what was chosen for how many."""
    if wrong.any():
        first = int(np.argmax(wrong))
        more = f" (and {int(wrong.sum()) - 1} more)" if wrong.sum() > 1 else ""
        raise PolicyError(f"{where}: {kind(int(chosen[first])).name} for user {user[first]}{more}, who {why}")


def _one_line(reason: object, where: str) -> str:
    """Return a reason that is text on one line; raise otherwise."""
    if not isinstance(reason, str) or not reason.isprintable():
        raise PolicyError(f"{where}: the reason {reason!r} is not text on one line")
    return reason

"""`check_policy`: the conformance check that authors of policies run themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace

import numpy as np

from netgen.errors import PolicyError
from netgen.policy.base import RelayPolicy
from netgen.policy.decisions import Contract, Drop, Expand, Forward, choice_of
from netgen.policy.loading import Policy, policy_kinds
from netgen.policy.service_checking import checked_addition, checked_continuation, checked_offloading
from netgen.policy.service_policies import AdditionPolicy, ContinuationPolicy, OffloadingPolicy
from netgen.policy.service_samples import addition_samples, continuation_samples, offloading_samples
from netgen.policy.service_views import AdditionView, ContinuationView, OffloadingView, ServiceView
from netgen.policy.views import GpuView, LinkView, NodeView, Option, SegmentView


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """What `check_policy` found: views tried, and the median time of one decision."""

    views: int
    decision_s: float


def sample_views() -> tuple[NodeView, ...]:
    """Views that every policy must survive: idle and full queues, dead links, no GPU, no time left."""
    segment = SegmentView(
        service="s", content="c", index=0, receivers=("h",), content_class="natural",
        width_px=1280, height_px=720, frames=30, duration_s=1.0, source_bits=6_000_000, bits=6_000_000, copies=1,
        bits_per_pixel=6e6 / (1280 * 720 * 30), semantic_bits=20.0, semantic_fidelity=1.0,
        required_fidelity=0.0, contracted_by=None, playable=True, age_s=0.0, time_left_s=2.0,
    )  # fmt: skip
    link = LinkView("a->b", "b", 10e6, 0, 16_000_000, 0.005, 2, 5e6)
    gpu = GpuView("L4", 1, 0, 0, 0.0, 24_000_000_000, 24_000_000_000, ())
    forward = Option(Forward(), segment.bits, 1.0, "source", True, 0.0, 0.0, 0.6, True, False)
    drop = Option(Drop(), 0, 0.0, "source", False, 0.0, 0.0, 0.0, True, False)
    semi = Option(Contract("semi"), 900_000, 0.95, "semi-reference", True, 0.0, 0.04, 0.1, True, True)
    none = Option(Contract("none"), 60_000, 0.8, "no-reference", False, 0.0, 0.1, 0.01, True, True)
    base = NodeView(3.0, "a", "edge", segment, (link,), gpu, (forward, semi, none, drop))
    small = replace(
        segment, bits=60_000, bits_per_pixel=60_000 / (1280 * 720 * 30), semantic_fidelity=0.8,
        semantic_bits=16.0, contracted_by="none", playable=False,
    )  # fmt: skip
    expand = Option(Expand(), 6_000_000, 0.8, "source", True, 0.0, 0.2, 0.6, True, False)
    held = replace(forward, bits=60_000, semantic_fidelity=0.8, mode="no-reference", playable=False)
    dead = replace(link, capacity_bps=0.0, available_bps=0.0, backlog_bits=16_000_000)
    late = tuple(replace(option, meets_deadline=False) for option in base.options)
    return (
        base,
        replace(base, gpu=None, options=(forward, drop)),
        replace(
            base, links=(dead,), options=tuple(replace(o, transmit_s=float("inf")) for o in base.options)
        ),
        replace(base, links=(), options=(forward, drop)),
        replace(base, segment=replace(segment, time_left_s=-1.0), options=late),
        replace(base, segment=replace(segment, time_left_s=None)),
        replace(base, segment=small, options=(held, expand, drop)),
        replace(base, missed="semi", options=(forward, none, drop)),
    )


def check_policy(
    make: Callable[[], Policy], *, views: Sequence[NodeView | ServiceView] | None = None
) -> PolicyCheck:
    """Run the contract checks on a policy: legal decisions, determinism, views unchanged, no global randomness.

    Each view is shown to fresh instances, and all of them in turn to one that remembers. A policy of several kinds is
    tried on the views of each.

    Parameters
    ----------
    make : callable             Makes a fresh instance (`policy_factory`).
    views : sequence, optional  Views to try beside the samples; those of its kinds count.

    Returns
    -------
    PolicyCheck                 Number of views, median seconds per decision.

    Raises
    ------
    PolicyError                 A check failed; the message names the policy, the view and the check.
    """
    kinds = policy_kinds(type(make()))
    tried = [view for kind in kinds for view in _SAMPLES[kind]()]
    tried += [view for view in views or () if any(isinstance(view, _SEEN_BY[kind]) for kind in kinds)]
    durations_s = []
    for number, view in enumerate(tried):
        random_before, view_before = _global_state(), _fingerprint(view)
        start = time.perf_counter()
        decision = _decide(make(), view, number)
        durations_s.append(time.perf_counter() - start)
        if _global_state() != random_before:
            raise PolicyError(f"{_name(make)}: view {number}: drew from numpy's global generator; use `rng`")
        if _fingerprint(view) != view_before:
            raise PolicyError(f"{_name(make)}: view {number}: changed the view")
        again = _decide(make(), view, number)
        if _fingerprint(decision) != _fingerprint(again):
            raise PolicyError(
                f"{_name(make)}: view {number}: not deterministic: {decision} then {again} with the same seed"
            )
    one, other = make(), make()
    for number, view in enumerate(tried):
        decision, again = _decide(one, view, number), _decide(other, view, number)
        if _fingerprint(decision) != _fingerprint(again):
            raise PolicyError(
                f"{_name(make)}: view {number} after the others: not deterministic: {decision} then {again} "
                "with the same seed"
            )
    return PolicyCheck(len(tried), float(np.median(durations_s)))


def checked_choice(
    decision: object, offered: Collection[tuple[str, str]], *, where: str
) -> tuple[tuple[str, str], str]:
    """Return what a decision chooses and its reason; raise PolicyError when it was not offered.

    Parameters
    ----------
    offered : collection            The choices (kind, action) that are legal.
    where : str                     How the message begins: policy, node, time.
    """
    if isinstance(decision, Forward | Contract | Expand | Drop):
        if not isinstance(decision.reason, str) or not decision.reason.isprintable():
            raise PolicyError(f"{where}: the reason {decision.reason!r} is not text on one line")
        if choice_of(decision) in offered:
            return choice_of(decision), decision.reason
    legal = ", ".join(f"{kind}({action})" if action else kind for kind, action in offered)
    raise PolicyError(f"{where}: {decision!r} is not offered here; legal: {legal}")


def _decide(policy: Policy, view: NodeView | ServiceView, number: int) -> object:
    """One decision on one view with a fixed seed, checked for legality."""
    try:
        # `decide` of a policy takes the views of its own kinds, which is all that it is shown.
        decision = policy.decide(view, np.random.default_rng([7, number]))  # type: ignore[arg-type]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a check that ends in silence would pass for a success
        raise PolicyError(f"{type(policy).__name__}: view {number}: raised {error!r}") from error
    where = f'policy "{type(policy).__name__}"'
    if isinstance(view, NodeView):
        offered = [choice_of(option.decision) for option in view.options]
        checked_choice(decision, offered, where=f"{where} at node {view.node}, t = {view.time_s:.6f} s")
        return decision
    where += f": view {number}"
    if isinstance(view, ContinuationView):
        return checked_continuation(decision, view, where=where)
    if isinstance(view, OffloadingView):
        return checked_offloading(decision, view, where=where)
    return checked_addition(decision, view, where=where)


def _fingerprint(value: object) -> object:
    """What two views or decisions must have in common to be equal: their fields, arrays by content."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return type(value), tuple(_fingerprint(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple):
        return tuple(_fingerprint(part) for part in value)
    return value


def _name(make: Callable[[], Policy]) -> str:
    """The class name behind a factory."""
    return type(make()).__name__


def _global_state() -> tuple[object, ...]:
    """Fingerprint of numpy's legacy global generator, which no policy may use."""
    return tuple(np.asarray(part).tobytes() for part in np.random.get_state(legacy=True))  # noqa: NPY002


_SEEN_BY: dict[type, type] = {
    RelayPolicy: NodeView,
    ContinuationPolicy: ContinuationView,
    OffloadingPolicy: OffloadingView,
    AdditionPolicy: AdditionView,
}
_SAMPLES: dict[type, Callable[[], tuple[NodeView | ServiceView, ...]]] = {
    RelayPolicy: sample_views,
    ContinuationPolicy: continuation_samples,
    OffloadingPolicy: offloading_samples,
    AdditionPolicy: addition_samples,
}

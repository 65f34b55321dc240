"""Scalable transmission: when to contract a segment and when to expand it again."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from netgen.policy import Decision, NodeView, Option, RelayPolicy


class ForwardOnly(RelayPolicy):
    """Passes every segment on unchanged: the conventional network."""

    name: ClassVar[str] = "forward-only"

    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:
        """Forward."""
        return view.forward.decision


class BppThreshold(RelayPolicy):
    """Chooses the coding mode by the bits per pixel that the links can spare, by two thresholds.

    Above `full_bpp` a segment goes on in full, between the two in a semi-reference mode, below `none_bpp`
    in a no-reference mode (Zhang et al., Generative Video Communications, Engineering 56(1), 2026,
    section 2). What can be spared is the service's equal share of the next link, times `share`, over its copies. A
    contracted segment is expanded at the last node that can do it, unless the way on could not carry it.

    Parameters
    ----------
    full_bpp, none_bpp : float      The thresholds, bits per pixel.
    share : float                   Part of the equal share that counts as available, > 0.
    """

    name: ClassVar[str] = "bpp-threshold"

    def __init__(self, *, full_bpp: float = 0.05, none_bpp: float = 0.005, share: float = 1.0) -> None:
        if not 0 < none_bpp <= full_bpp:
            raise ValueError(f"need 0 < none_bpp <= full_bpp, got {none_bpp} and {full_bpp}")
        if not share > 0:
            raise ValueError(f"share must be positive, got {share}")
        self.full_bpp, self.none_bpp, self.share = full_bpp, none_bpp, share

    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:
        """Contract, expand or forward by the available bits per pixel."""
        segment = view.segment
        pixel_rate = segment.width_px * segment.height_px * segment.frames / segment.duration_s
        spare_bps = min((link.available_bps for link in view.links), default=float("inf"))
        spare_bps *= self.share / segment.copies
        spare_bpp = spare_bps / pixel_rate
        if segment.contracted_by is not None:
            if view.expansion is not None and not view.forward.expandable_downstream:
                return view.expansion.decision
            return view.forward.decision
        if spare_bpp > self.full_bpp:
            return view.forward.decision
        wanted = "semi-reference" if spare_bpp > self.none_bpp else "no-reference"
        chosen = _largest_fitting(view.contractions, wanted, spare_bps * segment.duration_s, view)
        return view.forward.decision if chosen is None else chosen.decision


class GreedyDelay(RelayPolicy):
    """Chooses whatever is expected to be through soonest, among options of enough fidelity.

    An option that leaves the receiver with something it cannot show does not count, nor does one below
    the service's required fidelity; ties go to the higher fidelity.

    Parameters
    ----------
    least_fidelity : float          Fidelity below which no option counts, 0..1.
    """

    name: ClassVar[str] = "greedy-delay"

    def __init__(self, *, least_fidelity: float = 0.0) -> None:
        if not 0 <= least_fidelity <= 1:
            raise ValueError(f"least_fidelity must lie in 0..1, got {least_fidelity}")
        self.least_fidelity = least_fidelity

    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:
        """Take the usable option with the smallest expected time."""
        least = max(self.least_fidelity, view.segment.required_fidelity)
        usable = [
            option
            for option in view.options
            if option.bits
            and option.semantic_fidelity >= least
            and (option.playable or option.expandable_downstream)
        ]
        if not usable:
            return view.forward.decision
        return min(usable, key=lambda option: (option.total_s, -option.semantic_fidelity)).decision


def _largest_fitting(options: tuple[Option, ...], mode: str, bits: float, view: NodeView) -> Option | None:
    """The largest contraction of a mode that fits into `bits`, or the smallest one if none does.

    Falls back to any other mode when the menu has none of the wanted one; a representation that nobody
    could show is never chosen.
    """
    usable = [option for option in options if option.playable or option.expandable_downstream]
    usable = [option for option in usable if option.semantic_fidelity >= view.segment.required_fidelity]
    wanted = [option for option in usable if option.mode == mode] or usable
    if not wanted:
        return None
    fitting = [option for option in wanted if option.bits <= bits]
    if fitting:
        return max(fitting, key=lambda option: option.bits)
    return min(wanted, key=lambda option: option.bits)

"""Which segments are rated: all, some at random, or those that there is a reason to doubt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a segment is rated; the first reason that holds is the one that is told.

    Parameters
    ----------
    always : bool                   Whether every segment is.
    fidelity : float                Whether it is depends on its expected semantic fidelity: below this it is.
    after_bad : int                 So many segments after one that was rated bad are.
    share : float                   Share of all others that are.
    """

    always: bool = False
    fidelity: float = 0.0
    after_bad: int = 0
    share: float = 0.0

    def reason(self, *, fidelity: float, since_bad: int | None, luck: float) -> str:
        """Return why a segment is rated; empty where it is not.

        Parameters
        ----------
        fidelity : float                Expected semantic fidelity, 0..1.
        since_bad : int or None         How many segments ago one was rated bad; None for never.
        luck : float                    Uniform in [0, 1).
        """
        if self.always:
            return "always"
        if fidelity < self.fidelity:
            return "fidelity"
        if since_bad is not None and since_bad <= self.after_bad:
            return "after-bad"
        return "share" if luck < self.share else ""

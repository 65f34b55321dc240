"""A generative action as the network applies it: contract a segment, or expand it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from netgen.generative.profile import CodingMode, Work
from netgen.generative.representation import Representation
from netgen.provenance import Provenance, weakest
from netgen.robustness.table import RobustnessTable


@dataclass(frozen=True, slots=True)
class GenerativeAction:
    """One entry of a scenario's menu: a profile at one operating point.

    Parameters
    ----------
    name : str                          Its name in the scenario.
    mode : CodingMode                   What is sent.
    bits_per_pixel : float, bit         Size of the contracted representation, > 0.
    semantic_fidelity : float           Share of the input's meaning that is kept, 0..1.
    fidelity_provenance : Provenance    Where that share comes from.
    provenance : Provenance             Weakest mark among all its figures.
    playable : bool                     Whether the contracted representation can be shown as it is.
    learned : bool                      Whether a generative model expands it.
    generative_share : float            Share of its bits that steer a generative model, 0..1.
    expanded_rate_bps : float or None   Rate after expansion; None gives the source's own bits.
    psnr_db, ms_ssim : float or None    Quality of what it shows.
    contract_work, expand_work : Work or None   Cost of each direction; None where it cannot be done.
    memory_bytes : int, byte            Device memory of its model.
    run : str or None                   What executes it on real frames; None: it is known by its figures alone.
    compatibility : str                 Who can expand what it contracted: `format`, `weights` or `device`.
    semantic_interval : (float, float) or None  Interval of the fidelity; None where its source gives none.
    fidelity_source : str               How the fidelity came to be known.
    symbols : RobustnessTable or None   Of joint coding: what a channel leaves of its symbols, which go over one radio
                                        link, to its end.
    """

    name: str
    mode: CodingMode
    bits_per_pixel: float
    semantic_fidelity: float
    fidelity_provenance: Provenance
    provenance: Provenance
    playable: bool
    learned: bool
    generative_share: float
    expanded_rate_bps: float | None
    psnr_db: float | None
    ms_ssim: float | None
    contract_work: Work | None
    expand_work: Work | None
    memory_bytes: int
    run: str | None = None
    compatibility: str = "format"
    semantic_interval: tuple[float, float] | None = None
    fidelity_source: str = ""
    symbols: RobustnessTable | None = None

    def work(self, direction: str) -> Work | None:
        """Cost of `contract` or `expand`; None where the profile does not give it."""
        return self.contract_work if direction == "contract" else self.expand_work

    def contracted_bits(self, *, frames: int, pixels: int) -> int:
        """Bits of a contracted segment of so many frames of so many pixels."""
        return max(1, round(self.bits_per_pixel * frames * pixels))

    def contract(self, representation: Representation, *, frames: int, pixels: int) -> Representation:
        """The contracted representation; meaning is kept by the same share of whatever was left of it."""
        bits = self.contracted_bits(frames=frames, pixels=pixels)
        generative = round(self.generative_share * bits)
        low, high = self.semantic_interval or (self.semantic_fidelity, self.semantic_fidelity)
        return Representation(
            mode=self.mode.value,
            discriminative_bits=bits - generative,
            generative_bits=generative,
            semantic_fidelity=representation.semantic_fidelity * self.semantic_fidelity,
            fidelity_provenance=weakest([representation.fidelity_provenance, self.fidelity_provenance]),
            contracted_by=self.name,
            last_action=self.name,
            playable=self.playable,
            generated=representation.generated,
            psnr_db=self.psnr_db,
            ms_ssim=self.ms_ssim,
            semantic_interval=(
                representation.semantic_interval[0] * low,
                representation.semantic_interval[1] * high,
            ),
            symbols=self.symbols,
        )

    def expand(
        self, representation: Representation, *, source_bits: int, duration_s: float
    ) -> Representation:
        """The expanded representation: more bits, never more meaning."""
        bits = (
            source_bits
            if self.expanded_rate_bps is None
            else max(1, round(self.expanded_rate_bps * duration_s))
        )
        return replace(
            representation,
            discriminative_bits=bits,
            generative_bits=0,
            contracted_by=None,
            playable=True,
            generated=representation.generated or self.learned,
        )


@dataclass(frozen=True, slots=True)
class Menu:
    """The actions of a scenario; one action may stand at another point for another class of content.

    Parameters
    ----------
    variants : mapping              (action, content class) to the action as it is for that class.
    """

    variants: Mapping[tuple[str, str], GenerativeAction]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the actions, in the scenario's order."""
        return tuple(dict.fromkeys(name for name, _ in self.variants))

    def of(self, name: str, content_class: str) -> GenerativeAction:
        """The action `name` for contents of a class."""
        return self.variants[name, content_class]

    @property
    def devices(self) -> frozenset[str]:
        """Devices on which some action was measured."""
        works = [
            work for action in self.variants.values() for work in (action.contract_work, action.expand_work)
        ]
        return frozenset(one.device for work in works if work is not None for one in (work, *work.elsewhere))

    def variants_of(self, name: str) -> tuple[GenerativeAction, ...]:
        """The action `name` for every class that the scenario has."""
        return tuple(action for (found, _), action in self.variants.items() if found == name)

"""Models of what a link loses: packets at random, in bursts, or blocks of a channel code at an SNR."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from netgen import units
from netgen.schema.fields import (
    LossShare,
    Quantity,
    Share,
    ShortForm,
    Span,
    StrictModel,
    Whole,
    kind_tag,
    variant,
)
from netgen.schema.steps import Steps

_LEVEL = Quantity(units.LEVEL, ge=-30, le=60)


class RandomLoss(StrictModel):
    """Packets are lost independently. Short form: the probability."""

    kind: Literal["random"] = Field(description="random")
    probability: LossShare = Field(description="probability that one transmission of a packet is lost")


class GilbertLoss(StrictModel):
    """Packets are lost in bursts: a two-state Markov process in time (Gilbert and Elliott)."""

    kind: Literal["gilbert"] = Field(description="gilbert")
    loss_bad: Share = Field(description="probability of loss in the bad state")
    loss_good: LossShare = Field(0.0, description="probability of loss in the good state")
    good_s: Span = Field(alias="good", description="mean time in the good state, exponentially distributed")
    bad_s: Span = Field(alias="bad", description="mean time in the bad state, exponentially distributed")


class ConstantSnr(StrictModel):
    """An SNR that never changes. Short form: the level."""

    kind: Literal["constant"] = Field(description="constant")
    level_db: Annotated[float, _LEVEL] = Field(alias="level", description="the level")


class SteppedSnr(StrictModel):
    """An SNR that jumps at given times."""

    kind: Literal["steps"] = Field(description="steps")
    steps: Annotated[tuple[tuple[float, float], ...], Steps(_LEVEL)] = Field(
        description="from each time [s] on, the level [dB]; the first time is 0 s, times increase"
    )
    period_s: Span | None = Field(None, alias="period", description="repeat after this time; null for never")


SnrField = Annotated[
    Annotated[ConstantSnr, Tag("kind=constant")] | Annotated[SteppedSnr, Tag("kind=steps")],
    variant(kind_tag),
    ShortForm(
        lambda level: {"kind": "constant", "level": level}, (str, int, float), {"type": ["string", "number"]}
    ),
]


class CodedLoss(StrictModel):
    """A radio link: a packet is lost when the receiver cannot decode one of its blocks, as counted at the SNR."""

    kind: Literal["coded"] = Field(description="coded")
    snr: SnrField = Field(
        description="mean energy of a symbol over the density of the noise: a level, or steps"
    )
    channel: Literal["awgn", "rayleigh-block", "rayleigh-fast"] = Field(
        "rayleigh-fast",
        description="noise alone, one fading gain for each block, or one for each symbol as after deep interleaving",
    )
    code: Literal["ldpc", "turbo"] = Field("ldpc", description="5G LDPC, or the turbo code of LTE")
    rate: Literal["1/3", "1/2", "2/3"] = Field("1/2", description="payload over what is sent")
    constellation: Literal["4-QAM", "16-QAM"] = Field("4-QAM", description="what the bits are mapped to")
    block_bits: Annotated[Whole, Field(ge=12, le=8448)] = Field(
        2048, alias="block", description="payload bits of a block; the nearest length that was counted holds"
    )


LossField = Annotated[
    Annotated[RandomLoss, Tag("kind=random")]
    | Annotated[GilbertLoss, Tag("kind=gilbert")]
    | Annotated[CodedLoss, Tag("kind=coded")],
    variant(kind_tag),
    ShortForm(
        lambda share: {"kind": "random", "probability": share},
        (str, int, float),
        {"type": ["string", "number"]},
    ),
]

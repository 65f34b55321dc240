"""The links of a scenario that are coded radio links: their block errors, and what a symbol takes of their capacity."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from netgen.errors import InputError, ModelRangeError
from netgen.generative.operating_point import SAMPLES_PER_PIXEL, OperatingPoint
from netgen.linklevel.curves import BlockErrorCurve, find_curve, shipped_curves
from netgen.linklevel.protection import Channel, Code
from netgen.schema.loss import CodedLoss
from netgen.schema.scenario import DeclaredAction, ProfiledAction, Scenario

_CONSTELLATIONS = {"4-QAM": 2, "16-QAM": 4}


def block_errors(name: str, loss: CodedLoss) -> BlockErrorCurve:
    """Return the counted block errors of a link's code on its channel.

    Raises
    ------
    InputError                  Nobody counted them for this code, rate and constellation; says for which.
    """
    try:
        return find_curve(
            Code(loss.code),
            float(Fraction(loss.rate)),
            _CONSTELLATIONS[loss.constellation],
            Channel(loss.channel),
            loss.block_bits,
            curves=shipped_curves(),
        )
    except ModelRangeError as error:
        raise InputError(f"links.{name}.loss: {error}") from None


def bits_per_symbol(scenario: Scenario) -> tuple[float, ...]:
    """Return how many payload bits a symbol of each kind of coded link carries, in rising order."""
    coded = [(name, link.loss) for name, link in scenario.links.items() if isinstance(link.loss, CodedLoss)]
    return tuple(sorted({block_errors(name, loss).protection.efficiency for name, loss in coded}))


_NOT_OF_SYMBOLS = {
    "bits_per_pixel": "joint coding sends symbols, as many as its network makes",
    "semantic_fidelity": "it was measured at every SNR",
    "psnr_db": "it was measured at every SNR",
    "ms_ssim": "it was measured at every SNR",
    "run": "joint coding has nothing to run live",
}


def refuse_what_symbols_have_not(name: str, spec: ProfiledAction | DeclaredAction) -> None:
    """Raise InputError where a scenario gives a key that means nothing for symbols of joint coding."""
    for key, reason in _NOT_OF_SYMBOLS.items():
        if getattr(spec, key) is not None:
            raise InputError(f"actions.{name}.{key}: {reason}; leave the key out")


def symbols_bits_per_pixel(name: str, point: OperatingPoint, efficiencies: Collection[float]) -> float:
    """Return how many bits of a link's capacity symbols of joint coding take for a pixel of the source.

    Raises
    ------
    InputError                  The scenario has not just one kind of coded link.
    """
    where = f"actions.{name}"
    if len(efficiencies) != 1:
        found = ", ".join(f"{one:g}" for one in efficiencies) or "none"
        raise InputError(
            f"{where}: joint coding needs links with loss kind coded, whose code and constellation put equally many "
            f"bits on a symbol, for that is what a symbol takes of their capacity; found: {found}"
        )
    (efficiency,) = efficiencies
    assert point.channel_bandwidth_ratio is not None  # noqa: S101  (every point of symbols has one)
    return point.channel_bandwidth_ratio * SAMPLES_PER_PIXEL * efficiency

"""Quantities written with a unit, into SI numbers and back; the only place where units are converted."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from netgen.errors import did_you_mean

_NUMBER = r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*([A-Za-zµμ%/].{{0,30}}?)?\s*", re.ASCII)
_UNIT = re.compile(r"[A-Za-zµμ%]{1,20}(?:\s?/\s?[A-Za-z]{1,12})?|/\s?[A-Za-z]{1,12}")
_LARGEST_EXPONENT = 330
_LARGEST_LEVEL_DBM = 3000
_OUT_OF_RANGE = (
    "is out of the range of numbers; accepted: magnitudes up to about 1e308 (9.2e18 for a bare integer)"
)

_PREFIXED: dict[str, dict[str, int | Fraction]] = {
    "bit": {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30},
    "B": {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30},
    "bps": {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12},
    "W": {"u": Fraction(1, 10**6), "m": Fraction(1, 10**3), "k": 10**3, "M": 10**6},
    "J": {"m": Fraction(1, 10**3), "k": 10**3, "M": 10**6},
    "Wh": {"m": Fraction(1, 10**3), "k": 10**3},
    "Hz": {"m": Fraction(1, 10**3), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12},
    "m": {"m": Fraction(1, 10**3), "c": Fraction(1, 100), "k": 10**3},
    "s": {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 10**3)},
}
_ROOTS = (
    "second = [time] = s = sec",
    "minute = 60 * second = min",
    "hour = 3600 * second = h",
    "day = 86400 * second = d",
    "bit = [information]",
    "byte = 8 * bit = B",
    "bps = bit / second",
    "watt = [power] = W",
    "joule = watt * second = J",
    "watt_hour = watt * hour = Wh",
    "hertz = [frequency] = Hz",
    "metre = [length] = m = meter",
    "decibel = [level] = dB",
    "percent = 1/100 = %",
    "degree = [angle] = deg",
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One kind of quantity: what it is called, the unit its numbers are in, and what a person may write.

    Parameters
    ----------
    name : str                  What it is called in messages, with its article.
    unit : str                  Unit of the parsed number, as it is written back; empty for a plain ratio.
    examples : str              Accepted forms, for messages and the JSON Schema.
    spellings : tuple of str    Usual unit texts, listed in messages; a typo is compared with these.
    whole : bool                Whether the number must be whole in `unit`.
    bare : bool                 Whether a number without a unit is accepted (zero always is).
    """

    name: str
    unit: str
    examples: str
    spellings: tuple[str, ...]
    whole: bool = False
    bare: bool = False


_BITS = ("bit", "kbit", "Mbit", "Gbit")
_BYTES = ("B", "kB", "MB", "GB", "KiB", "MiB", "GiB")
DURATION = Dimension("a duration", "s", "5 ms, 2 min, 1 h", ("ns", "us", "ms", "s", "min", "h", "d"))
RATE = Dimension(
    "a bit rate",
    "bit/s",
    "20 Mbit/s, 20 Mbps, 500 kB/s",
    ("bit/s", "kbit/s", "Mbit/s", "Gbit/s", "bps", "kbps", "Mbps", "Gbps", "B/s", "kB/s", "MB/s", "GB/s"),
)
SIZE = Dimension("a size", "bit", "2 MB, 64 KiB, 1400 B, 12 kbit", _BITS + _BYTES, whole=True)
MEMORY = Dimension("an amount of memory", "B", "24 GB, 512 MiB", _BYTES, whole=True)
MEMORY_RATE = Dimension(
    "a memory transfer rate", "B/s", "16 GB/s, 800 MiB/s", tuple(f"{amount}/s" for amount in _BYTES)
)
MEANING = Dimension("an amount of semantic bits", "bit", "25, 25 bit, 1.2 kbit", _BITS, bare=True)
POWER = Dimension("a power", "W", "60 W, 500 mW, 43 dBm", ("uW", "mW", "W", "kW", "MW", "dBm"))
ENERGY = Dimension("an energy", "J", "40 kJ, 12 Wh, 500 mJ", ("mJ", "J", "kJ", "MJ", "mWh", "Wh", "kWh"))
FREQUENCY = Dimension("a frequency", "Hz", "600 MHz, 3.5 GHz", ("mHz", "Hz", "kHz", "MHz", "GHz", "THz"))
DISTANCE = Dimension("a distance", "m", "80 m, 1.5 km", ("mm", "cm", "m", "km"))
SPEED = Dimension("a speed", "m/s", "1.5 m/s, 50 km/h", ("m/s", "km/h"))
ANGLE = Dimension("an angle", "deg", "12 deg, 12", ("deg",), bare=True)
EVENT_RATE = Dimension("a rate of events", "/s", "2 /s, 90 /min", ("/s", "/min", "/h", "/d", "/ms"))
RATIO = Dimension("a share", "", "0.01, 1 %", ("%",), bare=True)
LEVEL = Dimension("a level", "dB", "32.5 dB, 32.5", ("dB",), bare=True)
NUMBER = Dimension("a number", "", "0.05, 3", (), bare=True)


@cache
def _registry() -> Any:  # noqa: ANN401  (pint's registry has no type that strict checking accepts)
    """Return the registry of the units above; built on first use, because importing pint takes 0.15 s."""
    from pint import UnitRegistry  # noqa: PLC0415  (lazy: see above)

    registry: Any = UnitRegistry(None, non_int_type=Fraction)
    for root in _ROOTS:
        registry.define(root)
    for root, prefixes in _PREFIXED.items():
        for prefix, factor in prefixes.items():
            registry.define(f"{prefix}{root} = {factor} * {root}")
    return registry


@lru_cache(maxsize=1024)
def _factor(unit_text: str, unit: str) -> Fraction | None:
    """Return how many `unit` are in one `unit_text`, or None when they do not measure the same thing."""
    from pint.errors import PintError  # noqa: PLC0415  (lazy: see _registry)

    registry = _registry()
    try:
        factors = []
        for text in (unit_text, unit):
            inverse = text.startswith("/")
            parsed = registry.parse_units(
                text.lstrip("/ ").replace("μ", "u").replace("µ", "u") or "dimensionless"
            )
            factor, base = registry.get_base_units(parsed)
            factors.append(
                (1 / Fraction(factor) if inverse else Fraction(factor), base**-1 if inverse else base)
            )
    except (PintError, TypeError, ValueError, AttributeError):
        return None
    (numerator, found), (denominator, wanted) = factors
    return numerator / denominator if found == wanted else None


def _exact(text: str) -> Fraction | None:
    """Return the number in `text` exactly, or None when its exponent is beyond any float."""
    number = Decimal(text)
    if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
        return None
    return Fraction(number)


def parse(value: object, dimension: Dimension) -> float | int:
    """Parse a quantity as a person writes it into a number of `dimension.unit`.

    Parameters
    ----------
    value : str, int or float       For example ``"5 ms"``; a number without a unit where that is accepted.
    dimension : Dimension           What is expected, for example `DURATION`.

    Returns
    -------
    float or int                    The correctly rounded float nearest to the exact value; int when
                                    `dimension.whole`. ``parse("5 ms", DURATION)`` gives 0.005.

    Raises
    ------
    ValueError                      Not a number, no unit, another kind of unit, not whole, or not finite;
                                    the message says what is accepted and continues `path = "found": `.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"is not {dimension.name}; accepted: for example {dimension.examples}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"must be finite; accepted: for example {dimension.examples}")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError(_OUT_OF_RANGE)
    match = _QUANTITY.fullmatch(value if isinstance(value, str) else repr(value))
    if match is None:
        raise ValueError(f"is not {dimension.name}; accepted: for example {dimension.examples}")
    number_text, unit_text = match.groups()
    number = _exact(number_text)
    if number is None:
        raise ValueError(_OUT_OF_RANGE)
    if dimension is POWER and unit_text == "dBm":
        if abs(number) > _LARGEST_LEVEL_DBM:
            raise ValueError(f"is out of the range of numbers; accepted: up to {_LARGEST_LEVEL_DBM} dBm")
        return dbm_to_w(float(number))
    return _rounded(number * _scale(number, (unit_text or "").strip(), dimension), dimension)


def _scale(number: Fraction, unit_text: str, dimension: Dimension) -> Fraction:
    """Return the factor of `unit_text`, or raise ValueError when it is missing or of another kind."""
    if not unit_text:
        if number == 0 or dimension.bare:
            return Fraction(1)
        raise ValueError(
            f"has no unit; accepted: {', '.join(dimension.spellings)} (for example {dimension.examples})"
        )
    factor = _factor(unit_text, dimension.unit) if _UNIT.fullmatch(unit_text) else None
    if factor is None:
        accepted = ", ".join(dimension.spellings) or "no unit"
        folded = [text for text in dimension.spellings if text.lower() == unit_text.lower()]
        hint = did_you_mean(folded[0] if folded else unit_text, dimension.spellings)
        raise ValueError(f'"{unit_text}" is not a unit of {dimension.name}; accepted: {accepted}{hint}')
    return factor


def _rounded(exact: Fraction, dimension: Dimension) -> float | int:
    """Return `exact` as the number that models carry: an int where it must be whole, else a finite float."""
    try:
        rounded = float(exact)
    except OverflowError:
        raise ValueError(_OUT_OF_RANGE) from None
    if not dimension.whole:
        return rounded
    if exact.denominator != 1:
        raise ValueError(
            f"is {rounded!r} {dimension.unit}, not a whole number of {dimension.unit}; accepted: whole ones"
        )
    if abs(exact) >= 2**63:
        raise ValueError(f"is {rounded!r} {dimension.unit}; accepted: less than 2^63 {dimension.unit}")
    return int(exact)


def render(number: float, dimension: Dimension) -> str | float | int:
    """Write `number` so that `parse` gives exactly the same number back; a bare number where that is enough."""
    if dimension.bare:
        return number
    return f"{repr(number).removesuffix('.0')} {dimension.unit}"


def dbm_to_w(power_dbm: float) -> float:
    """Convert a level relative to one milliwatt into watts.

    Valid for                       Any finite level up to about 3000 dBm (float range).
    Source                          ITU-R V.574-5, section 6 (decibels relative to 1 mW).
    """
    return float(10.0 ** ((power_dbm - 30.0) / 10.0))


def w_to_dbm(power_w: float) -> float:
    """Convert watts, > 0, into a level relative to one milliwatt; the inverse of `dbm_to_w`."""
    return 10.0 * math.log10(power_w) + 30.0


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """Frame size and rate of a raw video, as written in ``1080p30`` or ``1280x720@29.97``.

    Parameters
    ----------
    width_px, height_px : int       Frame size, > 0.
    frame_rate_hz : float, Hz       Frames per second, > 0.
    """

    width_px: int
    height_px: int
    frame_rate_hz: float

    def __post_init__(self) -> None:
        if self.width_px <= 0 or self.height_px <= 0 or not self.frame_rate_hz > 0:
            raise ValueError(f"a video format needs positive sides and rate, got {self}")

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}@{self.frame_rate_hz!r}"

    @property
    def pixels(self) -> int:
        """Pixels in one frame."""
        return self.width_px * self.height_px

    @property
    def pixel_rate_hz(self) -> float:
        """Pixels per second; bits per pixel = rate_bps / pixel_rate_hz (Zhang et al., 2026, section 2)."""
        return self.pixels * self.frame_rate_hz


_SHORT_FORMAT = re.compile(r"(\d{3,4})p(\d{1,3}(?:\.\d{1,17})?)", re.ASCII)
_LONG_FORMAT = re.compile(r"(\d{1,5})x(\d{1,5})@(\d{1,4}(?:\.\d{1,17})?)", re.ASCII)
_WIDTHS_PX = {
    240: 426,
    360: 640,
    480: 854,
    540: 960,
    720: 1280,
    1080: 1920,
    1440: 2560,
    2160: 3840,
    4320: 7680,
}
_FORMATS = "1080p30, 720p50, 1280x720@29.97"


def parse_video_format(value: object) -> FrameFormat:
    """Parse a video format, for example ``1080p30``, ``720p50`` or ``1280x720@29.97``.

    The short form is 16:9 with the usual width of its height (480p is 854 wide, 240p is 426 wide).
    """
    text = value.strip() if isinstance(value, str) else ""
    short, full = _SHORT_FORMAT.fullmatch(text), _LONG_FORMAT.fullmatch(text)
    if short is not None:
        height_px, rate_hz = int(short.group(1)), float(short.group(2))
        if height_px not in _WIDTHS_PX:
            heights = ", ".join(f"{height}p" for height in _WIDTHS_PX)
            raise ValueError(
                f"has no usual width for {height_px}p; accepted: {heights}, or WIDTHxHEIGHT@RATE"
            )
        width_px = _WIDTHS_PX[height_px]
    elif full is not None:
        width_px, height_px, rate_hz = int(full.group(1)), int(full.group(2)), float(full.group(3))
    else:
        raise ValueError(f"is not a video format; accepted: for example {_FORMATS}")
    if not (0 < width_px <= 16384 and 0 < height_px <= 16384 and 0 < rate_hz <= 1000):
        raise ValueError(
            "is outside what is accepted: sides 1 to 16384 pixels, above 0 to 1000 frames per second"
        )
    return FrameFormat(width_px, height_px, rate_hz)

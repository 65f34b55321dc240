"""Elementary functions as polynomials in float32, which numba's compiler turns into vector instructions.

A library's logarithm stops that; these cost a few multiplications. Every function is pure and branch-free, so
that a lane's result does not depend on where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from netgen.compilation import kernel

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function; fused multiply-add is the only liberty taken with the arithmetic."""
    return cast(F, numba.njit(error_model="numpy", fastmath={"contract"})(function))


def compiled_parallel(function: F) -> F:
    """Compile a function whose `prange` loops run on all threads; sums within a row may be taken in any order.

    Its machine code, with that of what it calls, is kept on disk (`netgen.compilation`).
    """
    return kernel(liberties=("contract", "reassoc", "nnan", "nsz"), parallel=True)(function)


def singles(*values: float) -> tuple[np.float32, ...]:
    """Constants that keep the arithmetic in float32."""
    return tuple(np.float32(value) for value in values)


# Minimax polynomials, lowest power first: log2(1 + m) / m, 2^f on +-1/2, 2^-x on 0 to 0.63, atan(q) / (2 pi q) in
# q^2, sin(pi r) / r in r^2. Errors: 5e-8, 8e-8, 2e-7, 9e-8 turns, 1.4e-8. The last: Abramowitz and Stegun 26.2.17.
_LOG = singles(
    1.44269479, -0.72135665, 0.48093847, -0.36010383, 0.28672735, -0.24992369, 0.23674599, -0.14599047
)
_POWER = singles(1.00000008, 0.69314723, 0.24022107, 0.05550297, 0.00967604, 0.001341)
_FADE = singles(0.99999979, -0.69313041, 0.24000998, -0.05451899, 0.00775307)
_TURN = singles(0.15915485, -0.05304159, 0.03165165, -0.02150529, 0.01342537, -0.00595923, 0.00127434)
_SINE = singles(3.14159264, -5.16771009, 2.55007766, -0.59829216, 0.07765941)
_TAIL = singles(0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
_ZERO, _QUARTER, _HALF, _ONE, _SIXTEENTH, _TINY = singles(0.0, 0.25, 0.5, 1.0, 0.0625, 1e-30)
_ROOT_HALF, _MANTISSA, _EXPONENT_BITS, _BIAS = 0x3F3504F3, 0x7FFFFF, 23, 127
_LOWEST = np.float32(-126.0)
_LOG2_E, _TAIL_SCALE, _BY_ROOT_TAU = singles(1.4426950408889634, 0.2316419, 0.3989422804014327)


@compiled
def log2(value: np.float32) -> np.float32:
    """Binary logarithm of a positive number."""
    bits = np.int32(np.float32(value).view(np.int32) - _ROOT_HALF)
    m = np.int32((bits & _MANTISSA) + _ROOT_HALF).view(np.float32) - _ONE
    p = _LOG
    tail = p[4] + m * (p[5] + m * (p[6] + m * p[7]))
    return np.float32(np.int32(bits >> _EXPONENT_BITS)) + m * (
        p[0] + m * (p[1] + m * (p[2] + m * (p[3] + m * tail)))
    )


@compiled
def exp2(value: np.float32) -> np.float32:
    """Two to the power of a number between -126 and 127; lower ones count as -126."""
    value = max(value, _LOWEST)
    whole = np.floor(value + _HALF)
    f = value - whole
    p = _POWER
    power = p[0] + f * (p[1] + f * (p[2] + f * (p[3] + f * (p[4] + f * p[5]))))
    scale = np.int32((np.int32(whole) + _BIAS) << _EXPONENT_BITS).view(np.float32)
    return np.float32(power * scale)


@compiled
def fade(octaves: np.float32) -> np.float32:
    """Two to the power of minus a number between 0 and 10."""
    x = octaves * _SIXTEENTH
    p = _FADE
    root = p[0] + x * (p[1] + x * (p[2] + x * (p[3] + x * p[4])))
    root *= root
    root *= root
    root *= root
    return root * root


@compiled
def turns(y: np.float32, x: np.float32) -> np.float32:
    """Angle of the vector (x, y) from the x axis in turns, -1/2 to 1/2."""
    across, along = abs(y), abs(x)
    q = min(across, along) / max(across, along, _TINY)
    z = q * q
    p = _TURN
    turns = q * (p[0] + z * (p[1] + z * (p[2] + z * (p[3] + z * (p[4] + z * (p[5] + z * p[6]))))))
    turns = _QUARTER - turns if across > along else turns
    turns = _HALF - turns if x < _ZERO else turns
    return -turns if y < _ZERO else turns


@compiled
def sine(halves: np.float32) -> np.float32:
    """Sine of pi times a number between -1/2 and 1/2."""
    z = halves * halves
    p = _SINE
    return halves * (p[0] + z * (p[1] + z * (p[2] + z * (p[3] + z * p[4]))))


@compiled
def below(deviate: np.float32) -> np.float32:
    """Probability that a standard normal variable is below a value."""
    size = abs(deviate)
    t = _ONE / (_ONE + _TAIL_SCALE * size)
    density = _BY_ROOT_TAU * exp2(-_HALF * _LOG2_E * size * size)
    p = _TAIL
    tail = density * t * (p[0] + t * (p[1] + t * (p[2] + t * (p[3] + t * p[4]))))
    return tail if deviate < _ZERO else _ONE - tail

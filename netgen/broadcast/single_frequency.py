"""Single-frequency networks: what a receiver makes of several transmitters that send the same symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.broadcast.receiver_class import ReceiverClass
from netgen.broadcast.transmitter import Transmitter
from netgen.propagation.free_space import SPEED_OF_LIGHT_M_S
from netgen.propagation.tower_loss import TowerLoss

Floats = NDArray[np.float64]

_VALUES_PER_CHUNK = 1 << 20


class WindowStrategy(StrEnum):
    """Where a receiver puts the window of its Fourier transform.

    The window begins with the guard interval: `first-arrival` at the earliest signal within the trigger of the
    strongest, `strongest` at the strongest signal, `optimum` where the SINR is greatest among all windows that
    begin or end with a signal.
    """

    FIRST_ARRIVAL = "first-arrival"
    STRONGEST = "strongest"
    OPTIMUM = "optimum"


class EchoRule(StrEnum):
    """How a signal outside the guard interval counts.

    `hard`: all of it interferes. `quadratic`: ((Tu - excess) / Tu)^2 of it is useful and the rest interferes,
    where `excess` is how far it is outside; nothing is useful beyond the useful symbol time Tu.
    """

    HARD = "hard"
    QUADRATIC = "quadratic"


@dataclass(frozen=True, slots=True)
class SymbolTiming:
    """Times of the symbols and of a receiver's window.

    Parameters
    ----------
    useful_s : float, s             Useful symbol time Tu, > 0.
    guard_s : float, s              Guard interval (cyclic prefix) Tg, >= 0.
    strategy : WindowStrategy       Where the window is put.
    rule : EchoRule                 How signals outside the guard interval count.
    equalised_s : float or None, s  Signals outside an interval of this length, which ends as late after the
                                    guard interval as it begins before it, are beyond the receiver's channel
                                    estimate and interfere wholly; >= Tg. None: as the rule says.
    trigger_db : float, dB          Signals weaker than the strongest by more than this do not count as first
                                    arrival, > 0.

    Raises
    ------
    ValueError                      A number breaks the rules above.

    Valid for                       ASSUMED: a receiver locks to the first arrival within 20 dB of the strongest.
    """

    useful_s: float
    guard_s: float
    strategy: WindowStrategy = WindowStrategy.FIRST_ARRIVAL
    rule: EchoRule = EchoRule.QUADRATIC
    equalised_s: float | None = None
    trigger_db: float = 20.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.useful_s) and self.useful_s > 0):
            raise ValueError(f"useful_s = {self.useful_s} s is not finite and > 0")
        if not self.guard_s >= 0:
            raise ValueError(f"guard_s = {self.guard_s} s is not >= 0")
        if self.equalised_s is not None and not self.equalised_s >= self.guard_s:
            raise ValueError(f"equalised_s = {self.equalised_s} s is shorter than the guard interval")
        if not self.trigger_db > 0:
            raise ValueError(f"trigger_db = {self.trigger_db} dB is not > 0")


def echo_weight(delay_s: ArrayLike, timing: SymbolTiming) -> Floats:
    """Useful share of signals that arrive `delay_s` after the window begins.

    Parameters
    ----------
    delay_s : (...) float, s        Delay against the beginning of the guard interval, of any sign.
    timing : SymbolTiming           Times and rule.

    Returns
    -------
    (...) float in 0..1             1 within 0..Tg; outside by the rule. The rest, 1 - weight, interferes.

    Valid for                       Symbols of many carriers: the window holds the wanted symbol for a share
                                    (Tu - excess) / Tu of its time, so that share of the amplitude is coherent;
                                    the rest of the power, from both symbols, falls on all carriers.
    Source                          That derivation; planning (EBU Tech 3348) uses the same weights.
    """
    delay = np.asarray(delay_s, dtype=np.float64)
    excess = np.maximum(np.maximum(-delay, delay - timing.guard_s), 0.0)
    if timing.rule is EchoRule.HARD:
        return (excess <= 0.0).astype(np.float64)
    weight = np.square(np.maximum(1.0 - excess / timing.useful_s, 0.0))
    if timing.equalised_s is not None:
        weight = np.where(excess <= 0.5 * (timing.equalised_s - timing.guard_s), weight, 0.0)
    return weight


def sfn_sinr(power_w: ArrayLike, delay_s: ArrayLike, noise_w: ArrayLike, *, timing: SymbolTiming) -> Floats:
    """Signal to interference and noise of every receiver of a single-frequency network.

    Parameters
    ----------
    power_w : (U, T) float, W       Power received from each transmitter, >= 0.
    delay_s : (U, T) float, s       When each transmitter's symbol arrives, any common origin.
    noise_w : float or (U,), W      Noise in the same bandwidth, > 0.
    timing : SymbolTiming           Symbol, window strategy and echo rule.

    Returns
    -------
    (U,) float                      Sum of w P over noise plus sum of (1 - w) P, w from `echo_weight`. With an
                                    endless guard interval and no signal before the window it is the power
                                    sum over noise; with one transmitter it is its power over noise.

    Raises
    ------
    ValueError                      Shapes differ, or a power, delay or noise breaks the rules above.

    Valid for                       Signals that are uncorrelated, so that powers add. Receivers do not affect
                                    one another: any batch of users gives the same numbers.
    """
    power, delay = np.asarray(power_w, dtype=np.float64), np.asarray(delay_s, dtype=np.float64)
    if power.ndim != 2 or power.shape != delay.shape or power.shape[1] == 0:
        raise ValueError(
            f"need powers and delays of one shape (U, T), T >= 1, got {power.shape}, {delay.shape}"
        )
    noise = np.broadcast_to(np.asarray(noise_w, dtype=np.float64), power.shape[:1])
    for name, array, sound in (
        ("power", power, np.isfinite(power) & (power >= 0)),
        ("delay", delay, np.isfinite(delay)),
        ("noise", noise, np.isfinite(noise) & (noise > 0)),
    ):
        wrong = np.argwhere(~sound)
        if wrong.size:
            index = tuple(int(axis) for axis in wrong[0])
            raise ValueError(
                f"{name} {index} = {array[index]} is not finite and {'any sign' if name == 'delay' else '>= 0'}"
            )
    sinr = np.empty(power.shape[0])
    rows = max(1, _VALUES_PER_CHUNK // power.shape[1])
    for first in range(0, power.shape[0], rows):
        part = slice(first, first + rows)
        begin = window_begin_s(power[part], delay[part], timing=timing)
        received = power[part]
        useful = (received * echo_weight(delay[part] - begin[:, None], timing)).sum(axis=1)
        interfering = np.maximum(received.sum(axis=1) - useful, 0.0)
        sinr[part] = useful / (noise[part] + interfering)
    return sinr


def window_begin_s(power_w: Floats, delay_s: Floats, *, timing: SymbolTiming) -> Floats:
    """When the guard interval of each receiver's window begins.

    Parameters
    ----------
    power_w, delay_s : (U, T) float     As of `sfn_sinr`.
    timing : SymbolTiming               Symbol, window strategy and echo rule.

    Returns
    -------
    (U,) float, s                       On the origin of `delay_s`; by `WindowStrategy`.
    """
    if timing.strategy is WindowStrategy.STRONGEST:
        strongest = power_w.argmax(axis=1)[:, None]
        return np.take_along_axis(delay_s, strongest, axis=1)[:, 0]
    if timing.strategy is WindowStrategy.FIRST_ARRIVAL:
        least = power_w.max(axis=1, keepdims=True) * 10.0 ** (-timing.trigger_db / 10.0)
        first: Floats = np.where(power_w >= least, delay_s, np.inf).min(axis=1)
        return first
    best = np.full(power_w.shape[0], -1.0)
    begin = np.zeros(power_w.shape[0])
    # What is not useful interferes, so the window with the most useful power has the greatest SINR.
    for shift in (0.0, timing.guard_s) if np.isfinite(timing.guard_s) else (0.0,):
        for column in range(power_w.shape[1]):
            candidate = delay_s[:, column] - shift
            useful = (power_w * echo_weight(delay_s - candidate[:, None], timing)).sum(axis=1)
            better = useful > best
            best = np.where(better, useful, best)
            begin = np.where(better, candidate, begin)
    return begin


def median_power_dbm(
    transmitters: Sequence[Transmitter],
    x_m: ArrayLike,
    y_m: ArrayLike,
    *,
    receiver: ReceiverClass,
    losses: Sequence[TowerLoss],
) -> Floats:
    """Median power that each receiver gets from each transmitter.

    Parameters
    ----------
    transmitters : sequence of T        The network.
    x_m, y_m : (U,) float, m            Where the receivers are.
    receiver : ReceiverClass            What they are; a directional antenna is aimed at the transmitter that
                                        would be received best.
    losses : sequence of T TowerLoss    Loss of each transmitter at its height and the receiver's.

    Returns
    -------
    (U, T) float, dBm                   Outdoor median less entry and feeder loss, with antenna gain.

    Raises
    ------
    ValueError                          Lengths differ, or a loss is for other heights.
    ModelRangeError                     A receiver is beyond the range of a loss table.
    """
    if len(transmitters) != len(losses) or not transmitters:
        raise ValueError(f"need one loss for each transmitter, got {len(losses)} for {len(transmitters)}")
    x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    power, azimuth = np.empty((x.size, len(transmitters))), np.empty((x.size, len(transmitters)))
    for column, (station, loss) in enumerate(zip(transmitters, losses, strict=True)):
        if (loss.base_height_m, loss.mobile_height_m) != (station.height_m, receiver.height_m):
            raise ValueError(
                f"loss {column} is for heights {loss.base_height_m:g} and {loss.mobile_height_m:g} m, but the "
                f"transmitter is at {station.height_m:g} m and the receivers are at {receiver.height_m:g} m"
            )
        east, north = x - station.x_m, y - station.y_m
        radiated = station.eirp_towards_dbm(x, y, receiver_height_m=receiver.height_m)
        power[:, column] = radiated - loss.loss_db(np.hypot(east, north)) + receiver.net_gain_db
        azimuth[:, column] = np.degrees(np.arctan2(-north, -east))
    if receiver.directional and len(transmitters) > 1:
        aim = np.take_along_axis(azimuth, power.argmax(axis=1)[:, None], axis=1)
        power += receiver.discrimination_db(azimuth - aim)
    return power


def arrival_delay_s(transmitters: Sequence[Transmitter], x_m: ArrayLike, y_m: ArrayLike) -> Floats:
    """Delay of each transmitter's symbols at each receiver: (U, T) s, static delay plus distance over c."""
    x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    delays = [
        station.delay_s + np.hypot(x - station.x_m, y - station.y_m) / SPEED_OF_LIGHT_M_S
        for station in transmitters
    ]
    return np.stack(delays, axis=1)

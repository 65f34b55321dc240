"""Application-layer erasure code per object: loss of a whole object from the loss of its packets."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.broadcast.interleaving import loss_correlation
from netgen.errors import ModelRangeError

Floats = NDArray[np.float64]

MOST_SOURCE_SYMBOLS = 56_403
_LARGEST_RECURSION = 10_000_000
_SMALLEST_FAILURE = 1e-30
_TINY = 1e-300
_LOWEST_LOSS = 1e-6
_SPREAD_POINTS = 161
_FOCUS_POINTS = 321
_FOCUS_WIDTH = 9.0
_MOST_WEIGHTS = 1 << 20


@dataclass(frozen=True, slots=True)
class ObjectCode:
    """Systematic fountain code of one object (one source block), described by its decoding overhead.

    Parameters
    ----------
    source_symbols : int                K, symbols of the object, 1 to 56403; one symbol per packet.
    sent_symbols : int                  N >= K, source and repair symbols sent.
    failure_at_source : float           Probability that decoding fails with exactly K symbols, 0 to 1.
    failure_decay : float               Factor on it for every further symbol, 0 to 1.

    Raises
    ------
    ModelRangeError                     A value outside its range.

    Valid for                           Failure does not depend on K or on which symbols arrived, except that all
                                        K source symbols together need no decoding.
    Source                              RFC 6330 (RaptorQ) and Shokrollahi, Luby, Raptor Codes, Found. Trends
                                        Commun. Inf. Theory 6(3-4), 2011: failure 1e-2, 1e-4, 1e-6 with 0, 1, 2
                                        symbols more than K. Limit of K: RFC 6330, 5.1.2.
    """

    source_symbols: int
    sent_symbols: int
    failure_at_source: float = 1e-2
    failure_decay: float = 1e-2

    def __post_init__(self) -> None:
        if not 1 <= self.source_symbols <= MOST_SOURCE_SYMBOLS:
            raise ModelRangeError(
                f"source_symbols = {self.source_symbols} is outside 1 to {MOST_SOURCE_SYMBOLS}"
            )
        if self.sent_symbols < self.source_symbols:
            raise ModelRangeError(
                f"sent_symbols = {self.sent_symbols} is below {self.source_symbols} source symbols"
            )
        for name in ("failure_at_source", "failure_decay"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ModelRangeError(f"{name} = {getattr(self, name)} is not between 0 and 1")

    @property
    def repair_symbols(self) -> int:
        """Symbols sent beyond the source symbols."""
        return self.sent_symbols - self.source_symbols

    def decoding_failure(self, received: ArrayLike) -> NDArray[np.float64]:
        """Probability that decoding fails with that many symbols, not all of the source among them."""
        extra = np.asarray(received, dtype=np.float64) - self.source_symbols
        with np.errstate(under="ignore"):
            failure = self.failure_at_source * self.failure_decay ** np.maximum(extra, 0.0)
        return np.where(extra < 0, 1.0, failure)

    def mean_overhead(self) -> float:
        """Mean number of symbols beyond K that decoding needs; 0 when no repair symbols were sent.

        Without them nothing is decoded: what is missing are the very source symbols that were lost.
        """
        if self.repair_symbols == 0 or self.failure_at_source == 0.0:
            return 0.0
        return (
            self.failure_at_source / (1.0 - self.failure_decay) if self.failure_decay < 1.0 else float("inf")
        )

    def significant_extras(self) -> int:
        """Number of extra symbols, from 0 up, whose decoding failure still counts, at most the repair symbols."""
        if self.failure_at_source == 0.0:
            return 0
        most = self.repair_symbols + 1
        if self.failure_decay >= 1.0:
            return most
        if self.failure_decay == 0.0:
            return 1
        ratio = log(_SMALLEST_FAILURE / self.failure_at_source) / log(self.failure_decay)
        return min(int(max(ratio, 0.0)) + 1, most)


def object_loss_probability(
    code: ObjectCode, loss_probability: ArrayLike, *, mean_burst: float = 1.0
) -> NDArray[np.float64]:
    """Probability that an object cannot be rebuilt, for any number of packet loss probabilities.

    Parameters
    ----------
    code : ObjectCode                   Symbols needed and sent, and the decoding overhead.
    loss_probability : (...,) float     Packet loss probability p, 0 to 1.
    mean_burst : float, packets         Mean run of lost packets of a two-state Markov loss; 1 (or anything up to
                                        1 / (1 - p)) is independent loss.

    Returns
    -------
    (...,) float                        0 at p = 0, 1 at p = 1, and rising in between.

    Raises
    ------
    ValueError                          A probability or burst outside its range; names index and value.
    ModelRangeError                     Bursts with sent symbols x repair symbols above 1e7: split the object.

    Valid for                           Exact for the loss process given: a binomial tail by continued fraction for
                                        independent loss, a recursion over the symbols for bursts. Use
                                        `ObjectLossTable` for many users.
    Source                              Elementary probability; incomplete beta function: Numerical Recipes, 3rd
                                        ed., section 6.4 (continued fraction).
    """
    loss = np.asarray(loss_probability, dtype=np.float64)
    correlation = loss_correlation(loss, mean_burst)
    if not correlation.any():
        return _independent_loss(code, loss)
    work = code.sent_symbols * (code.repair_symbols + 1)
    if work > _LARGEST_RECURSION:
        raise ModelRangeError(
            f"{code.sent_symbols} sent and {code.repair_symbols} repair symbols are too many for bursts (product "
            f"above {_LARGEST_RECURSION}); split the object into source blocks"
        )
    return _burst_loss(code, loss.ravel(), correlation.ravel()).reshape(loss.shape)


def missing_symbols(
    code: ObjectCode, loss_probability: ArrayLike, quantile: ArrayLike
) -> NDArray[np.float64]:
    """Symbols that receivers who could not rebuild an object still need, by block-level recovery.

    Parameters
    ----------
    code : ObjectCode                   Symbols needed and sent, and the decoding overhead.
    loss_probability : (n,) float       Packet loss probability p of each receiver, 0 to 1.
    quantile : (n,) float               Where each stands in the distribution of the number of symbols received,
                                        given that decoding failed: 0 for the fewest, below 1.

    Returns
    -------
    (n,) float                          K and the mean overhead less what was received, at least 1. Where a loss
                                        is impossible (p = 0) it is the limit for p to 0.

    Valid for                           Packets lost independently: bursts are neglected, with which more is missing
                                        at once. Repair symbols are new to whoever asks for them.
    Source                              Elementary probability: the binomial distribution, weighted with the failure
                                        of decoding. Repair of single blocks by request: 3GPP TS 26.346, 9.3.
    """
    loss, quantile = np.atleast_1d(np.asarray(loss_probability, np.float64), np.asarray(quantile, np.float64))
    lost = np.empty(loss.shape)
    sent, repair = code.sent_symbols, code.repair_symbols
    fewest = max(repair - code.significant_extras() + 1, 0 if repair else 1)
    middle = np.floor(sent * loss)
    reach = 9.0 * np.sqrt(sent * loss * (1.0 - loss)) + 20.0
    low = np.maximum(np.floor(middle - reach), fewest)
    high = np.minimum(np.ceil(np.maximum(middle, fewest) + reach), sent)
    if loss.size:
        width = int((high - low).max()) + 1
        log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, sent + 1.0)))])
        for begin in range(0, loss.size, max(_MOST_WEIGHTS // width, 1)):
            part = slice(begin, begin + max(_MOST_WEIGHTS // width, 1))
            count = low[part, None] + np.arange(float(width))
            count = np.where(count <= high[part, None], count, np.inf)
            weight = _failure_weights(code, count, loss[part, None], log_factorial)
            worse = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
            lost[part] = low[part] + (worse > quantile[part, None] * worse[:, :1]).sum(axis=1) - 1.0
    return np.maximum(code.source_symbols + code.mean_overhead() - (sent - lost), 1.0)


def _failure_weights(code: ObjectCode, lost: Floats, loss: Floats, log_factorial: Floats) -> Floats:
    """Probability that so many symbols are lost and decoding fails, but for a factor of each row."""
    sent, repair = code.sent_symbols, code.repair_symbols
    possible = lost <= sent
    counts: NDArray[np.int64] = np.where(possible, lost, 0.0).astype(np.int64)
    inside = np.clip(loss, _TINY, 1.0 - 1e-16)
    level: Floats = np.where(possible, lost, 0.0) * np.log(inside) + (sent - counts) * np.log1p(-inside)
    level = level - log_factorial[counts] - log_factorial[sent - counts]
    # Symbols of the repair alone: all source symbols are there, and nothing has to be decoded.
    of_repair = np.minimum(counts, repair)
    spared = np.exp(
        log_factorial[repair] - log_factorial[repair - of_repair]
        - log_factorial[sent] + log_factorial[sent - of_repair]
    )  # fmt: skip
    fails = code.decoding_failure(sent - counts) * np.where(counts <= repair, 1.0 - spared, 1.0)
    level = np.where(possible & (fails > 0.0), level, -np.inf)
    with np.errstate(under="ignore"):
        weight: Floats = np.exp(level - level.max(axis=1, keepdims=True)) * fails
    return weight


@dataclass(frozen=True, slots=True, eq=False)
class ObjectLossTable:
    """Object loss over packet loss, computed once for a code and a burst length and read for many users.

    Parameters
    ----------
    loss_probability : (n,) float       Packet loss of the nodes, rising from 1e-6 to 1; read-only.
    object_loss : (n,) float            Object loss at the nodes; read-only.

    Valid for                           Reading differs from `object_loss_probability` by less than 1 % relative
                                        where the object loss is above 1e-9.
    """

    loss_probability: Floats
    object_loss: Floats

    @staticmethod
    def built(code: ObjectCode, *, mean_burst: float = 1.0) -> ObjectLossTable:
        """Compute the table for one code and one mean burst length."""
        nodes = _nodes(code, mean_burst)
        exact = np.minimum(object_loss_probability(code, nodes, mean_burst=mean_burst), 1.0)
        values = np.maximum.accumulate(exact)
        for array in (nodes, values):
            array.flags.writeable = False
        return ObjectLossTable(nodes, values)

    def at(self, loss_probability: ArrayLike) -> NDArray[np.float64]:
        """Object loss at any packet loss, between 0 and 1; the logarithms are interpolated."""
        loss = np.asarray(loss_probability, dtype=np.float64)
        if not ((loss >= 0.0) & (loss <= 1.0)).all():
            raise ValueError("a packet loss probability is not between 0 and 1")
        first = self.loss_probability[0]
        level = np.interp(
            np.log(np.maximum(loss, first)),
            np.log(self.loss_probability),
            np.log(np.maximum(self.object_loss, _TINY)),
        )
        read: Floats = np.where(level > log(_TINY) + 1e-9, np.exp(level), 0.0)
        return np.where(loss < first, read * (loss / first), read)


def _independent_loss(code: ObjectCode, loss: Floats) -> Floats:
    """Object loss when packets are lost independently."""
    sent, source, repair = code.sent_symbols, code.source_symbols, code.repair_symbols
    total = _binomial_tail(loss, sent, repair + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_lost, log_kept = np.log(loss), np.log1p(-loss)
    for extra in range(code.significant_extras()):
        lost = repair - extra
        if lost == 0:
            continue
        ways = _log_choose(sent, lost)
        harmless = np.exp(_log_choose(repair, lost) - ways)
        with np.errstate(invalid="ignore"):
            mass = np.exp(ways + lost * log_lost + (source + extra) * log_kept)
        mass = np.where((loss <= 0.0) | (loss >= 1.0), 0.0, mass)
        total = total + float(code.decoding_failure(source + extra)) * (1.0 - harmless) * mass
    return np.clip(total, 0.0, 1.0)


def _log_choose(total: int, chosen: int) -> float:
    """Logarithm of the number of ways to choose."""
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def _binomial_tail(probability: Floats, trials: int, least: int) -> Floats:
    """P(X >= least) of a binomial count: the regularised incomplete beta function."""
    if least <= 0:
        return np.ones_like(probability)
    if least > trials:
        return np.zeros_like(probability)
    a, b = float(least), float(trials - least + 1)
    inside = np.clip(probability, _TINY, 1.0 - 1e-16)
    swap = inside > (a + 1.0) / (a + b + 2.0)
    x = np.where(swap, 1.0 - inside, inside)
    first, second = np.where(swap, b, a), np.where(swap, a, b)
    log_front = lgamma(a + b) - lgamma(a) - lgamma(b) + first * np.log(x) + second * np.log1p(-x)
    with np.errstate(under="ignore"):
        part = np.exp(log_front) * _beta_fraction(x, first, second) / first
    tail = np.where(swap, 1.0 - part, part)
    return np.where(probability <= 0.0, 0.0, np.where(probability >= 1.0, 1.0, tail))


def _beta_fraction(x: Floats, a: Floats, b: Floats) -> Floats:
    """Continued fraction of the incomplete beta function, by Lentz's method."""
    upper = np.ones_like(x)
    lower = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = lower.copy()
    for step in range(1, 100_000):
        even = step * (b - step) * x / ((a + 2 * step - 1.0) * (a + 2 * step))
        lower = 1.0 / _away_from_zero(1.0 + even * lower)
        upper = _away_from_zero(1.0 + even / upper)
        value = value * lower * upper
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1.0))
        lower = 1.0 / _away_from_zero(1.0 + odd * lower)
        upper = _away_from_zero(1.0 + odd / upper)
        change = lower * upper
        value = value * change
        if np.all(np.abs(change - 1.0) < 1e-14):
            return value
    raise ModelRangeError("the binomial tail did not converge; split the object into smaller blocks")


def _away_from_zero(values: Floats) -> Floats:
    """The values, with zeros replaced by a tiny number."""
    return np.where(np.abs(values) < _TINY, _TINY, values)


def _burst_loss(code: ObjectCode, loss: Floats, correlation: Floats) -> Floats:
    """Object loss under two-state Markov loss, by recursion over the symbols sent."""
    sent, source, repair = code.sent_symbols, code.source_symbols, code.repair_symbols
    fail = (1.0 - correlation) * loss
    heal = (1.0 - correlation) * (1.0 - loss)
    counts, total = _loss_counts(sent - 1, repair, fail, heal, start_lost=loss)
    intact = (1.0 - loss) * (1.0 - fail) ** (source - 1)
    harmless, _ = _loss_counts(repair, repair, fail, heal, start_lost=None)
    for extra in range(code.significant_extras()):
        lost = repair - extra
        mass = np.maximum(counts[lost] - intact * harmless[lost], 0.0)
        total = total + float(code.decoding_failure(source + extra)) * mass
    return np.clip(total, 0.0, 1.0)


def _loss_counts(
    steps: int, most: int, fail: Floats, heal: Floats, *, start_lost: Floats | None
) -> tuple[Floats, Floats]:
    """Probability of 0..most losses, (most + 1, n), and of more, after some steps of the chain.

    `start_lost` is the loss probability of a symbol before the first step; None starts behind a received symbol.
    """
    shape = (most + 1, len(fail))
    good, bad, more = np.zeros(shape), np.zeros(shape), np.zeros(len(fail))
    good[0] = 1.0 if start_lost is None else 1.0 - start_lost
    if start_lost is not None and most >= 1:
        bad[1] = start_lost
    elif start_lost is not None:
        more = more + start_lost
    for step in range(steps):
        top = min(step + 2, most)
        into_bad = fail * good[: top + 1] + (1.0 - heal) * bad[: top + 1]
        good[: top + 1] = (1.0 - fail) * good[: top + 1] + heal * bad[: top + 1]
        if top == most:
            more = more + into_bad[most]
        bad[1 : top + 1] = into_bad[:top]
        bad[0] = 0.0
    return good + bad, more


def _nodes(code: ObjectCode, mean_burst: float) -> Floats:
    """Packet losses at which a table is computed: spread over all decades, dense where the object loss rises."""
    spread = np.geomspace(_LOWEST_LOSS, 1.0, _SPREAD_POINTS)
    centre = (code.repair_symbols + 0.5) / code.sent_symbols
    correlation = float(loss_correlation(min(centre, 0.999), mean_burst))
    deviation = np.sqrt(
        centre * (1.0 - centre) / code.sent_symbols * (1.0 + correlation) / (1.0 - correlation)
    )
    low = max(centre - _FOCUS_WIDTH * deviation, _LOWEST_LOSS)
    high = min(centre + _FOCUS_WIDTH * deviation, 1.0)
    focus = np.linspace(low, high, _FOCUS_POINTS)
    return np.unique(np.concatenate([spread, focus]))

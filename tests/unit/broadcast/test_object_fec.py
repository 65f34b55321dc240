"""Erasure code per object: overhead, limits, table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from netgen.broadcast.object_fec import (
    ObjectCode,
    ObjectLossTable,
    missing_symbols,
    object_loss_probability,
)
from netgen.errors import ModelRangeError

CODE = ObjectCode(100, 110)


def test_decoding_failure_of_raptorq() -> None:
    """1e-2, 1e-4, 1e-6 with 0, 1, 2 symbols more than the source."""
    assert CODE.decoding_failure([99, 100, 101, 102]) == pytest.approx([1.0, 1e-2, 1e-4, 1e-6])


def test_nothing_lost_and_everything_lost() -> None:
    """No packet loss never loses an object, although decoding from K symbols may fail."""
    for burst in (1.0, 5.0):
        losses = object_loss_probability(ObjectCode(10, 10), [0.0, 1.0], mean_burst=burst)
        assert losses == pytest.approx([0.0, 1.0])


def test_without_repair_every_loss_is_fatal() -> None:
    """1 - (1 - p)^K, and with bursts 1 - (1 - p)(1 - q)^(K - 1) with q = p / (B (1 - p))."""
    plain = ObjectCode(20, 20)
    assert object_loss_probability(plain, 0.01) == pytest.approx(1 - 0.99**20)
    start = 0.01 / (4 * 0.99)
    assert object_loss_probability(plain, 0.01, mean_burst=4.0) == pytest.approx(1 - 0.99 * (1 - start) ** 19)


def test_one_symbol_with_one_repair_by_hand() -> None:
    """K = 1, N = 2: lost when both are lost, or the source alone and decoding fails."""
    p = 0.2
    expected = p * p + p * (1 - p) * 1e-2
    assert object_loss_probability(ObjectCode(1, 2), p) == pytest.approx(expected)
    stay = 1 - 1 / 5.0  # a burst of 5 goes on with this probability
    bursty = p * stay + p * (1 - stay) * 1e-2
    assert object_loss_probability(ObjectCode(1, 2), p, mean_burst=5.0) == pytest.approx(bursty)


def test_recursion_and_closed_form_meet_at_independence() -> None:
    """A burst a hair above the independent one gives the independent result."""
    loss = np.array([0.01, 0.05, 0.1, 0.2])
    independent = object_loss_probability(CODE, loss)
    for value, expected in zip(loss, independent, strict=True):
        nearly = object_loss_probability(CODE, value, mean_burst=(1 + 1e-9) / (1 - value))
        assert nearly == pytest.approx(expected, rel=1e-6)


def test_bursts_hurt_below_and_help_above_the_code_rate() -> None:
    """Well below the repair share bursts lose more objects, well above they lose fewer."""
    low, high = 0.03, 0.2
    assert object_loss_probability(CODE, low, mean_burst=8.0) > object_loss_probability(CODE, low)
    assert object_loss_probability(CODE, high, mean_burst=8.0) < object_loss_probability(CODE, high)


def test_an_ideal_code_needs_exactly_the_source_symbols() -> None:
    """No overhead: lost only when more than N - K packets are lost."""
    ideal = ObjectCode(2, 3, failure_at_source=0.0)
    p = 0.1
    assert object_loss_probability(ideal, p) == pytest.approx(3 * p**2 * (1 - p) + p**3)
    hopeless = ObjectCode(2, 3, failure_at_source=1.0, failure_decay=1.0)
    assert object_loss_probability(hopeless, p) == pytest.approx(1 - (1 - p) ** 2)
    sudden = ObjectCode(2, 3, failure_at_source=0.5, failure_decay=0.0)
    assert object_loss_probability(sudden, p) == pytest.approx(
        3 * p**2 * (1 - p) + p**3 + 0.5 * 2 * p * (1 - p) ** 2
    )


@pytest.mark.parametrize(
    ("code", "burst"),
    [
        (CODE, 1.0),
        (CODE, 5.0),
        (ObjectCode(1000, 1100), 20.0),
        (ObjectCode(20, 20), 1.0),
        (ObjectCode(1, 3), 4.0),
    ],
)
def test_table_reads_within_one_percent(code: ObjectCode, burst: float) -> None:
    """Against the exact value at 1,500 packet losses, where the object loss is above 1e-9."""
    table = ObjectLossTable.built(code, mean_burst=burst)
    rng = np.random.default_rng(2)
    loss = np.concatenate([10 ** rng.uniform(-6, 0, 750), rng.uniform(0, 1, 750)])
    exact = object_loss_probability(code, loss, mean_burst=burst)
    seen = exact > 1e-9
    assert np.allclose(table.at(loss)[seen], exact[seen], rtol=1e-2)
    assert table.at([0.0, 1.0]) == pytest.approx([0.0, 1.0])


def test_table_is_read_only_and_refuses_bad_losses() -> None:
    """Shared arrays cannot be changed; a probability above 1 is an error."""
    table = ObjectLossTable.built(CODE)
    with pytest.raises(ValueError, match="read-only"):
        table.object_loss[0] = 1.0
    with pytest.raises(ValueError, match="not between 0 and 1"):
        table.at([0.5, 1.5])


def test_shape_is_kept() -> None:
    """Any shape of losses, also none at all."""
    for burst in (1.0, 3.0):
        assert object_loss_probability(CODE, np.full((2, 3), 0.1), mean_burst=burst).shape == (2, 3)
        assert object_loss_probability(CODE, 0.1, mean_burst=burst).shape == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 10), "source_symbols = 0"),
        ((60_000, 60_000), "source_symbols = 60000"),
        ((10, 9), "sent_symbols = 9"),
        ((10, 12, 1.5), "failure_at_source"),
        ((10, 12, 0.5, -1.0), "failure_decay"),
    ],
)
def test_impossible_codes_are_refused(arguments: tuple[float, ...], message: str) -> None:
    """Each names the value."""
    with pytest.raises(ModelRangeError, match=message):
        ObjectCode(*arguments)  # type: ignore[arg-type]


def test_an_object_too_large_for_the_recursion_is_refused() -> None:
    """The message says to split it."""
    with pytest.raises(ModelRangeError, match="split the object"):
        object_loss_probability(ObjectCode(20_000, 22_000), 0.1, mean_burst=10.0)


def missing_by_hand(code: ObjectCode, loss: float, quantile: float) -> float:
    """Every count of received symbols, weighted with the failure of decoding; the inverse of its distribution."""
    sent, source, repair = code.sent_symbols, code.source_symbols, code.repair_symbols
    received = np.arange(sent + 1)
    lost = sent - received
    harmless = np.where(lost <= repair, stats.hypergeom.pmf(0, sent, source, lost), 0.0)
    weight = stats.binom.pmf(lost, sent, loss) * code.decoding_failure(received) * (1.0 - harmless)
    got = np.searchsorted(np.cumsum(weight) / weight.sum(), quantile, side="right")
    return float(max(source + code.mean_overhead() - got, 1.0))


@pytest.mark.parametrize(
    ("source", "sent"), [(1, 1), (1, 2), (5, 5), (20, 24), (40, 90), (100, 105), (1000, 1050), (3000, 3000)]
)
def test_missing_symbols_are_the_quantile_of_the_binomial_given_failure(source: int, sent: int) -> None:
    rng = np.random.default_rng(source + sent)
    loss, quantile = 10.0 ** rng.uniform(-5.0, -0.31, 60), rng.random(60)
    code = ObjectCode(source, sent)
    found = missing_symbols(code, loss, quantile)
    wanted = [missing_by_hand(code, p, u) for p, u in zip(loss, quantile, strict=True)]
    assert found.tolist() == pytest.approx(wanted, abs=1e-9)


def test_missing_symbols_by_hand() -> None:
    """Two symbols without repair, each lost with p = 0.2: of failures 0.04 of 0.36 lose both."""
    share = 0.04 / 0.36
    found = missing_symbols(ObjectCode(2, 2), np.full(4, 0.2), [0.0, share - 1e-6, share + 1e-6, 0.999])
    assert found.tolist() == [2.0, 2.0, 1.0, 1.0]


def test_missing_symbols_at_the_ends_of_loss() -> None:
    """Where loss is all but impossible one symbol is missing; where all is lost, all of the source and the overhead."""
    assert missing_symbols(ObjectCode(10, 10), [0.0, 1.0], [0.5, 0.5]).tolist() == [1.0, 10.0]
    assert missing_symbols(ObjectCode(10, 12), [0.0, 1.0], [0.5, 0.5]) == pytest.approx(
        [1.0, 10.0 + 0.01 / 0.99]
    )
    assert missing_symbols(CODE, [], []).tolist() == []


def test_mean_overhead_is_the_sum_of_failures() -> None:
    """1e-2 + 1e-4 + ...; nothing is decoded without repair symbols."""
    assert CODE.mean_overhead() == pytest.approx(1 / 99)
    assert ObjectCode(5, 5).mean_overhead() == ObjectCode(5, 6, failure_at_source=0.0).mean_overhead() == 0.0
    assert ObjectCode(5, 6, failure_decay=1.0).mean_overhead() == float("inf")

"""The broadcast checks of `netgen verify` hold, and fail when the model is wrong."""

import numpy as np
import pytest

from netgen.broadcast.object_fec import ObjectCode
from netgen.broadcast.single_frequency import EchoRule, SymbolTiming
from netgen.verify import broadcast


def shifted(function, by):
    """The function, with something added to its result."""
    return lambda *args, **kwargs: function(*args, **kwargs) + by


def test_bit_rates_hold_and_a_rate_off_by_more_than_a_kilobit_is_found(monkeypatch):
    check = broadcast.check_bit_rates()
    assert check.ok
    assert check.tolerance == 1000.0
    assert "288" in check.name
    monkeypatch.setattr(broadcast, "net_bit_rate_bps", shifted(broadcast.net_bit_rate_bps, 1100.0))
    assert not broadcast.check_bit_rates().ok


def test_thresholds_hold_and_a_tenth_of_a_decibel_is_found(monkeypatch):
    assert broadcast.check_thresholds().ok
    monkeypatch.setattr(broadcast, "required_cn_db", shifted(broadcast.required_cn_db, 0.1))
    assert not broadcast.check_thresholds().ok


def test_two_towers_hold():
    inside, outside = broadcast.check_single_frequency()
    assert inside.ok
    assert outside.ok
    assert inside.value - outside.value > 10.0


def test_two_towers_by_hand_are_what_the_docstring_says():
    """In free space 40 km are 12.04 dB below 10 km: inside the guard interval the sum is 0.26 dB above one tower."""
    one_tower_db = broadcast.two_towers_sinr_db(101e-6) - 10.0 * np.log10(1.0 + 10.0**-1.204)
    late_s = 30e3 / 299_792_458.0 - 50e-6
    share = (1.0 - late_s / 1e-3) ** 2
    noise = 10.0 ** (-one_tower_db / 10.0)
    expected = (1.0 + share * 10.0**-1.204) / (noise + (1.0 - share) * 10.0**-1.204)
    assert broadcast.two_towers_sinr_db(50e-6) == pytest.approx(10.0 * np.log10(expected), abs=0.01)


def test_an_echo_that_counts_wrongly_is_found(monkeypatch):
    """All of an echo outside the guard interval as interference: only the second case has such an echo."""
    monkeypatch.setattr(
        broadcast,
        "SymbolTiming",
        lambda useful_s, guard_s: SymbolTiming(useful_s, guard_s, rule=EchoRule.HARD),
    )
    assert [check.ok for check in broadcast.check_single_frequency()] == [True, False]


def test_a_wrong_power_or_delay_is_found(monkeypatch):
    power = shifted(broadcast.median_power_dbm, np.array([1e-3, 0.0]))
    delay = broadcast.arrival_delay_s
    with monkeypatch.context() as patch:
        patch.setattr(broadcast, "median_power_dbm", power)
        assert [check.ok for check in broadcast.check_single_frequency()] == [False, False]
    monkeypatch.setattr(broadcast, "arrival_delay_s", lambda *args: 1.02 * delay(*args))
    assert [check.ok for check in broadcast.check_single_frequency()] == [False, False]


def test_objects_hold_and_a_wrong_loss_is_found(monkeypatch):
    assert broadcast.check_object_code().ok
    loss = broadcast.object_loss_probability
    monkeypatch.setattr(broadcast, "object_loss_probability", lambda code, p: loss(code, p) * (1.0 + 1e-6))
    assert not broadcast.check_object_code().ok


def test_codes_without_the_overhead_of_decoding_are_found(monkeypatch):
    """An ideal code, which needs exactly K packets."""
    loss = broadcast.object_loss_probability
    ideal = {"failure_at_source": 0.0}
    monkeypatch.setattr(
        broadcast,
        "object_loss_probability",
        lambda code, p: loss(ObjectCode(code.source_symbols, code.sent_symbols, **ideal), p),
    )
    assert not broadcast.check_object_code().ok


def test_the_sum_by_hand_for_the_smallest_code():
    """3 source and 2 repair packets, loss 1/2: 3, 4 or 5 lost, and 1e-2, 1e-4 where 2 or 1 are, less the harmless."""
    code = ObjectCode(3, 5)
    lost = (10 + 5 + 1) / 32 + (10 - 1) / 32 * 1e-2 + (5 - 2) / 32 * 1e-4
    assert broadcast.lost_object(code, 0.5) == pytest.approx(lost, rel=1e-12)

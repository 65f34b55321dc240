"""Choosing and running checks."""

import pytest

from netgen.errors import InputError
from netgen.verify import run_checks
from netgen.verify.chain import chain_delay_s
from netgen.verify.suite import entries


def test_short_checks_hold():
    checks = run_checks(full=False, only=("chain", "laws", "published"))
    assert len(checks) == 11
    assert [check for check in checks if not check.ok] == []


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError, match='no check has "chian" in its name; did you mean "chain"'):
        run_checks(full=False, only=("chian",))


def test_heavy_loads_are_left_to_the_full_suite():
    long = {entry.name for entry in entries() if entry.full_only}
    assert "M/M/1 on a link, load 0.8" in long
    assert "M/M/1 on a link, load 0.5" not in long


def test_the_hand_computed_delay_is_the_sum_of_its_parts():
    packets_s = 11_200 / 3e6 + 622_080 / 2e6
    assert chain_delay_s() == pytest.approx(0.08 + packets_s + 0.015 + 0.35 + 0.08 + 0.002, abs=1e-12)

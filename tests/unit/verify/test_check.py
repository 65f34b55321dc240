"""One check."""

from netgen.verify import Check


def test_a_check_prints_exactly_the_contract_keys():
    check = Check.within("x", 1.0, 1.5, 0.6, "s")
    assert check.as_dict() == {
        "name": "x",
        "value": 1.0,
        "reference": 1.5,
        "tolerance": 0.6,
        "ok": True,
        "source": "s",
    }


def test_a_value_beyond_the_tolerance_or_not_a_number_fails():
    assert not Check.within("x", 1.0, 1.5, 0.4, "s").ok
    assert not Check.within("x", float("nan"), 1.5, 0.4, "s").ok

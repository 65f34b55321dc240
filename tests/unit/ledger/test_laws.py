"""The conservation laws: balanced books pass, and every way of breaking them is seen."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.errors import ConservationError
from netgen.ledger import STATEMENTS, Balance, check_laws, raise_if_broken

BOUNDS = {"capacity", "semantic-loss"}


def balanced(law: str, where: str = "a->b") -> Balance:
    return Balance(law, where, 10.0, 10.0, bound=law in BOUNDS)


def test_balanced_books_pass_and_every_law_is_there_with_its_accounts():
    laws = check_laws([balanced(law) for law in STATEMENTS] + [balanced("link-bits", "b->c")])
    assert set(laws) == set(STATEMENTS)
    assert {name: law.accounts for name, law in laws.items()} == dict.fromkeys(STATEMENTS, 1) | {
        "link-bits": 2
    }
    assert all(law.holds and law.residual == 0 and law.worst == "" for law in laws.values())
    raise_if_broken(laws)


def test_a_law_without_accounts_is_listed_with_none():
    laws = check_laws([])
    assert set(laws) == set(STATEMENTS)
    assert all(law.accounts == 0 for law in laws.values())


@pytest.mark.parametrize("law", STATEMENTS)
@pytest.mark.parametrize("surplus", [1e-9, 1.0, 1e12])
def test_each_law_can_break(law, surplus):
    """More on the left breaks every law; less on the left breaks an equality and satisfies a bound."""
    more = check_laws([balanced(law), Balance(law, "b->c", 10.0 + surplus, 10.0, bound=law in BOUNDS)])
    assert not more[law].holds
    assert more[law].residual == pytest.approx(surplus, rel=1e-6)
    assert more[law].worst == "b->c"
    less = check_laws([Balance(law, "b->c", 10.0, 10.0 + surplus, bound=law in BOUNDS)])
    assert less[law].holds == (law in BOUNDS)


def test_the_error_names_every_broken_law_its_residual_and_where_and_no_other():
    laws = check_laws(
        [
            *(balanced(law) for law in STATEMENTS),
            Balance("link-bits", "n4->n5", 4_200_000, 4_199_000),
            Balance("segments", "tv", 12, 11),
        ]
    )
    with pytest.raises(ConservationError) as error:
        raise_if_broken(laws)
    assert str(error.value) == (
        "the books do not balance: "
        "link-bits (bits offered to a link = bits arrived + lost + in flight): 1000 at n4->n5; "
        "segments (segments offered = delivered + late + lost + in flight): 1 at tv"
    )
    assert error.value.exit_code == 1


def test_a_tolerance_is_allowed_and_no_more_and_the_residual_is_told_all_the_same():
    inside = check_laws([Balance("delivery", "u1", 1.0, 1.5, tolerance=0.5)])["delivery"]
    assert inside.holds
    assert (inside.residual, inside.worst) == (0.5, "u1")
    outside = check_laws([Balance("delivery", "u1", 1.0, 1.5001, tolerance=0.5)])["delivery"]
    assert not outside.holds


def test_the_worst_account_is_the_one_that_exceeds_its_tolerance_most():
    laws = check_laws(
        [
            Balance("capacity", "wide", 1000.5, 1000.0, bound=True, tolerance=1.0),
            Balance("capacity", "narrow", 10.2, 10.0, bound=True, tolerance=0.0),
        ]
    )
    assert not laws["capacity"].holds
    assert laws["capacity"].worst == "narrow"


@pytest.mark.parametrize(("left", "right"), [(math.nan, 1.0), (1.0, math.nan), (math.nan, math.nan)])
@pytest.mark.parametrize("law", STATEMENTS)
def test_books_that_are_no_numbers_do_not_balance(law, left, right):
    laws = check_laws([balanced(law), Balance(law, "a->b", left, right, bound=law in BOUNDS)])
    assert not laws[law].holds
    with pytest.raises(ConservationError, match=law):
        raise_if_broken(laws)


def test_an_account_of_an_unknown_law_is_not_overlooked():
    with pytest.raises((KeyError, ValueError), match="link-bit"):
        check_laws([Balance("link-bit", "a->b", 1.0, 2.0)])


@given(
    st.lists(
        st.tuples(st.integers(0, 10**15), st.integers(0, 10**15), st.booleans()), min_size=1, max_size=20
    )
)
def test_a_law_holds_exactly_when_all_its_accounts_do(accounts):
    balances = [
        Balance("node-bits", f"n{number}", left, right, bound=bound)
        for number, (left, right, bound) in enumerate(accounts)
    ]
    law = check_laws(balances)["node-bits"]
    assert law.holds == all(left <= right if bound else left == right for left, right, bound in accounts)
    assert law.residual == max(max(0, a - b) if bound else abs(a - b) for a, b, bound in accounts)

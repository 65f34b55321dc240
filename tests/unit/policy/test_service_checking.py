"""What service policies may decide: every illegal decision is found and named, legal ones come back as int64."""

from dataclasses import replace

import numpy as np
import pytest

from netgen.errors import PolicyError
from netgen.policy import (
    Add,
    AdditionDecision,
    ContinuationDecision,
    OffloadingDecision,
    Serve,
    checked_addition,
    checked_continuation,
    checked_offloading,
)
from netgen.policy.service_samples import addition_samples, continuation_samples, offloading_samples

BROADCAST, REPAIRED, CELLULAR = Serve


def continuation_view(**changes):
    """Three users: on the tower, in a cell and moving, in a cell that it has left."""
    values = {
        "user": np.array([4, 7, 9]),
        "served": np.array([0, 2, 2]),
        "moving": np.array([False, True, False]),
        "cell": np.array([0, 0, -1]),
    }
    return replace(continuation_samples()[1], **(values | changes))


def refusal(check, decision, view):
    with pytest.raises(PolicyError) as error:
        check(decision, view, where="here")
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith("here: ")
    return message.removeprefix("here: ")


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.float64])
def test_a_legal_continuation_comes_back_as_int64(dtype):
    decision = ContinuationDecision(np.array([2, 2, 0], dtype=dtype), "multicast", "why")
    found = checked_continuation(decision, continuation_view(), where="here")
    assert found.serve.dtype == np.int64
    assert found.serve.tolist() == [2, 2, 0]
    assert (found.cast, found.reason) == ("multicast", "why")


def test_what_a_policy_keeps_is_not_what_the_core_works_with():
    """A policy that returns the view's own array, or goes on writing into its own, changes nothing."""
    own = np.array([0, 2, 2])
    found = checked_continuation(ContinuationDecision(own), continuation_view(), where="here")
    own[0] = 1
    assert found.serve.tolist() == [0, 2, 2]


@pytest.mark.parametrize(
    ("serve", "message"),
    [
        (np.array([2, 2]), "serve has shape (2,); the view has 3 users"),
        (np.array([[2, 2, 2]]), "serve has shape (1, 3); the view has 3 users"),
        ([2, 2, 2], "serve is list, not an array"),
        (np.array(["2", "2", "2"]), "serve is of <U1, not of whole numbers"),
        (np.array([True, True, True]), "serve is of bool, not of whole numbers"),
        (
            np.array([3, 2, 2]),
            "serve holds 3, which stands for nothing (legal: 0 BROADCAST, 1 REPAIRED, 2 CELLULAR)",
        ),
        (
            np.array([np.nan, 2, 2]),
            "serve holds nan, which stands for nothing (legal: 0 BROADCAST, 1 REPAIRED, 2 CELLULAR)",
        ),
        (
            np.array([0.5, 2, 2]),
            "serve holds 0.5, which stands for nothing (legal: 0 BROADCAST, 1 REPAIRED, 2 CELLULAR)",
        ),
        (np.array([0, 0, 2]), "BROADCAST for user 7, who is being moved, so must stay as served"),
        (
            np.array([0, 2, 1]),
            "REPAIRED for user 9, who has no cell, so must stay as served or go back to the tower",
        ),
    ],
)
def test_an_illegal_continuation_is_named(serve, message):
    assert refusal(checked_continuation, ContinuationDecision(serve), continuation_view()) == message


def test_several_users_are_counted():
    view = continuation_view(
        cell=np.array([-1, -1, -1]), moving=np.zeros(3, dtype=bool), served=np.zeros(3, dtype=int)
    )
    message = refusal(checked_continuation, ContinuationDecision(np.array([2, 2, 2])), view)
    assert message.startswith("CELLULAR for user 4 (and 2 more), who has no cell")


def test_cast_reason_and_type_are_checked():
    legal, view = np.array([0, 2, 2]), continuation_view()
    assert refusal(checked_continuation, None, view) == "None is no ContinuationDecision"
    for cast in ("anycast", None, np.zeros(2)):
        message = refusal(checked_continuation, ContinuationDecision(legal, cast), view)
        assert message.endswith("is neither unicast, multicast nor cheaper")
    for reason in ("two\nlines", 3):
        message = refusal(checked_continuation, ContinuationDecision(legal, reason=reason), view)
        assert message == f"the reason {reason!r} is not text on one line"


VIEW = offloading_samples()[3]  # final 8, talk 5, news 9 and empty 5 Mbit/s of 20; film 5 of 6


def test_a_legal_offloading_comes_back_in_the_order_of_the_view():
    found = checked_offloading(OffloadingDecision(("film", "news", "final"), "why"), VIEW, where="here")
    assert (found.on_tower, found.reason) == (("final", "news", "film"), "why")
    assert checked_offloading(OffloadingDecision(["talk"]), VIEW, where="here").on_tower == ("talk",)
    assert checked_offloading(OffloadingDecision(()), VIEW, where="here").on_tower == ()


@pytest.mark.parametrize(
    ("on_tower", "message"),
    [
        ("final", "on_tower = 'final' is not a tuple of names"),
        ((0,), "on_tower = (0,) is not a tuple of names"),
        (("sport",), 'no service "sport" (it has: final, talk, news, film, empty)'),
        (("news", "news"), 'on_tower names "news" twice'),
        (
            ("final", "talk", "news"),
            "final, talk, news need 22000000 bit/s of mast, which has 20000000 bit/s",
        ),
    ],
)
def test_an_illegal_offloading_is_named(on_tower, message):
    assert refusal(checked_offloading, OffloadingDecision(on_tower), VIEW) == message


def test_what_is_being_moved_cannot_be_turned_back():
    final, talk, *_ = VIEW.contents
    there = replace(VIEW, contents=(replace(final, on_tower=True, moving=True), talk))
    back = replace(VIEW, contents=(replace(final, moving=True), talk))
    assert refusal(checked_offloading, OffloadingDecision(()), there) == (
        '"final" is being moved to the tower and cannot be turned back'
    )
    assert refusal(checked_offloading, OffloadingDecision(("final",)), back) == (
        '"final" is being moved back to the cells and cannot be turned back'
    )


def test_rates_fill_a_channel_to_the_last_bit_and_no_further():
    final, talk, *_ = VIEW.contents
    full = replace(VIEW, contents=(replace(final, rate_bps=15e6), talk))
    decision = OffloadingDecision(("final", "talk"))
    assert checked_offloading(decision, full, where="here").on_tower == ("final", "talk")
    over = replace(VIEW, contents=(replace(final, rate_bps=15e6 + 1), talk))
    assert refusal(checked_offloading, decision, over).startswith("final, talk need 20000001 bit/s of mast")


@pytest.mark.parametrize("rate_bps", [np.nan, np.inf])
def test_a_rate_that_is_no_number_never_fits(rate_bps):
    view = replace(VIEW, contents=(replace(VIEW.contents[0], rate_bps=rate_bps),))
    assert "bit/s of mast" in refusal(checked_offloading, OffloadingDecision(("final",)), view)


def test_what_is_being_moved_and_no_longer_fits_is_not_the_policys_fault():
    view = offloading_samples()[11]  # the channel has lost its rate
    assert checked_offloading(OffloadingDecision(("final",)), view, where="here").on_tower == ("final",)
    assert "need 17000000 bit/s" in refusal(checked_offloading, OffloadingDecision(("final", "news")), view)


def addition_view(**changes):
    """Four users: all is possible; no terminal; no GPU in the cell; no cell."""
    base = addition_samples()[3]
    values = {
        "user": np.array([1, 2, 3, 4]),
        "cell": np.array([0, 0, 1, -1]),
        "can_terminal": np.array([True, False, True, True]),
        "can_cell": np.array([True, False, True]),
    }
    return replace(base, **(values | changes))


@pytest.mark.parametrize("how", [[3, 1, 3, 0], [2, 2, 1, 0], [0, 0, 0, 0]])
def test_a_legal_addition_comes_back_as_int64(how):
    found = checked_addition(AdditionDecision(np.array(how, dtype=np.int16)), addition_view(), where="here")
    assert found.how.dtype == np.int64
    assert found.how.tolist() == how


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ([0, 0, 0, 1], "SENT for user 4, who has no cell"),
        ([0, 0, 0, 3], "AT_TERMINAL for user 4, who has no cell"),
        ([0, 3, 0, 0], "AT_TERMINAL for user 2, who has a terminal that cannot generate"),
        ([0, 0, 2, 0], "AT_CELL for user 3, who is in a cell whose node cannot generate"),
        (
            [4, 0, 0, 0],
            "how holds 4, which stands for nothing (legal: 0 NONE, 1 SENT, 2 AT_CELL, 3 AT_TERMINAL)",
        ),
    ],
)
def test_an_illegal_addition_is_named(how, message):
    assert refusal(checked_addition, AdditionDecision(np.array(how)), addition_view()) == message


@pytest.mark.parametrize("way", [Add.AT_CELL, Add.AT_TERMINAL])
def test_nothing_is_generated_without_an_action(way):
    message = refusal(
        checked_addition, AdditionDecision(np.array([way, 0, 0, 0])), addition_view(control_bits=0.0)
    )
    assert message == f"{way.name} for user 1, who cannot: the enhancement has no action"


def test_another_type_is_no_addition():
    decision = ContinuationDecision(np.array([0, 0, 0, 0]))
    assert refusal(checked_addition, decision, addition_view()).endswith("is no AdditionDecision")
    assert refusal(checked_offloading, decision, VIEW).endswith("is no OffloadingDecision")

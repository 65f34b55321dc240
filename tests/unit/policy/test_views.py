"""Views are values: nothing in them can be changed, and nothing in them leads to the engine."""

import dataclasses
import typing

import pytest

from netgen.policy import Contract, Drop, Expand, Forward, views
from netgen.policy.checking import sample_views
from netgen.policy.decisions import choice_of

VIEWS = [views.SegmentView, views.LinkView, views.GpuView, views.Option, views.NodeView]


@pytest.mark.parametrize("view", VIEWS)
def test_views_are_frozen_and_hold_only_values(view):
    assert view.__dataclass_params__.frozen
    assert "__slots__" in vars(view)
    allowed = {str, int, float, bool, type(None), *VIEWS, Forward, Contract, Expand, Drop}
    for hint in typing.get_type_hints(view).values():
        parts = set(typing.get_args(hint)) - {Ellipsis} or {hint}
        assert parts <= allowed, hint


def test_a_view_cannot_be_changed():
    view = sample_views()[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        view.time_s = 0.0
    with pytest.raises(TypeError):
        view.options[0] = None


def test_options_are_found_by_kind():
    contracting, expanding = sample_views()[0], sample_views()[6]
    assert [option.decision for option in contracting.contractions] == [Contract("semi"), Contract("none")]
    assert contracting.expansion is None
    assert expanding.contractions == ()
    assert expanding.expansion.decision == Expand()


def test_the_total_is_wait_computing_and_transmission():
    option = dataclasses.replace(sample_views()[0].options[1], wait_s=1.0, compute_s=0.25, transmit_s=0.5)
    assert option.total_s == 1.75


@pytest.mark.parametrize(
    ("decision", "choice"),
    [
        (Forward("r"), ("forward", "")),
        (Contract("x265", "r"), ("contract", "x265")),
        (Expand("r"), ("expand", "")),
        (Drop("r"), ("drop", "")),
    ],
)
def test_a_choice_is_the_kind_and_the_action_and_not_the_reason(decision, choice):
    assert choice_of(decision) == choice

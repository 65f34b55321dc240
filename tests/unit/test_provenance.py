"""The weakest mark wins."""

import itertools

import pytest

from netgen.provenance import Provenance, weakest

ORDER = [
    Provenance.EXACT,
    Provenance.MEASURED,
    Provenance.PUBLISHED,
    Provenance.ESTIMATED,
    Provenance.DECLARED,
]


@pytest.mark.parametrize(("stronger", "weaker"), [*itertools.combinations_with_replacement(ORDER, 2)])
def test_the_weaker_of_two_marks_is_kept(stronger, weaker):
    assert weakest([stronger, weaker]) is weaker
    assert weakest([weaker, stronger]) is weaker


def test_of_many_marks_the_weakest_is_kept():
    assert weakest(ORDER) is Provenance.DECLARED
    assert weakest(mark for mark in ORDER[:4]) is Provenance.ESTIMATED


def test_a_figure_without_marked_inputs_counts_as_exact():
    assert weakest([]) is Provenance.EXACT


def test_marks_are_written_as_plain_words():
    assert [f"{mark}" for mark in ORDER] == ["exact", "measured", "published", "estimated", "declared"]
    assert set(ORDER) == set(Provenance)

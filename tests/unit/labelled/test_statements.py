"""Descriptions are compared by what they state."""

from __future__ import annotations

import pytest

from netgen.errors import InputError
from netgen.labelled.meaning import Meaning, Thing, drawn_meanings
from netgen.labelled.statements import agreement, description_from_text, description_of
from netgen.rng import generator_from

SCENE = Meaning(2, (Thing(0, 0, 0, 2, 0), None, None, Thing(1, 2, 1, 0, 3)))
"""A small red circle at the upper left of the top left, moving right; a large blue square below."""

FAITHFUL = (
    "In front of the coffee there is, top left, a tiny crimson disc at the upper left that moves rightwards; "
    "bottom right, a big azure box at the lower right that stands still."
)


def test_a_scene_in_words_states_the_scene() -> None:
    """For any scene with at least its background."""
    for meaning in drawn_meanings(generator_from(1), 60):
        stated = description_of(meaning)
        assert description_from_text(meaning.in_words()) == stated
        assert agreement(stated, stated).statements == 1.0


def test_a_faithful_paraphrase_costs_nothing() -> None:
    """Other words, the same statements."""
    assert agreement(description_of(SCENE), description_from_text(FAITHFUL)).statements == 1.0


def test_a_swap_of_colours_costs_what_it_swaps() -> None:
    """Two of the twelve attributes, and nothing of the objects or where they are."""
    swapped = FAITHFUL.replace("crimson", "xxx").replace("azure", "crimson").replace("xxx", "azure")
    found = agreement(description_of(SCENE), description_from_text(swapped))
    assert found.attributes == pytest.approx(10 / 12)
    assert found.objects == found.relations == 1.0
    assert found.statements < 0.9


def test_a_missing_object_costs_itself_and_its_relations() -> None:
    """One of two objects: F1 of 2 * 1 / 3."""
    found = agreement(description_of(SCENE), description_of(Meaning(2, (SCENE.things[0], None, None, None))))
    assert found.objects == pytest.approx(2 / 3)
    assert found.attributes == pytest.approx(2 * 6 / 18)
    assert found.relations == 0.0


def test_relations_do_not_depend_on_the_order() -> None:
    """Objects named the other way round."""
    first, second = FAITHFUL.split("; ")
    turned = "In front of the coffee there is, " + second.rstrip(".") + "; " + first.split("is, ")[1] + "."
    assert agreement(description_of(SCENE), description_from_text(turned)).statements == 1.0


def test_an_empty_scene_agrees_with_itself() -> None:
    """Nothing but a background."""
    empty = description_of(Meaning(0, (None,) * 4))
    assert agreement(empty, empty).statements == 1.0
    assert agreement(empty, description_of(Meaning(1, (None,) * 4))).statements == 0.0


def test_what_states_nothing_is_refused() -> None:
    """No object, no background."""
    with pytest.raises(InputError, match="nothing is stated"):
        description_from_text("It was a dark and stormy night.")

"""Scenes travel as their labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netgen.actions.contract import KnobTarget
from netgen.errors import InputError
from netgen.labelled.describing import LEVELS, DescribeSceneAction, meaning_of, message_of, sent_bits
from netgen.labelled.drawing import drawn_circumstances, drawn_clip
from netgen.labelled.meaning import Meaning, Thing, drawn_meanings, scene_entropy_bits
from netgen.rng import generator_from


def test_all_labels_come_back() -> None:
    """Two hundred scenes, exactly; in little more than their entropy."""
    meanings = drawn_meanings(generator_from(1), 200)
    assert all(meaning_of(message_of(meaning, LEVELS)) == meaning for meaning in meanings)
    assert scene_entropy_bits() < sent_bits(meanings, LEVELS) < scene_entropy_bits() + 10


def test_fewer_labels_cost_less_and_say_less() -> None:
    """With four of seven, colours and shapes come back; sizes do not."""
    meanings = drawn_meanings(generator_from(2), 50)
    for meaning in meanings:
        found = meaning_of(message_of(meaning, 4))
        assert found.background == meaning.background
        for was, seen in zip(meaning.things, found.things, strict=True):
            assert (was is None) == (seen is None)
            if was is not None and seen is not None:
                assert (seen.colour, seen.shape, seen.size) == (was.colour, was.shape, 0)
    lengths = [sent_bits(meanings, labels) for labels in range(1, LEVELS + 1)]
    assert lengths == sorted(lengths)


def test_more_than_a_scene_can_say_is_refused() -> None:
    """A damaged message never draws something."""
    with pytest.raises(InputError, match="more than the description of a scene"):
        meaning_of(b"\xff" * 12)


def test_a_scene_is_read_sent_and_drawn_again() -> None:
    """Through the bytes: the labels that the reader saw are drawn, and read again."""
    pytest.importorskip("torch", reason="the reader needs torch")
    from netgen.labelled.reading import read_meanings, views_of  # noqa: PLC0415

    meaning = Meaning(1, (Thing(0, 0, 1, 2, 0), None, Thing(1, 2, 0, 3, 1), None))
    clip = drawn_clip(meaning, drawn_circumstances(generator_from(3)))
    action = DescribeSceneAction()
    made = action.contract(clip, KnobTarget(LEVELS))
    shown = action.expand(made)
    assert made.bits < 300
    assert shown.planes.shape == clip.planes.shape
    assert read_meanings(views_of([shown])) == [meaning_of(made.parts[0].payload)] == [meaning]


def test_frames_that_are_no_scene_are_refused() -> None:
    """Not square, or of another domain."""
    action = DescribeSceneAction()
    with pytest.raises(InputError, match="scenes are square"):
        action.check_size(480, 272)
    clip = drawn_clip(Meaning(0, (None,) * 4), drawn_circumstances(generator_from(4)))
    made = action.contract(clip, KnobTarget(1))
    with pytest.raises(InputError, match="domain"):
        action.expand(replace(made, domain="elsewhere"))
    np.testing.assert_array_equal(action.expand(made).planes, action.expand(made).planes)

"""Meaning at the receivers: what was read beside what the ledger has."""

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="the reader is a torch model")

from netgen.generative.representation import Representation
from netgen.labelled import delivered
from netgen.labelled.delivered import DeliveredMeaning
from netgen.labelled.meaning import Meaning, drawn_meaning, scene_entropy_bits
from netgen.rng import generator_from

COUNT = 400


class Scenes:
    """Stands for drawn scenes: a clip is the number of its scene."""

    seed, count = 3, COUNT

    def meaning(self, index):
        return drawn_meaning(generator_from(3, index % self.count))

    def clip(self, index):
        return index % self.count


@pytest.fixture
def scenes(monkeypatch):
    """Scenes that are read without an error when nothing was done to them."""
    found = Scenes()
    monkeypatch.setattr(delivered, "reading_of", found.meaning)
    return found


def contracted(fidelity, low, high):
    return replace(
        Representation.source(100), last_action="a", semantic_fidelity=fidelity, semantic_interval=(low, high)
    )


def without_objects(meaning: Meaning) -> Meaning:
    """Keep the background alone: 3 bits, and of what stands there that something is seldom seen."""
    return Meaning(meaning.background, (None,) * 4)


def test_what_is_read_is_held_against_the_account(scenes):
    book = DeliveredMeaning({"news": scenes})
    true_share = 3 / scene_entropy_bits()
    for index in range(COUNT):
        for receiver, account in (("H", true_share), ("G", 0.5)):
            made = contracted(account, account - 0.005, account + 0.005)
            read = without_objects(scenes.meaning(index))
            book.note("show", receiver, content="news", index=index, made=made, read=read)
    wrong, right = book.figures()
    assert [(one["service"], one["receiver"]) for one in (wrong, right)] == [("show", "G"), ("show", "H")]
    assert right["read_bits"] == pytest.approx(3 * COUNT, rel=0.05)
    assert right["account_bits"] == pytest.approx(3 * COUNT)
    assert (right["agrees"], wrong["agrees"]) == (True, False)
    assert right["read_low_bits"] <= right["read_bits"] <= right["read_high_bits"] <= right["offered_bits"]


def test_a_source_counts_with_what_the_reader_keeps_of_it(scenes):
    """And of a scene that comes again only the first time counts."""
    book = DeliveredMeaning({"news": scenes})
    for index in range(2 * COUNT):
        read = None if index < COUNT else without_objects(scenes.meaning(index))
        book.note("show", "H", content="news", index=index, made=Representation.source(9), read=read)
    (found,) = book.figures()
    assert found["scenes"] == COUNT
    assert found["read_bits"] == found["ceiling_bits"] == pytest.approx(found["account_bits"])
    assert found["agrees"]


def test_few_scenes_give_no_figure(scenes):
    book = DeliveredMeaning({"news": scenes})
    for index in range(39):
        book.note("show", "H", content="news", index=index, made=Representation.source(9), read=None)
    (found,) = book.figures()
    assert "fewer than 40" in found["note"]
    assert "read_bits" not in found

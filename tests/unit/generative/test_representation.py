"""What travels: the source's own representation."""

import dataclasses

import pytest

from netgen.generative.representation import SOURCE_MODE, Representation
from netgen.provenance import Provenance


def test_the_source_holds_all_of_the_meaning():
    made = Representation.source(4_000_000)
    assert made.bits == made.discriminative_bits == 4_000_000
    assert made.generative_bits == 0
    assert made.semantic_fidelity == 1.0
    assert made.fidelity_provenance is Provenance.EXACT
    assert (made.mode, made.contracted_by, made.last_action) == (SOURCE_MODE, None, "")
    assert made.playable
    assert not made.generated
    assert made.ms_ssim == 1.0
    assert made.psnr_db is None  # a picture has no error against itself: its PSNR is no number


def test_bits_are_both_kinds():
    made = dataclasses.replace(Representation.source(10), generative_bits=7)
    assert made.bits == 17


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Representation.source(1).generative_bits = 3

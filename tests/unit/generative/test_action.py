"""Contracting and expanding: bits may grow, meaning never does."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.generative.action import GenerativeAction, Menu
from netgen.generative.operating_point import CodingMode
from netgen.generative.representation import Representation
from netgen.provenance import Provenance

ACTION = GenerativeAction(
    name="key",
    mode=CodingMode.SEMI_REFERENCE,
    bits_per_pixel=0.01,
    semantic_fidelity=0.9,
    fidelity_provenance=Provenance.DECLARED,
    provenance=Provenance.DECLARED,
    playable=False,
    learned=True,
    generative_share=0.25,
    expanded_rate_bps=None,
    psnr_db=31.0,
    ms_ssim=0.93,
    contract_work=None,
    expand_work=None,
    memory_bytes=0,
)
SOURCE = Representation.source(4_000_000)


def test_contracting_gives_the_bits_of_the_operating_point():
    made = ACTION.contract(SOURCE, frames=30, pixels=1920 * 1080)
    assert made.bits == round(0.01 * 30 * 1920 * 1080) == 622_080
    assert (made.generative_bits, made.discriminative_bits) == (155_520, 466_560)
    assert made.semantic_fidelity == 0.9
    assert made.fidelity_provenance is Provenance.DECLARED
    assert (made.mode, made.contracted_by, made.last_action) == ("semi-reference", "key", "key")
    assert (made.playable, made.generated) == (False, False)
    assert (made.psnr_db, made.ms_ssim) == (31.0, 0.93)


def test_a_contracted_segment_has_at_least_one_bit():
    tiny = dataclasses.replace(ACTION, bits_per_pixel=1e-12)
    assert tiny.contract(SOURCE, frames=1, pixels=16).bits == 1


def test_expanding_gives_the_bits_of_the_source_or_of_a_stated_rate_and_no_meaning():
    small = ACTION.contract(SOURCE, frames=30, pixels=100)
    full = ACTION.expand(small, source_bits=4_000_000, duration_s=2.0)
    assert (full.bits, full.generative_bits) == (4_000_000, 0)
    assert full.semantic_fidelity == small.semantic_fidelity
    assert full.fidelity_provenance is small.fidelity_provenance
    assert (full.contracted_by, full.last_action, full.playable, full.generated) == (None, "key", True, True)
    rated = dataclasses.replace(ACTION, expanded_rate_bps=3e6)
    assert rated.expand(small, source_bits=4_000_000, duration_s=2.0).bits == 6_000_000


def test_conventional_coding_generates_nothing():
    plain = dataclasses.replace(ACTION, learned=False)
    small = plain.contract(SOURCE, frames=30, pixels=100)
    assert not plain.expand(small, source_bits=9, duration_s=1.0).generated


@given(
    fidelities=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    bits_per_pixel=st.floats(1e-6, 10),
    share=st.floats(0, 1),
)
def test_meaning_never_grows_along_any_chain_of_actions(fidelities, bits_per_pixel, share):
    held = SOURCE
    for fidelity in fidelities:
        action = dataclasses.replace(
            ACTION, semantic_fidelity=fidelity, bits_per_pixel=bits_per_pixel, generative_share=share
        )
        small = action.contract(held, frames=3, pixels=1000)
        full = action.expand(small, source_bits=held.bits, duration_s=1.0)
        assert small.semantic_fidelity <= held.semantic_fidelity
        assert full.semantic_fidelity == small.semantic_fidelity
        assert small.bits == small.generative_bits + small.discriminative_bits >= 1
        assert 0 <= small.generative_bits <= small.bits
        held = full


def test_the_menu_knows_an_action_by_class_of_content():
    other = dataclasses.replace(ACTION, bits_per_pixel=0.02)
    text = dataclasses.replace(ACTION, name="text")
    menu = Menu({("key", "sports"): ACTION, ("key", "screen"): other, ("text", "sports"): text})
    assert menu.names == ("key", "text")
    assert menu.of("key", "screen") is other
    assert menu.variants_of("key") == (ACTION, other)
    with pytest.raises(KeyError):
        menu.of("text", "screen")

"""Representations of joint coding behind a channel."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.generative.representation import Representation
from netgen.robustness.table import Left, RobustnessTable

TABLE = RobustnessTable(
    "rayleigh-fast",
    (0.0, 10.0),
    (Left(0.3, (0.2, 0.4), 18.0, 0.5), Left(0.6, (0.5, 0.7), 24.0, 0.9)),
    Left(0.75, (0.7, 0.8), 30.0, 0.99),
)


def sent(fidelity=0.75, interval=(0.7, 0.8)):
    """Return symbols as coding alone leaves them."""
    return dataclasses.replace(
        Representation.source(1000), semantic_fidelity=fidelity, semantic_interval=interval, symbols=TABLE
    )


def test_a_channel_leaves_what_its_table_says():
    heard = sent().heard(10.0)
    assert heard.semantic_fidelity == pytest.approx(0.6)
    assert heard.semantic_interval == (pytest.approx(0.5), pytest.approx(0.7))
    assert (heard.psnr_db, heard.ms_ssim, heard.symbols) == (24.0, 0.9, None)
    assert heard.heard(-30.0) is heard  # it is no longer symbols


def test_what_was_lost_before_stays_lost():
    """Half of the meaning was gone before: half of what the channel leaves is left."""
    assert sent(0.375, (0.35, 0.4)).heard(0.0).semantic_fidelity == pytest.approx(0.15)


def test_below_the_table_nothing_is_left():
    assert sent().heard(-0.1).semantic_fidelity == 0.0


def test_a_bitstream_hears_nothing_of_noise():
    source = Representation.source(1000)
    assert source.heard(-30.0) is source


@given(st.floats(0, 1), st.floats(-20, 40))
def test_meaning_never_rises_over_a_channel(fidelity, snr_db):
    assert sent(fidelity, (fidelity, fidelity)).heard(snr_db).semantic_fidelity <= fidelity

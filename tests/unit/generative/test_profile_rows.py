"""Rows of the published tables as operating points."""

import csv
from importlib.resources import files

import pytest

from netgen.generative.profile_rows import published_memory_bytes, published_point


def row(profile):
    text = (files("netgen.generative") / "profiles" / "published.csv").read_text(encoding="utf-8")
    return next(row for row in csv.DictReader(text.splitlines()) if row["profile"] == profile)


def test_operations_are_two_per_multiply_add_and_frame():
    decode = published_point(row("cttr")).decode
    assert decode.flops == pytest.approx(2 * 189.858e9 * 250)
    assert decode.memory_bytes == 43_910_000 * 2
    assert (decode.frames, decode.pixels) == (250, 65536)


def test_a_direction_without_a_time_is_no_work():
    point = published_point(row("cdc"))
    assert point.encode is None
    assert point.decode.seconds == 3.324
    assert point.decode.flops is None


def test_weights_are_the_directions_own_or_the_whole_models_or_none():
    assert published_memory_bytes(row("fomm"), "encode") == 14_215_000 * 2
    assert published_memory_bytes(row("fomm"), "decode") == 45_575_000 * 2
    assert published_memory_bytes(row("hific"), "encode") == 370_000_000
    assert published_memory_bytes(row("vtm"), "decode") == 0
    assert published_memory_bytes(row("cmvc-it2v"), "decode") is None


def test_a_work_without_frames_keeps_its_time():
    point = published_point(row("cmvc-it2v"))
    assert (point.encode.seconds, point.encode.frames, point.encode.pixels) == (722.54, None, None)

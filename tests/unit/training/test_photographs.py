"""Photographs to train from: never the held-out ones, always as luma, and errors that name the directory."""

import numpy as np
import pytest
from PIL import Image

from netgen.errors import InputError
from netgen.training.photographs import (
    HELD_OUT,
    LONGEST_SIDE_PX,
    Photograph,
    digest,
    drawn_pages,
    luma_of,
    packaged_photographs,
    photographs_in,
)


def test_packaged_photographs_leave_out_what_the_clips_are_made_of():
    photographs = packaged_photographs()
    assert len(photographs) >= 8
    names = {photograph.name.rpartition("/")[2].partition(".")[0] for photograph in photographs}
    assert not names & set(HELD_OUT)
    assert all(photograph.luma.dtype == np.uint8 for photograph in photographs)


def test_luma_is_of_limited_range():
    assert luma_of(np.array([[0, 255]], dtype=np.uint8)).tolist() == [[16, 235]]
    white_and_green = np.array([[[255, 255, 255], [0, 255, 0]]], dtype=np.uint8)
    assert luma_of(white_and_green).tolist() == [[235, 145]]  # BT.601: 16 + 128.553


def test_a_directory_is_read_by_name_and_reduced(tmp_path):
    Image.new("RGB", (LONGEST_SIDE_PX * 2, 100), (255, 0, 0)).save(tmp_path / "b.png")
    Image.new("L", (30, 40), 9).save(tmp_path / "a.jpg")
    (tmp_path / "notes.txt").write_text("no picture")
    first, second = photographs_in(tmp_path)
    assert (first.name, first.luma.shape) == ("a.jpg", (40, 30))
    assert (second.name, second.luma.shape) == ("b.png", (50, LONGEST_SIDE_PX))


@pytest.mark.parametrize("content", [None, b"", b"not a picture"])
def test_directories_without_pictures_are_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(InputError, match=r"holds no picture|cannot be read as a picture"):
        photographs_in(tmp_path)


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(InputError, match="is not a directory of photographs"):
        photographs_in(tmp_path / "nowhere")


def test_pages_and_their_digest_follow_from_the_generator():
    one, same, other = (drawn_pages(np.random.default_rng(seed), 2) for seed in (1, 1, 2))
    assert digest(one) == digest(same) != digest(other)
    assert np.ptp(one[0].luma) > 50


def test_digest_sees_names_sizes_and_samples():
    luma = np.zeros((4, 6), np.uint8)
    changed = luma.copy()
    changed[0, 0] = 1
    photographs = [
        Photograph("a", luma.copy()),
        Photograph("b", luma.copy()),
        Photograph("a", changed),
        Photograph("a", luma.reshape(6, 4).copy()),
    ]
    assert len({digest([photograph]) for photograph in photographs}) == 4

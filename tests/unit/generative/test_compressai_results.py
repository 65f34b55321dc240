"""Result files of CompressAI, in the shapes that its repository has them (the figures here are made up)."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from netgen.errors import InputError, ModelRangeError
from netgen.generative.compressai_results import (
    QualityPlanes,
    Raster,
    read_results,
    referenced_profile,
    results_reference,
)
from netgen.generative.operating_point import CodingMode
from netgen.provenance import Provenance

IMAGES = {
    "name": "tiny-hyperprior",
    "description": "Inference (ans)",
    "results": {
        "psnr-rgb": [30.0, 34.0],
        "ms-ssim-rgb": [0.95, 0.98],
        "bpp": [0.2, 0.8],
        "encoding_time": [0.03, 0.05],
        "decoding_time": [0.02, 0.04],
    },
}
VIDEOS = {
    "name": "tiny-flow",
    "description": "Inference (ans), trained somewhere",
    "results": {
        "q": ["tiny-flow-2", "tiny-flow-1"],
        "psnr-y": [37.0, 34.0],
        "psnr-rgb": [35.0, 32.0],
        "ms-ssim-rgb": [0.96, 0.93],
        "bitrate": [24883.2, 12441.6],
    },
}


def written(folder: Path, content: object, name: str = "tiny.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def test_rates_of_an_image_file_are_published_and_its_rgb_quality_is_left_out(tmp_path: Path):
    profile = read_results(written(tmp_path, IMAGES))
    assert profile.name == "tiny-hyperprior"
    assert (profile.mode, profile.learned, profile.playable) == (CodingMode.FULL_REFERENCE, True, False)
    assert profile.provenance is Provenance.PUBLISHED
    assert profile.source == "CompressAI results, tiny.json: tiny-hyperprior, Inference (ans)"
    assert profile.rate_range == (0.2, 0.8)
    assert profile.model_memory_bytes is None
    point = profile.at(0.4)
    assert (point.psnr_db, point.ms_ssim, point.semantic_fidelity) == (None, None, None)
    assert point.quality_provenance is None
    assert point.rate_provenance is Provenance.PUBLISHED


def test_rgb_quality_is_read_when_it_is_asked_for_and_says_so(tmp_path: Path):
    profile = read_results(written(tmp_path, IMAGES), planes=QualityPlanes.RGB)
    assert profile.source.endswith("PSNR and MS-SSIM over RGB")
    middle = profile.at(0.4)  # half-way between 0.2 and 0.8 in log-rate
    assert middle.psnr_db == pytest.approx(32.0)
    assert middle.ms_ssim == pytest.approx(0.965)
    assert middle.quality_provenance is Provenance.PUBLISHED
    with pytest.raises(ModelRangeError, match=r"0\.2 to 0\.8"):
        profile.at(0.9)


def test_older_files_do_not_state_the_planes(tmp_path: Path):
    results = {"psnr": [28.0, 31.0], "ms-ssim": [0.91, 0.95], "bpp": [0.1, 0.3]}
    path = written(
        tmp_path, {"name": "official tiny", "description": "official results (mse)", "results": results}
    )
    assert read_results(path, planes=QualityPlanes.RGB).points[0].psnr_db is None
    unstated = read_results(path, planes=QualityPlanes.UNSTATED)
    assert [point.psnr_db for point in unstated.points] == [28.0, 31.0]
    assert "planes that the file does not state" in unstated.source


def test_ms_ssim_in_decibel_is_turned_back(tmp_path: Path):
    results = {"bpp": [0.1], "ms-ssim-db-rgb": [20.0]}
    path = written(tmp_path, {"name": "tiny", "description": "official results", "results": results})
    assert read_results(path, planes=QualityPlanes.RGB).points[0].ms_ssim == pytest.approx(0.99)


def test_bit_rates_need_the_raster_and_are_sorted(tmp_path: Path):
    path = written(tmp_path, VIDEOS)
    with pytest.raises(InputError, match="say them as @WIDTHxHEIGHTpRATE"):
        read_results(path)
    profile = read_results(path, raster=Raster(1920, 1080, Fraction(120)))
    assert [point.bits_per_pixel for point in profile.points] == pytest.approx([0.05, 0.1])
    assert [point.psnr_db for point in profile.points] == [34.0, 37.0]
    assert all(point.ms_ssim is None for point in profile.points)


@pytest.mark.parametrize(
    ("name", "learned"),
    [
        ("VTM-v15.0-lowdelay", False),
        ("x265-medium-tune-zerolatency", False),
        ("BPG 8b 444 x265 ycbcr", False),
        ("JPEG2000", False),
        ("HM", False),
        ("mbt2018-mean-vbr-mse", True),
        ("ssf2020-mse-ans-vimeo", True),
        ("elic2022", True),
    ],
)
def test_conventional_codecs_need_no_model(tmp_path: Path, name: str, learned: bool):
    profile = read_results(written(tmp_path, {**IMAGES, "name": name}))
    assert (profile.learned, profile.playable) == (learned, not learned)
    assert profile.model_memory_bytes == (None if learned else 0)


def test_times_count_only_on_a_device_that_the_file_names(tmp_path: Path):
    assert read_results(written(tmp_path, IMAGES, "x_cuda.json")).points[0].encode is None
    named = {**IMAGES, "meta": {"dataset": "kodak", "device": "NVIDIA RTX 3090"}}
    work = read_results(written(tmp_path, named)).points[0].encode
    assert work is not None
    assert (work.seconds, work.frames, work.pixels, work.device) == (0.03, 1, 768 * 512, "RTX-3090")
    assert work.provenance is Provenance.PUBLISHED
    for meta in (
        {"dataset": "kodak", "device": None},
        {"dataset": "kodak", "device": "cuda"},
        {"device": "RTX 3090"},
    ):
        assert read_results(written(tmp_path, {**IMAGES, "meta": meta})).points[0].encode is None


def test_references_name_file_profile_planes_and_raster(tmp_path: Path):
    assert results_reference("x265-half") is None
    assert results_reference("measured.jsonl:x265") is None
    plain = results_reference("a/b.json:official tiny")
    assert plain is not None
    assert (plain.path, plain.name, plain.planes, plain.raster) == (
        Path("a/b.json"),
        "official tiny",
        QualityPlanes.LUMA,
        None,
    )
    path = written(tmp_path, VIDEOS)
    full = results_reference(f"{path}:tiny-flow/rgb@1920x1080p60000/1001")
    assert full is not None
    assert full.raster == Raster(1920, 1080, Fraction(60000, 1001))
    assert referenced_profile(full).points[0].psnr_db == 32.0
    other = results_reference(f"{path}:tiny@1920x1080p50")
    assert other is not None
    with pytest.raises(InputError, match='holds "tiny-flow", not "tiny"'):
        referenced_profile(other)


@pytest.mark.parametrize(
    ("reference", "message"),
    [("a.json:b/cmyk", 'planes "cmyk"; accepted: luma, rgb, unstated'), ("a.json:b@hd", "is no raster"),
     ("a.json:b@0x5p1", "must be positive")],
)  # fmt: skip
def test_wrong_references_are_refused(reference: str, message: str):
    with pytest.raises(InputError, match=message):
        results_reference(reference)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"bpp": [0.1], "rgb_psnr": [30.0]}, "is no result file of CompressAI"),
        ([], "is no result file of CompressAI"),
        ({"name": "a", "description": "b", "results": {"psnr": [1.0]}}, "neither bpp nor bitrate"),
        (
            {"name": "a", "description": "b", "results": {"bpp": [0.1, 0.2], "psnr": [1.0]}},
            r"have \[1, 2\] entries",
        ),
        ({"name": "a", "description": "b", "results": {"bpp": []}}, "entries"),
        ({"name": "a", "description": "b", "results": {"bpp": [-0.1]}}, "must be positive"),
        ({"name": 3, "description": "b", "results": {"bpp": [0.1]}}, "is no result file of CompressAI"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: object, message: str):
    with pytest.raises(InputError, match=message):
        read_results(written(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"cannot read .*none\.json"):
        read_results(tmp_path / "none.json")

"""Calibration as a whole, on made-up clips and with an action of one's own."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from netgen.actions.contract import Placement, Stage
from netgen.calibration import calibrate as module
from netgen.calibration import measuring
from netgen.calibration.calibrate import (
    calibrate,
    calibrate_to_file,
    chosen_variants,
    errors_between_devices,
)
from netgen.calibration.fresh_process import FreshStart
from netgen.calibration.record import Memory
from netgen.errors import CheckFailedError, InputError
from netgen.generative.profile import read_measured
from netgen.media.codec import Codec, CodingConfig, write_video
from netgen.media.yuv_clip import YuvClip
from netgen.provenance import Provenance

for package in ("av", "torch", "skimage", "torchmetrics", "imageio_ffmpeg"):
    pytest.importorskip(package)

WIDTH, HEIGHT = 96, 72
PLAIN = Path(__file__).with_name("plain_action.py")


def plain(name):
    return f"{PLAIN}:{name}"


def write_clip(path, *, frames=8, width_px=WIDTH, height_px=HEIGHT):
    x, y = np.meshgrid(np.arange(width_px + 3 * frames), np.arange(height_px * 3 // 2))
    picture = 128 + 50 * np.sin(x / 7) * np.cos(y / 11) + np.random.default_rng(4).normal(0, 5, x.shape)
    planes = np.stack([picture[:, 3 * k : 3 * k + width_px] for k in range(frames)]).astype(np.uint8)
    write_video(path, YuvClip(planes, Fraction(8)), CodingConfig(Codec.X264, 18, 1, 8))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "waves.mkv", frames=18)


@pytest.fixture(scope="module")
def lines():
    return []


@pytest.fixture(scope="module")
def records(clip, lines):
    return calibrate(plain("Coarse"), videos=[clip], repeats=2, progress=lines.append)


@pytest.fixture
def known_start(monkeypatch):
    """No fresh process: other tests start one."""
    start = FreshStart(1.0, 2.0, 3.0, Memory(1, 2, None, "VmHWM"))
    monkeypatch.setattr(measuring, "measure_fresh", lambda *_, **__: start)


def test_every_value_of_the_grid_is_measured_segment_by_segment(records, lines):
    assert [(one.profile, one.knob, one.knob_value) for one in records] == [
        ("test.coarse", "step", 4.0),
        ("test.coarse", "step", 24.0),
    ]
    assert len(lines) == 2
    assert lines[0].startswith("test.coarse step 4 waves: ")
    fine, coarse = records
    for one in records:
        assert (one.frames, len(one.segment_bits), one.generative_bits) == (16, 2, 32)
        assert one.bits_per_pixel == pytest.approx(sum(one.segment_bits) / (16 * WIDTH * HEIGHT))
        assert (one.clip.content_set, one.clip.name, one.clip.content_class) == ("file", "waves", None)
        assert (one.mode, one.playable, one.learned, one.compatibility) == (
            "semi-reference", False, True, "weights",
        )  # fmt: skip
    assert fine.bits_per_pixel > coarse.bits_per_pixel
    assert fine.quality.psnr_db > coarse.quality.psnr_db + 5
    assert fine.quality.ssim > coarse.quality.ssim
    assert fine.quality.vmaf > coarse.quality.vmaf
    assert fine.quality.semantic.fidelity > coarse.quality.semantic.fidelity
    assert fine.quality.ms_ssim is None  # 72 lines are too few for five scales


def test_a_divided_sample_has_the_error_of_its_step(records):
    """Steps of 4, put back in the middle: errors -2 to 1 in equal parts, mean square 1.5: 46.37 dB."""
    assert records[0].quality.psnr_db == pytest.approx(46.37, abs=0.15)


def test_time_is_split_and_the_first_calls_are_apart(records):
    for one in records:
        times = one.times
        assert 0 < times.contract.p5 <= times.contract.p50 <= times.contract.p95
        assert set(times.contract_stages) == {Stage.ENTROPY}
        assert set(times.expand_stages) == {Stage.ENTROPY, Stage.INFER}
        whole = sum(spread.p50 for spread in times.expand_stages.values())
        assert 0 < whole <= times.expand.p95 * 1.5
        # To a rate it is contracted several times, without anything else.
        assert times.contract_to_rate_s_per_frame > times.contract.p5
        assert times.contract_to_rate_bpp == pytest.approx(one.bits_per_pixel, rel=0.5)
        assert min(times.load_s, times.first_contract_s, times.first_expand_s) > 0
        assert (times.repeats, times.segments) == (2, 2)


def test_memory_operations_and_origin_are_there(records):
    for one in records:
        assert one.memory.peak_bytes - one.memory.idle_bytes > 60_000_000  # what it holds while it contracts
        assert one.memory.idle_bytes > 1_000_000
        assert one.memory.device_peak_bytes is None
        assert one.model.expand_flops_per_frame == 2 * 9 * WIDTH * (HEIGHT * 3 // 2)
        assert one.model.contract_flops_per_frame is None
        assert (one.model.weights_bytes, one.model.in_contract, one.model.in_expand) == (36, False, True)
        assert one.energy.method in {"none", "rapl"}
        assert (one.energy.contract_j_per_frame is None) is (one.energy.method == "none")
        assert (one.device.kind, one.device.threads, one.device.driver) == ("cpu", 1, None)
        assert 1e8 < one.device.matmul_flops_per_s < 1e14
        assert {"netgen", "av", "numpy", "torch", "torchmetrics"} <= set(dict(one.origin.versions))


def test_bits_and_quality_are_the_same_when_measured_again(records, clip, known_start):
    again = calibrate(plain("Coarse"), videos=[clip], repeats=1, progress=lambda _: None)
    assert [(one.segment_bits, one.quality) for one in again] == [
        (one.segment_bits, one.quality) for one in records
    ]


def test_what_is_written_can_be_read_as_a_profile(clip, tmp_path, known_start):
    out = tmp_path / "measured.jsonl"
    count = calibrate_to_file(
        [plain("Coarse")], videos=[clip], out=out, repeats=1, progress=lambda _: None,
        options=["--repeats 1"],
    )  # fmt: skip
    text = out.read_text(encoding="utf-8")
    assert len(text.splitlines()) == count == 2
    profile = read_measured(text, "measured.jsonl")["test.coarse"]
    assert (profile.learned, profile.compatibility, profile.decode_memory_bytes) == (True, "weights", 36)
    low, high = profile.rate_range
    point = profile.at((low * high) ** 0.5)
    assert point.fidelity_provenance is Provenance.ESTIMATED
    assert point.semantic_interval[0] <= point.semantic_fidelity <= point.semantic_interval[1]
    assert point.decode.flops == 2 * 9 * WIDTH * (HEIGHT * 3 // 2)
    assert json.loads(text.splitlines()[0])["provenance"]["command"].endswith("Coarse --repeats 1")
    assert errors_between_devices(out) == []


def test_what_cannot_be_calibrated_is_refused_before_anything_is_measured(tmp_path, clip, monkeypatch):
    def never(*_):
        raise AssertionError("measured although it should have been refused")

    monkeypatch.setattr(module, "ClipMeasurement", never)
    low = write_clip(tmp_path / "low.mkv", width_px=130, height_px=130)

    def refused(names, message, **different):
        given = {"videos": [clip], "repeats": 1, "out": tmp_path / "o.jsonl"} | different
        with pytest.raises(InputError, match=message):
            calibrate_to_file(names, progress=lambda _: None, **given)

    refused([plain("Coarse")], "0 repeats", repeats=0)
    refused([plain("Coarse")], "no video is given", videos=[])
    refused(["svtav1-half"], "low: action codec.lowres: frames of 130 x 130 pixels", videos=[low])
    refused(["x264"], "it runs on cpu, not on cuda", placement=Placement(device="cuda"))
    refused(["x266"], 'action "x266" .*did you mean "x26[45]"')
    (tmp_path / "notes.jsonl").write_text("notes\n", encoding="utf-8")
    refused(["x264"], r"notes\.jsonl:1", out=tmp_path / "notes.jsonl")
    assert not (tmp_path / "o.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Ending", r"Ending ended its process \(7\) .*: the graphics card caught fire"),
        ("Refusing", "Refusing failed in a fresh process: the weights are not there"),
    ],
)
def test_an_action_that_fails_is_named(name, message, clip):
    with pytest.raises(CheckFailedError, match=message):
        calibrate(plain(name), videos=[clip], progress=lambda _: None)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("Unsteady", CheckFailedError, "Unsteady at step 4 on waves: the same frames gave different bytes"),
        ("Exact", InputError, "waves by .*Exact at step 1: the clip is reproduced exactly"),
    ],
)
def test_what_cannot_be_recorded_is_an_error(name, error, message, clip, known_start):
    with pytest.raises(error, match=message):
        calibrate(plain(name), videos=[clip], repeats=2, progress=lambda _: None)


def test_names_are_found_once_and_all_means_every_shipped_one():
    assert chosen_variants(["x265", "x264", "x265"], device="cpu") == ("x265", "x264")
    assert {"x264", "svtav1-half", "svtav1-mci4", "restore-half"} <= set(
        chosen_variants(["all"], device="cpu")
    )
    with pytest.raises(InputError, match=r'did you mean "x26[45]"'):
        chosen_variants(["x266"], device="cpu")

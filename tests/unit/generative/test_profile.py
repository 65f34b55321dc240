"""Profiles: shipped, measured, declared, and their operating points."""

import json
import math
from datetime import date

import pytest

from netgen.errors import InputError, ModelRangeError
from netgen.generative.device import find_device
from netgen.generative.profile import (
    ANY_DEVICE,
    CodingMode,
    Profile,
    declared_profile,
    find_profile,
    load_profiles,
    profile_warnings,
    read_measured,
)
from netgen.generative.service_time import service_time
from netgen.provenance import Provenance
from netgen.version import __version__


def record(
    clip,
    crf,
    bpp,
    psnr_db,
    *,
    profile="x265",
    content_class="natural",
    encode_s=0.002,
    device="some-cpu",
    fidelity=None,
    **different,
):
    kind = "cpu" if device.endswith("cpu") else "cuda"
    semantic = {"fidelity": fidelity, "low": fidelity, "high": 1.0, "method": "m", "mark": "estimated"}
    return json.dumps(
        {
            "schema": 2,
            "profile": profile,
            "action": "codec.x265",
            "mode": "full-reference",
            "playable": True,
            "learned": False,
            "compatibility": "format",
            "config": {"knob": "crf", "value": crf, "segment_s": 1.0, "fps": 25.0, "size": [64, 64]},
            "content": {"set": "t", "clip": clip, "class": content_class},
            "rate": {"bpp": bpp, "frames": 10},
            "quality": {"psnr_db": psnr_db, "ssim": 0.8, "ms_ssim": 0.9, "vmaf": 50.0},
            "semantic": None if fidelity is None else semantic,
            "time": {
                "contract_s_per_frame": {"p50": encode_s},
                "expand_s_per_frame": {"p50": 0.001},
                "contract_to_rate_s_per_frame": None,
            },
            "model": {"bytes": 0, "contract": False, "expand": False},
            "flops": {"contract_per_frame": None, "expand_per_frame": None},
            "device": {"kind": kind, "name": device, "cores": 2, "threads": 1},
            "provenance": {
                "mark": "measured",
                "date": "2026-01-02",
                "command": "c",
                "versions": {"netgen": __version__},
            },
        }
        | different
    )


TWO_CLIPS = "\n".join(
    [
        record("easy", 20, 0.1, 40.0),
        record("easy", 40, 0.001, 30.0),
        record("hard", 20, 1.0, 30.0, content_class="screen", encode_s=0.004),
        record("hard", 40, 0.01, 20.0, content_class="screen", encode_s=0.004),
        "",
    ]
)


@pytest.fixture
def measured():
    return read_measured(TWO_CLIPS, "t.jsonl")["x265"]


def test_shipped_names_are_there():
    names = {"vtm", "elic", "hific", "ms-illm", "cdc", "diffeic", "vvc", "fomm", "fomm2", "face-vid2vid"}
    names |= {"cfte", "cttr", "cmvc-it2v", "gvsc-description", "gvsc-sketch-description"}
    names |= {"gvsc-sketches-description", "gvsc-first-frame-description", "h264-ldpc", "h265-ldpc", "dvst"}
    assert names <= set(load_profiles())
    assert all(name == profile.name for name, profile in load_profiles().items())


def test_what_plays_without_generation_and_what_is_learned():
    profiles = load_profiles()
    assert {
        name for name in ("vtm", "vvc", "cttr", "elic", "gvsc-description") if profiles[name].playable
    } == {
        "vtm",
        "vvc",
    }
    for profile in profiles.values():
        assert not (profile.playable and profile.learned)
    neither = {name for name, profile in profiles.items() if not profile.playable and not profile.learned}
    assert neither == {"flat"}  # a description: shown by a renderer that has no network
    assert profiles["gvsc-description"].mode is CodingMode.NO_REFERENCE
    assert profiles["cttr"].mode is CodingMode.SEMI_REFERENCE
    assert profiles["vtm"].mode is CodingMode.FULL_REFERENCE


def test_shipped_fidelities_are_measured_of_drawn_scenes_and_estimated_elsewhere():
    """Published papers give none in netgen's sense; of clips without labels calibration gives an estimate."""
    for profile in load_profiles().values():
        for point in profile.points:
            assert (point.semantic_fidelity is None) is (point.fidelity_provenance is None)
            if point.content_class == "labelled":
                assert point.fidelity_provenance is Provenance.MEASURED
            else:
                assert point.fidelity_provenance in (None, Provenance.ESTIMATED)
            assert profile.conditions is not None or point.semantic_fidelity is None


def test_model_memory_is_the_larger_direction():
    assert find_profile("face-vid2vid").model_memory_bytes == 72_195_000 * 2
    assert find_profile("cttr").model_memory_bytes == 43_910_000 * 2
    assert find_profile("vtm").model_memory_bytes == 0
    assert find_profile("gvsc-description").model_memory_bytes is None


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(InputError, match=r'no profile is called "ctrr"; did you mean "cttr"\?'):
        find_profile("ctrr")


def test_a_published_point_is_read_at_its_own_rate_only():
    hific = find_profile("hific")
    assert hific.at(None) is hific.at(0.303) is hific.points[0]
    assert hific.rate_range == (0.303, 0.303)
    with pytest.raises(ModelRangeError, match=r'"hific" is not known at 0\.1 .* accepted: 0\.303 bit/pixel'):
        hific.at(0.1)


def test_a_profile_without_a_rate_says_that_the_scenario_must_declare_it():
    assert find_profile("fomm").at(None).bits_per_pixel is None
    assert find_profile("fomm").rate_range is None
    with pytest.raises(ModelRangeError, match=r"Table 6.* gives no rate: declare bits_per_pixel"):
        find_profile("fomm").at(0.01)


def test_measured_curves_are_read_clip_by_clip_then_averaged(measured):
    """At 0.01 bit/pixel: easy is halfway (35 dB), hard at its low end (20 dB)."""
    point = measured.at(0.01)
    assert point.psnr_db == pytest.approx((35.0 + 20.0) / 2)
    assert point.clips == 2
    assert point.encode.seconds == pytest.approx(0.003)
    assert point.encode.std_s == pytest.approx(0.002 / math.sqrt(2))
    assert point.content_class == "mixed"


def test_only_the_clips_that_cover_the_rate_count(measured):
    assert measured.at(0.001).clips == 1
    assert measured.at(0.001).psnr_db == 30.0
    assert measured.at(1.0).psnr_db == 30.0
    assert measured.at(0.5).clips == 1


def test_every_measure_is_interpolated_and_averaged_like_psnr():
    lines = [
        record(
            "one",
            20,
            0.1,
            40.0,
            fidelity=0.8,
            quality={"psnr_db": 40.0, "ssim": 0.9, "ms_ssim": None, "vmaf": 90.0},
        ),
        record(
            "one",
            40,
            0.001,
            30.0,
            fidelity=0.6,
            quality={"psnr_db": 30.0, "ssim": 0.7, "ms_ssim": 0.8, "vmaf": 50.0},
        ),
        record("two", 40, 0.01, 20.0, fidelity=0.3),
    ]
    profile = read_measured("\n".join(lines), "t")["x265"]
    natural = [p for p in profile.points if p.clip == "t/one"]
    assert [p.ms_ssim for p in natural] == [0.8, None]
    point = profile.at(0.01)
    assert (point.ssim, point.vmaf) == (pytest.approx((0.8 + 0.8) / 2), pytest.approx((70 + 50) / 2))
    assert point.ms_ssim is None
    assert point.semantic_fidelity == pytest.approx((0.7 + 0.3) / 2)
    assert point.semantic_interval == (pytest.approx(0.3), 1.0)  # where one content is expected


def test_below_the_floor_of_a_codec_is_told_as_such(measured):
    with pytest.raises(
        ModelRangeError, match=r"0\.0001 bit/pixel, which it cannot reach; accepted: 0\.001 to 1"
    ):
        measured.at(0.0001)
    with pytest.raises(ModelRangeError, match=r"2 bit/pixel; accepted"):
        measured.at(2.0)


TWO_DEVICES = "\n".join(
    record(clip, crf, bpp, 30.0, device=device, encode_s=encode_s)
    for clip, crf, bpp in (("easy", 20, 0.1), ("easy", 40, 0.001), ("hard", 20, 0.2), ("hard", 40, 0.002))
    for device, encode_s in (("some-cpu", 0.01), ("NVIDIA L4", 0.001))
)


def test_each_device_gets_its_own_times_and_others_an_estimate_from_their_kind():
    work = read_measured(TWO_DEVICES, "t")["x265"].at(0.01).encode
    assert (work.device, work.elsewhere[0].device) == ("some-cpu, 2 cores", "L4")
    here = service_time(work, find_device("L4"), frames=1, pixels=64 * 64)
    assert (here.seconds, here.provenance) == (pytest.approx(0.001), Provenance.MEASURED)
    assert "on L4" in here.method
    with pytest.raises(ModelRangeError, match=r"measured on L4 and cannot be estimated for H200-SXM"):
        service_time(work, find_device("H200-SXM"), frames=1, pixels=64 * 64)


def test_a_later_record_replaces_one_of_the_same_device_alone():
    again = record("easy", 20, 0.1, 30.0, device="NVIDIA L4", encode_s=0.5)
    work = read_measured(TWO_DEVICES + "\n" + again, "t")["x265"].at(0.1).encode
    easy = next(
        p for p in read_measured(TWO_DEVICES + "\n" + again, "t")["x265"].points if p.bits_per_pixel == 0.1
    )
    assert easy.encode.seconds == pytest.approx(0.1)
    assert easy.encode.elsewhere[0].seconds == pytest.approx(5.0)
    assert work.device == "some-cpu, 2 cores"


def test_clips_that_no_device_shares_cannot_be_averaged():
    lines = [record("a", 20, 0.1, 30.0), record("b", 20, 0.1, 30.0, device="NVIDIA L4")]
    with pytest.raises(ModelRangeError, match=r"different devices \(L4, some-cpu, 2 cores\)"):
        read_measured("\n".join(lines), "t")["x265"].at(0.1)


def test_what_an_action_is_comes_from_its_records():
    model = {"bytes": 1000, "sha256": "x", "contract": False, "expand": True}
    line = record(
        "a",
        20,
        0.1,
        30.0,
        mode="semi-reference",
        playable=False,
        learned=True,
        compatibility="weights",
        model=model,
    )
    profile = read_measured(line, "t")["x265"]
    assert (profile.mode, profile.playable, profile.learned, profile.compatibility) == (
        CodingMode.SEMI_REFERENCE, False, True, "weights",
    )  # fmt: skip
    assert (profile.encode_memory_bytes, profile.decode_memory_bytes) == (0, 1000)
    with pytest.raises(
        InputError, match=r't: the records of "x265" are of two actions: semi-reference, weights and'
    ):
        read_measured(line + "\n" + record("b", 20, 0.1, 30.0), "t")


def test_warnings_name_the_profile_and_only_measured_ones_have_them(measured):
    use = {"width_px": 64, "height_px": 64, "frame_rate_hz": 25.0, "segment_s": 1.0}
    assert profile_warnings(measured, content_class="screen", **use) == []
    (text,) = profile_warnings(measured, content_class="driving", **use)
    assert text == 'profile "x265" was not measured on contents of class "driving" (on: natural, screen)'
    assert len(profile_warnings(measured, content_class="screen", **use, today=date(2028, 1, 1))) == 1
    assert profile_warnings(find_profile("hific"), content_class="driving", **use) == []


@pytest.mark.parametrize("rate", [0.0009, 1.01])
def test_outside_the_measured_range_is_an_error_that_names_it(measured, rate):
    with pytest.raises(ModelRangeError, match=r"accepted: 0\.001 to 1 bit/pixel, the range of its 2 clip"):
        measured.at(rate)


def test_a_profile_of_several_points_needs_a_rate(measured):
    with pytest.raises(ModelRangeError, match=r"has 4 points; accepted: 0\.001 to 1 bit/pixel"):
        measured.at(None)


def test_a_content_class_selects_its_clips(measured):
    assert measured.at(0.01, content_class="natural").psnr_db == pytest.approx(35.0)
    assert measured.at(0.01, content_class="screen").psnr_db == pytest.approx(20.0)
    with pytest.raises(ModelRangeError, match=r'no content class "sports" \(has: natural, screen\)'):
        measured.at(0.01, content_class="sports")
    with pytest.raises(ModelRangeError, match=r"accepted: 0\.01 to 1 bit/pixel"):
        measured.at(0.005, content_class="screen")


def test_measured_profiles_are_conventional_and_sorted(measured):
    assert (measured.playable, measured.learned, measured.model_memory_bytes) == (True, False, 0)
    assert measured.provenance is Provenance.MEASURED
    rates = [point.bits_per_pixel for point in measured.points]
    assert rates == sorted(rates)
    assert measured.rate_range == (0.001, 1.0)


def test_a_later_record_of_one_clip_and_configuration_replaces_the_earlier():
    text = TWO_CLIPS + record("easy", 20, 0.2, 41.0)
    easy = [p for p in read_measured(text, "t")["x265"].points if p.clip == "t/easy"]
    assert [(p.bits_per_pixel, p.psnr_db) for p in easy] == [(0.001, 30.0), (0.2, 41.0)]


def test_records_of_several_profiles_are_kept_apart_and_errors_name_the_line():
    text = record("easy", 20, 0.1, 40.0) + "\n\n" + record("easy", 20, 0.05, 35.0, profile="x265-half")
    assert set(read_measured(text, "t")) == {"x265", "x265-half"}
    with pytest.raises(InputError, match=r"^t\.jsonl:4: "):
        read_measured(text + "\n{}", "t.jsonl")


def test_a_declared_profile_is_declared_throughout():
    profile = declared_profile(
        "mine",
        mode=CodingMode.SEMI_REFERENCE,
        contract_s=0.1,
        expand_s=0.4,
        memory_bytes=2_000_000_000,
        bits_per_pixel=0.01,
        semantic_fidelity=0.9,
        psnr_db=30.0,
    )
    point = profile.at(None)
    assert point is profile.at(0.01)
    marks = (point.rate_provenance, point.quality_provenance, point.fidelity_provenance, profile.provenance)
    assert set(marks) == {Provenance.DECLARED}
    assert (point.encode.device, point.encode.seconds, point.encode.duration_s) == (ANY_DEVICE, 0.1, 1.0)
    assert point.decode.seconds == 0.4
    assert profile.model_memory_bytes == 2_000_000_000
    assert not profile.playable


def test_a_declared_profile_keeps_gaps_as_gaps():
    profile = declared_profile(
        "mine",
        mode=CodingMode.NO_REFERENCE,
        contract_s=None,
        expand_s=0.4,
        memory_bytes=None,
        bits_per_pixel=None,
        semantic_fidelity=None,
    )
    point = profile.at(None)
    assert point.encode is None
    assert (point.rate_provenance, point.quality_provenance, point.fidelity_provenance) == (None, None, None)
    assert profile.model_memory_bytes is None


def test_drawn_scenes_count_only_where_they_are_asked_for():
    """They are like no video: an average over unlike contents leaves them out, unless there is nothing else."""
    semantic = {"fidelity": 0.5, "low": 0.4, "high": 0.6, "method": "labels", "mark": "measured"}
    drawn = record("scenes", 20, 0.1, 20.0, content_class="labelled", semantic=semantic)
    mixed = read_measured("\n".join((record("easy", 20, 0.1, 40.0, fidelity=0.9), drawn)), "t")["x265"]
    assert (mixed.at(0.1).psnr_db, mixed.at(0.1).clips) == (40.0, 1)
    point = mixed.at(0.1, content_class="labelled")
    assert (point.psnr_db, point.semantic_fidelity, point.semantic_interval) == (20.0, 0.5, (0.4, 0.6))
    assert point.fidelity_provenance is Provenance.MEASURED
    assert point.fidelity_source == "labels, 2026-01-02, c"
    assert read_measured(drawn, "t")["x265"].at(0.1).psnr_db == 20.0


def test_an_interpolated_fidelity_names_the_sources_of_both_ends():
    rows = [
        record("easy", crf, bpp, 40.0, fidelity=0.5, provenance={
            "mark": "measured", "date": day, "command": "c", "versions": {"netgen": __version__},
        })
        for crf, bpp, day in ((20, 0.1, "2026-01-02"), (40, 0.001, "2026-01-03"))
    ]  # fmt: skip
    point = read_measured("\n".join(rows), "t")["x265"].at(0.01)
    assert point.fidelity_source == "m, 2026-01-03, c; m, 2026-01-02, c"


def test_a_profile_without_points_is_refused():
    with pytest.raises(ValueError, match='"empty" has no operating point'):
        Profile("empty", CodingMode.NO_REFERENCE, False, True, Provenance.DECLARED, (), "x", None, None)

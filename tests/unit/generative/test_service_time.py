"""Service times: as published, scaled, by the roofline computed by hand, and refused."""

from dataclasses import replace

import pytest

from netgen.errors import ModelRangeError
from netgen.generative.device import Device, find_device
from netgen.generative.operating_point import ANY_DEVICE, Work
from netgen.generative.profile import declared_profile, find_profile
from netgen.generative.service_time import service_time
from netgen.provenance import Provenance

REFERENCE = Device("ref", "gpu", 100e12, 10**10, 1000e9, None, None, provenance=Provenance.PUBLISHED)
WORK = Work(4.0, 0.5, 10, 1000, "ref", 2e12, 10**9, Provenance.PUBLISHED, "the paper")


@pytest.fixture
def on_reference(monkeypatch):
    """Let the hand-made reference device be found by its name."""
    monkeypatch.setattr("netgen.generative.service_time.find_device", {"ref": REFERENCE}.__getitem__)


def test_cttr_decodes_ten_seconds_of_video_slower_than_real_time():
    work = find_profile("cttr").at(None).decode
    for name in ("Tesla A100", "A100-SXM4-40GB", "A100-PCIe-80GB"):
        estimate = service_time(work, find_device(name), frames=250, pixels=256 * 256)
        assert estimate.seconds == 22.880
        assert estimate.provenance is Provenance.PUBLISHED
    assert estimate.seconds > 250 / 25.0


def test_vtm_takes_its_published_time_with_its_spread():
    work = find_profile("vtm").at(None).encode
    estimate = service_time(work, find_device("Intel Xeon Silver 4310"), frames=1, pixels=768 * 512)
    assert (estimate.seconds, estimate.std_s) == (60.871, 22.461)


def test_other_frame_counts_scale_and_keep_the_mark():
    estimate = service_time(WORK, REFERENCE, frames=25, pixels=1000)
    assert (estimate.seconds, estimate.std_s) == (10.0, 1.25)
    assert estimate.provenance is Provenance.PUBLISHED
    assert "scaled to 25 frames" in estimate.method


def test_other_frame_sizes_scale_and_are_estimates():
    estimate = service_time(WORK, REFERENCE, frames=10, pixels=3000)
    assert estimate.seconds == 12.0
    assert estimate.provenance is Provenance.ESTIMATED
    assert "3000 instead of 1000 pixels" in estimate.method


def test_arithmetic_bound_on_both_is_the_ratio_of_peaks(on_reference):
    """Reference roof: 2e12 / 100e12 = 20 ms over 10 x 1e9 / 1000e9 = 10 ms; half the peak doubles the time."""
    slower = replace(REFERENCE, name="slower", peak_flops=50e12)
    estimate = service_time(WORK, slower, frames=10, pixels=1000)
    assert estimate.seconds == pytest.approx(8.0)
    assert estimate.std_s == pytest.approx(1.0)
    assert estimate.provenance is Provenance.ESTIMATED
    assert "arithmetic bound" in estimate.method


def test_memory_bound_on_the_other_device(on_reference):
    """Other roof: max(2e12 / 200e12 = 10 ms, 1e10 / 100e9 = 100 ms) = 100 ms; over 20 ms: 5 x 4 s."""
    starved = replace(REFERENCE, name="starved", peak_flops=200e12, memory_bandwidth_byte_per_s=100e9)
    estimate = service_time(WORK, starved, frames=10, pixels=1000)
    assert estimate.seconds == pytest.approx(20.0)
    assert "memory bound" in estimate.method


def test_roofline_and_size_multiply(on_reference):
    slower = replace(REFERENCE, name="slower", peak_flops=50e12)
    assert service_time(WORK, slower, frames=5, pixels=2000).seconds == pytest.approx(8.0)


def test_a_bound_that_is_not_known_on_both_is_left_out_and_named(on_reference):
    other = replace(REFERENCE, name="other", peak_flops=50e12, memory_bandwidth_byte_per_s=None)
    estimate = service_time(WORK, other, frames=10, pixels=1000)
    assert estimate.seconds == pytest.approx(8.0)
    assert "memory bound not known" in estimate.method
    weights_only = replace(WORK, flops=None)
    other = replace(REFERENCE, name="other", memory_bandwidth_byte_per_s=250e9)
    estimate = service_time(weights_only, other, frames=10, pixels=1000)
    assert estimate.seconds == pytest.approx(16.0)
    assert "arithmetic bound not known" in estimate.method


def test_the_estimate_carries_the_weakest_of_its_devices_marks(on_reference):
    doubtful = replace(REFERENCE, name="x", provenance=Provenance.DECLARED)
    assert service_time(WORK, doubtful, frames=10, pixels=1000).provenance is Provenance.DECLARED


def test_cttr_on_an_l4_does_not_depend_on_what_the_multiply_adds_are_per():
    """Arithmetic bound on both: 312 / 121 times the A100's time, whatever the operations are."""
    work = find_profile("cttr").at(None).decode
    once = service_time(work, find_device("L4"), frames=250, pixels=65536)
    per_video = service_time(
        replace(work, flops=work.flops / 250), find_device("L4"), frames=250, pixels=65536
    )
    assert once.seconds == pytest.approx(22.88 * 312 / 121)
    assert per_video.seconds == pytest.approx(once.seconds)
    assert once.provenance is Provenance.ESTIMATED


@pytest.mark.parametrize(
    ("profile", "direction", "device", "message"),
    [
        ("vtm", "encode", "L4", "neither the operations nor the weights"),
        ("cmvc-it2v", "decode", "4x-RTX-3090", "without the frames and the frame size"),
        ("cttr", "decode", "Xeon-Silver-4310", "the peak FLOP/s of Xeon-Silver-4310 is not known"),
        (
            "hific",
            "decode",
            "Tesla A100",
            "the memory bandwidth of A100 \\(variant not given\\) is not known",
        ),
    ],
)
def test_what_cannot_be_estimated_says_what_is_missing_and_what_to_do(profile, direction, device, message):
    work = getattr(find_profile(profile).at(None), direction)
    with pytest.raises(ModelRangeError, match=message) as caught:
        service_time(work, find_device(device), frames=1, pixels=65536)
    assert "declare the time of this action in the scenario" in str(caught.value)


def test_a_declared_time_is_per_second_of_video_on_any_device():
    profile = declared_profile(
        "mine",
        mode="no-reference",
        contract_s=0.1,
        expand_s=0.4,
        memory_bytes=None,
        bits_per_pixel=0.001,
        semantic_fidelity=0.9,
    )
    for device in ("L4", "H200-SXM", "Xeon-Silver-4310"):
        estimate = service_time(
            profile.at(None).decode, find_device(device), frames=50, pixels=10**6, duration_s=2.0
        )
        assert estimate.seconds == 0.8
        assert estimate.provenance is Provenance.DECLARED


@pytest.mark.parametrize(("duration_s", "message"), [(None, "needs duration_s"), (0.0, "must be positive")])
def test_a_declared_time_needs_the_duration(duration_s, message):
    work = Work(0.1, None, None, None, ANY_DEVICE, None, None, Provenance.DECLARED, "x", duration_s=1.0)
    with pytest.raises(ValueError, match=message):
        service_time(work, REFERENCE, frames=1, pixels=1, duration_s=duration_s)


@pytest.mark.parametrize(("frames", "pixels"), [(0, 1), (1, 0), (-1, 5)])
def test_an_empty_job_is_refused(frames, pixels):
    with pytest.raises(ValueError, match="at least one frame and pixel"):
        service_time(WORK, REFERENCE, frames=frames, pixels=pixels)

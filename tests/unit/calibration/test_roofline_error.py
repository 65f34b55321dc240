"""The roofline's error between two devices, on made-up times."""

import pytest

from netgen.calibration.roofline_error import roofline_errors
from netgen.generative.device import find_device
from netgen.generative.operating_point import CodingMode, OperatingPoint, Work
from netgen.generative.profile import Profile
from netgen.provenance import Provenance

MEASURED = Provenance.MEASURED


def work(device, seconds, *, elsewhere=()):
    return Work(seconds, None, 10, 4096, device, 1e12, 1000, MEASURED, "bench", elsewhere=elsewhere)


def profile(*decodes):
    points = tuple(
        OperatingPoint(0.01 * (1 + number), decode=decode, clip="a") for number, decode in enumerate(decodes)
    )
    return {
        "p": Profile("p", CodingMode.SEMI_REFERENCE, False, True, MEASURED, points, "bench", 0, 1000),
    }


def test_the_ratio_is_of_estimate_and_measurement_both_ways():
    """Bound by arithmetic the estimate is the ratio of the peaks: 121 against 989.4 TFLOP/s."""
    peaks = find_device("H100-SXM5").peak_flops / find_device("L4").peak_flops
    found = roofline_errors(
        profile(
            work("L4", 8.0, elsewhere=(work("H100-SXM5", 2.0),)),
            work("L4", 8.0, elsewhere=(work("H100-SXM5", 4.0),)),
        )
    )
    assert [(one.measured_on, one.estimated_for, one.direction, one.points) for one in found] == [
        ("H100-SXM5", "L4", "expand", 2),
        ("L4", "H100-SXM5", "expand", 2),
    ]
    to_l4, to_h100 = found
    assert (to_h100.ratio_low, to_h100.ratio_high) == (
        pytest.approx(8 / peaks / 4),
        pytest.approx(8 / peaks / 2),
    )
    assert to_l4.ratio == pytest.approx((2 * peaks / 8 + 4 * peaks / 8) / 2)
    assert str(to_h100).startswith("p expand, L4 to H100-SXM5: the roofline gives 0.3")


def test_where_no_roofline_can_be_drawn_the_reason_is_told():
    (to_cpu, to_gpu) = roofline_errors(profile(work("Xeon-Silver-4310", 8.0, elsewhere=(work("L4", 2.0),))))[
        ::-1
    ]
    for one in (to_cpu, to_gpu):
        assert (one.ratio, one.points) == (None, 1)
        assert "peak FLOP/s of Xeon-Silver-4310 is not known" in one.reason
        assert "no estimate: " in str(one)
    (unknown, _) = roofline_errors(profile(work("L4", 2.0, elsewhere=(work("some-cpu, 2 cores", 8.0),))))
    assert 'no device is called "some-cpu, 2 cores"' in unknown.reason


def test_one_device_alone_has_no_error():
    assert roofline_errors(profile(work("L4", 2.0))) == []

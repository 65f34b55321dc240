"""The shipped device table against an independent transcription of the data-sheet figures."""

import pytest

from netgen.generative.device import IDLE_POWER_FRACTION, LOAD_RATE_BYTE_PER_S, load_devices
from netgen.generative.profile import load_profiles

# Data sheets: device | dense FP16 TFLOP/s with FP32 accumulation | GB | GB/s | W.
DATA_SHEETS = """
RTX-3090       | 71.2  | 24  | 936   | 350
A100-SXM4-40GB | 312   | 40  | 1555  | 400
A100-SXM4-80GB | 312   | 80  | 2039  | 400
A100-PCIe-80GB | 312   | 80  | 1935  | 300
H100-SXM5      | 989.4 | 80  | 3350  | 700
H100-PCIe      | 756   | 80  | 2000  | 350
H200-SXM       | 989.4 | 141 | 4800  | 700
L4             | 121   | 24  | 300   | 72
Orin-AGX-64GB  | 42.6  | 64  | 204.8 | 60
Orin-Nano-8GB  | 17    | 8   | 102   | 25
"""
# Streaming multiprocessors x FP16 FMA per clock and multiprocessor x 2 x boost clock in GHz -> TFLOP/s.
CHIPS = {
    "RTX-3090": (82, 512 / 2, 1.695),
    "A100-SXM4-40GB": (108, 1024, 1.41),
    "H100-SXM5": (132, 2048, 1.83),
    "H200-SXM": (132, 2048, 1.83),
    "L4": (58, 512, 2.04),
    "Orin-AGX-64GB": (16, 1024, 1.3),
    "Orin-Nano-8GB": (8, 1024, 1.02),
}
WITHOUT_DATA_SHEET = {"A100 (variant not given)", "4x-RTX-3090"}


def test_figures_are_the_data_sheets():
    devices = load_devices()
    gpus = {name for name, device in devices.items() if device.kind == "gpu"}
    rows = [[cell.strip() for cell in line.split("|")] for line in DATA_SHEETS.strip().splitlines()]
    assert {row[0] for row in rows} | WITHOUT_DATA_SHEET == gpus
    for name, tflops, gigabytes, gigabytes_per_s, watts in rows:
        device = devices[name]
        assert device.peak_flops == pytest.approx(float(tflops) * 1e12)
        assert device.memory_bytes == pytest.approx(float(gigabytes) * 1e9)
        assert device.memory_bandwidth_byte_per_s == pytest.approx(float(gigabytes_per_s) * 1e9)
        assert device.peak_power_w == float(watts)
        assert device.idle_power_w == pytest.approx(IDLE_POWER_FRACTION * float(watts))
        assert device.load_rate_byte_per_s == LOAD_RATE_BYTE_PER_S
        assert device.assumed == ("idle_power_w", "load_rate_byte_per_s")


@pytest.mark.parametrize("name", sorted(CHIPS))
def test_peak_follows_from_the_chip(name):
    multiprocessors, fma, clock_ghz = CHIPS[name]
    peak = load_devices()[name].peak_flops
    assert peak == pytest.approx(multiprocessors * fma * 2 * clock_ghz * 1e9, rel=0.02)


def known(device):
    names = ("peak_flops", "memory_bytes", "memory_bandwidth_byte_per_s", "peak_power_w")
    figures = {name: getattr(device, name) for name in names}
    return {name: figure for name, figure in figures.items() if figure is not None}


def test_what_no_data_sheet_gives_stays_empty():
    devices = load_devices()
    for device in devices.values():
        if device.kind == "cpu":
            assert set(known(device)) <= {"memory_bytes", "peak_flops"}
    assert [name for name in devices if name.startswith("Xeon") and known(devices[name])] == []
    assert known(devices["A100 (variant not given)"]) == {"peak_flops": 312e12}
    assert known(devices["4x-RTX-3090"]) == {"memory_bytes": 4 * 24e9, "peak_power_w": 4 * 350}


def test_every_shipped_time_was_taken_on_a_device_of_the_table():
    devices = load_devices()
    taken_on = {
        work.device
        for profile in load_profiles().values()
        for point in profile.points
        for work in (point.encode, point.decode)
        if work is not None
    }
    assert taken_on <= set(devices)
    assert {"RTX-3090", "A100 (variant not given)", "4x-RTX-3090", "Xeon-Silver-4310"} <= taken_on

"""Devices: names, aliases, defaults, what is refused."""

import math
from dataclasses import replace

import pytest

from netgen.errors import InputError
from netgen.generative.device import IDLE_POWER_FRACTION, Device, find_device, load_devices


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("L4", "L4"),
        ("nvidia l4", "L4"),
        ("RTX 3090", "RTX-3090"),
        ("NVIDIA RTX 3090", "RTX-3090"),
        ("rtx_3090", "RTX-3090"),
        ("H100-SXM5", "H100-SXM5"),
        ("H100-SXM5-80GB", "H100-SXM5"),
        ("A100-SXM4-40GB", "A100-SXM4-40GB"),
        ("H200-SXM", "H200-SXM"),
        ("Orin-AGX-64GB", "Orin-AGX-64GB"),
        ("Jetson AGX Orin 64GB", "Orin-AGX-64GB"),
        ("Tesla A100", "A100 (variant not given)"),
        ("Intel Xeon Silver 4310", "Xeon-Silver-4310"),
    ],
)
def test_a_device_is_found_by_name_and_alias(spelling, name):
    assert find_device(spelling).name == name
    assert find_device(spelling) is load_devices()[name]


def test_an_unknown_device_names_the_nearest_and_all_known():
    with pytest.raises(
        InputError, match=r'no device is called "H100-SXM4"; did you mean "H100-SXM5"\?'
    ) as caught:
        find_device("H100-SXM4")
    assert all(name in str(caught.value) for name in load_devices())


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        load_devices()["L4"] = find_device("RTX-3090")
    with pytest.raises(AttributeError):
        find_device("L4").peak_flops = 1.0


def test_defaults_are_named_as_assumed():
    l4 = find_device("L4")
    assert l4.idle_power_w == pytest.approx(IDLE_POWER_FRACTION * 72)
    assert l4.assumed == ("idle_power_w", "load_rate_byte_per_s")
    assert l4.streams == 1
    assert find_device("Xeon-Silver-4310").assumed == ("load_rate_byte_per_s",)


def test_cold_start_is_weights_over_load_rate():
    device = replace(find_device("L4"), load_rate_byte_per_s=2e9)
    assert device.load_s(500_000_000) == 0.25
    assert device.load_s(0) == 0.0


def test_a_device_of_unknown_variant_stands_for_each_variant_and_not_the_reverse():
    unspecified, variant = find_device("Tesla A100"), find_device("A100-PCIe-80GB")
    assert unspecified.stands_for(variant)
    assert unspecified.stands_for(unspecified)
    assert not variant.stands_for(unspecified)
    assert not unspecified.stands_for(find_device("H100-PCIe"))
    assert set(unspecified.variants) == {name for name in load_devices() if name.startswith("A100-")}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("peak_flops", 0.0),
        ("peak_flops", math.nan),
        ("memory_bytes", -1),
        ("memory_bandwidth_byte_per_s", math.inf),
        ("load_rate_byte_per_s", 0.0),
        ("streams", 0),
        ("peak_power_w", -5.0),
        ("idle_power_w", 500.0),
        ("idle_power_w", math.nan),
    ],
)
def test_impossible_figures_are_refused(field, value):
    with pytest.raises(ValueError, match=f"device L4: {field}"):
        replace(find_device("L4"), **{field: value})


def test_a_scenario_can_describe_its_own_device():
    device = Device("edge-box", "gpu", 20e12, 16_000_000_000, 200e9, 50.0, 5.0, streams=2)
    assert device.provenance == "declared"
    assert device.assumed == ()

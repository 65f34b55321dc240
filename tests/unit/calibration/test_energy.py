"""Energy counters, on a made-up RAPL tree and a made-up NVML."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from netgen.calibration.energy import find_meter


def zone(folder, name, energy_uj, range_uj=1000):
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "energy_uj").write_text(f"{energy_uj}\n", encoding="ascii")
    (path / "max_energy_range_uj").write_text(f"{range_uj}\n", encoding="ascii")
    return path


def test_packages_are_summed_and_a_counter_that_wraps_is_put_right(tmp_path):
    zone(tmp_path, "intel-rapl:0", 100)
    zone(tmp_path, "intel-rapl:1", 900)
    zone(tmp_path, "intel-rapl:0:0", 5)  # within package 0: counted there already
    meter = find_meter("cpu", powercap=tmp_path)
    before = meter.read()
    zone(tmp_path, "intel-rapl:0", 350)
    zone(tmp_path, "intel-rapl:1", 50)
    zone(tmp_path, "intel-rapl:0:0", 500)
    assert meter.method == "rapl"
    assert meter.joules_since(before) == pytest.approx((250 + 150) * 1e-6)


def test_without_a_readable_counter_nothing_is_reported_or_made_up(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        meter = find_meter("cpu", powercap=folder)
        assert (meter.method, meter.joules_since(meter.read())) == ("none", None)
    broken = tmp_path / "intel-rapl:0"
    broken.mkdir()
    (broken / "energy_uj").write_text("", encoding="ascii")
    assert find_meter("cpu", powercap=tmp_path).method == "none"


def nvml(*, counter):
    module = ModuleType("pynvml")

    class NVMLError(Exception):
        pass

    def total(handle):
        if not counter:
            raise NVMLError
        return counter.pop(0)

    module.NVMLError, module.nvmlInit = NVMLError, lambda: None
    module.nvmlDeviceGetHandleByIndex = lambda index: f"gpu {index}"
    module.nvmlDeviceGetHandleByUUID = lambda uuid: f"gpu {uuid}"
    module.nvmlDeviceGetTotalEnergyConsumption = total
    return module


def torch_with(*gpus):
    """A torch that sees these GPUs, each with the properties it tells."""
    module = ModuleType("torch")
    module.cuda = SimpleNamespace(
        device_count=lambda: len(gpus),
        get_device_properties=lambda device: gpus[int(device.partition(":")[2] or 0)],
    )
    return module


def test_a_gpus_counter_is_in_millijoule(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", nvml(counter=[1, 1000, 3500]))
    monkeypatch.setitem(sys.modules, "torch", None)
    meter = find_meter("cuda:1")
    assert (meter.method, meter.handle) == ("nvml", "gpu 1")
    assert meter.joules_since(meter.read()) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("device", "gpu"), [("cuda", "gpu GPU-5e8f"), ("cuda:1", "gpu GPU-77aa"), ("cuda:2", "gpu MIG-90ab")]
)
def test_a_gpu_is_found_by_its_uuid_for_nvml_numbers_hidden_ones_too(monkeypatch, device, gpu):
    """CUDA_VISIBLE_DEVICES=5,2 makes card 5 torch's number 0."""
    seen = torch_with(
        SimpleNamespace(uuid="5e8f"), SimpleNamespace(uuid="GPU-77aa"), SimpleNamespace(uuid="MIG-90ab")
    )
    monkeypatch.setitem(sys.modules, "torch", seen)
    monkeypatch.setitem(sys.modules, "pynvml", nvml(counter=[1]))
    assert find_meter(device).handle == gpu


@pytest.mark.parametrize(
    "torch", [None, torch_with(), torch_with(SimpleNamespace(), SimpleNamespace())],
    ids=["no torch", "no CUDA in torch", "no UUID in torch"],
)  # fmt: skip
def test_the_number_serves_where_no_uuid_is_told(monkeypatch, torch):
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "pynvml", nvml(counter=[1]))
    assert find_meter("cuda:1").handle == "gpu 1"


def test_a_gpu_without_counter_or_library_reports_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", nvml(counter=[]))
    assert find_meter("cuda").method == "none"
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_meter("cuda").method == "none"

"""Which precision `auto` means, on processors and CUDA devices that are made up."""

import sys

import pytest

from netgen.models.precision import AUTO, PRECISIONS, chosen_precision

torch = pytest.importorskip("torch", reason="what a device can do is asked of torch")


def processor(monkeypatch, **found):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)


@pytest.mark.parametrize("found", [{"avx512_bf16": True}, {"amx_bf16": True, "avx512_bf16": False}])
def test_a_processor_with_instructions_for_bfloat16_uses_them(monkeypatch, found):
    processor(monkeypatch, avx2=True, **found)
    assert chosen_precision(AUTO, "cpu") == "bfloat16"


@pytest.mark.parametrize("found", [{"avx512_bf16": False, "amx_bf16": False}, {}])
def test_any_other_processor_keeps_to_float32(monkeypatch, found):
    processor(monkeypatch, avx2=True, **found)
    assert chosen_precision(AUTO, "cpu") == "float32"


def test_a_torch_that_cannot_tell_counts_as_one_without(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert chosen_precision(AUTO, "cpu") == "float32"


def test_without_torch_there_are_no_networks(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert chosen_precision(AUTO, "cpu") == chosen_precision(AUTO, "cuda") == "float32"


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:7"])
@pytest.mark.parametrize("asked", PRECISIONS)
def test_what_is_asked_for_is_returned_whatever_the_device(monkeypatch, asked, device):
    processor(monkeypatch, avx512_bf16=True)
    assert chosen_precision(asked, device) == asked


def test_the_cuda_device_that_is_named_counts_not_the_current_one(monkeypatch):
    """One older and one newer GPU: bfloat16 is native from compute capability 8.0 on."""
    able = {"cuda": (7, 5), "cuda:0": (7, 5), "cuda:1": (8, 0), "cuda:2": (9, 0)}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_capability", able.__getitem__)
    assert [chosen_precision(AUTO, device) for device in able] == [
        "float32",
        "float32",
        "bfloat16",
        "bfloat16",
    ]


@pytest.mark.parametrize(("count", "device"), [(0, "cuda"), (0, "cuda:0"), (1, "cuda:1"), (1, "cuda:x")])
def test_a_device_that_is_not_there_is_left_to_the_placing_to_refuse(monkeypatch, count, device):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert chosen_precision(AUTO, device) == "float32"


def test_auto_keeps_to_what_an_action_accepts(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert chosen_precision(AUTO, "cpu", ("float32",)) == "float32"
    assert chosen_precision(AUTO, "cpu", ("float32", "bfloat16")) == "bfloat16"
    assert (
        chosen_precision("bfloat16", "cpu", ("float32",)) == "bfloat16"
    )  # asked for: the action itself refuses

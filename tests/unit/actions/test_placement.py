"""Where networks run: which devices are taken, and the stream on which an action works on a GPU."""

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest

from netgen.actions.contract import Placement
from netgen.actions.interpolation import InterpolateAction
from netgen.errors import InputError

torch = pytest.importorskip("torch", reason="networks run in torch")


@pytest.mark.parametrize(
    "device",
    ["", "tpu", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:01", "cuda:0 ", "cuda:0\n", "xcuda"],
)
def test_a_device_that_is_none_is_refused_before_torch_sees_it(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(InputError, match="accepted: cpu, cuda, cuda:N"):
        InterpolateAction().place(Placement(device=device))


def test_a_device_is_taken_where_it_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    action = InterpolateAction()
    for device in ("cpu", "cuda", "cuda:0", "cuda:1"):
        action.place(Placement(device=device))
        assert action.placement.device == device
    with pytest.raises(InputError, match="torch finds 2 CUDA devices here; use cpu"):
        action.place(Placement(device="cuda:2"))
    assert action.placement.device == "cuda:1"


class Batch:
    """A tensor that writes down what is done to it."""

    shape = (1,)

    def __init__(self, log):
        self.log = log

    def _told(self, what):
        self.log.append(what)
        return self

    def pin_memory(self):
        return self._told("pinned")

    def to(self, device, *, non_blocking):
        return self._told(f"to {device}")

    def float(self):
        return self

    def copy_(self, _, *, non_blocking):
        return self._told("copied back")


def gpus(log):
    """Return as much of torch as `infer` uses, with two CUDA devices that write down what streams do."""

    class Stream:
        def __init__(self, device):
            log.append(f"stream on {device}")

        def wait_stream(self, other):
            log.append(f"waits for {other}")

        def synchronize(self):
            log.append("synchronised")

    @contextmanager
    def on(stream):
        log.append("begin")
        yield
        log.append("end")

    return SimpleNamespace(
        autocast=lambda *_, **__: nullcontext(),
        inference_mode=nullcontext,
        get_num_threads=lambda: 1,
        float32="float32",
        empty=lambda *_, **__: Batch(log),
        cuda=SimpleNamespace(
            Stream=Stream,
            stream=on,
            current_stream=lambda device: f"the current one of {device}",
            device_count=lambda: 2,
        ),
    )


@pytest.fixture
def log(monkeypatch):
    told = []
    monkeypatch.setattr("netgen.actions.learned.import_torch", lambda: gpus(told))
    monkeypatch.setattr(InterpolateAction, "_model", lambda _, name: name)
    return told


def called(model, batch):
    return batch._told(f"called {model}")


def test_a_gpus_work_waits_for_the_weights_and_is_done_when_it_is_returned(log):
    action = InterpolateAction()
    action.place(Placement(device="cuda:1"))
    action.infer("net", (Batch(log),), called)
    assert log == [
        "stream on cuda:1", "waits for the current one of cuda:1", "begin", "pinned", "to cuda:1", "called net",
        "copied back", "end", "synchronised",
    ]  # fmt: skip


def test_an_action_keeps_one_stream_for_each_device(log):
    """A new one for every batch would leave freed memory with streams that are never used again."""
    one, other = InterpolateAction(), InterpolateAction()
    for action, device in ((one, "cuda:0"), (one, "cuda:1"), (one, "cuda:0"), (other, "cuda:0")):
        action.place(Placement(device=device))
        for _ in range(3):
            action.infer("net", (Batch(log),), called)
    assert [line for line in log if line.startswith("stream")] == [
        "stream on cuda:0",
        "stream on cuda:1",
        "stream on cuda:0",
    ]
    assert log.count("synchronised") == sum(line.startswith("waits") for line in log) == 12


def test_what_was_queued_is_waited_for_when_a_network_raises(log):
    def raising(model, batch):
        called(model, batch)
        raise RuntimeError("out of memory")

    action = InterpolateAction()
    action.place(Placement(device="cuda"))
    with pytest.raises(RuntimeError, match="out of memory"):
        action.infer("net", (Batch(log),), raising)
    assert log[-2:] == ["called net", "synchronised"]

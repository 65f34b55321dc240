"""What actions with a network of this repository share: loading, placement, batches, precision and timing."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.codecs import codec_knob, coding_memory_bytes
from netgen.actions.contract import Parameter, Placement, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError, MissingDependencyError
from netgen.media.codec import Codec
from netgen.media.yuv_clip import YuvClip
from netgen.models.precision import PRECISIONS

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.cuda import Stream

CODEC = Codec.SVTAV1
"""The codec whose frames the networks were trained on."""

_DEVICE = re.compile("cpu|cuda(?::(0|[1-9][0-9]*))?")
"""As torch reads it, which refuses leading zeros."""

_RUNTIME_BYTES = 700_000_000
"""ASSUMED: most that torch itself takes when it is first imported and used; 300 to 600 MB were seen."""


class LearnedAction(VideoAction):
    """An action whose expander runs networks on frames that SVT-AV1 coded.

    Parameters
    ----------
    weights : Path, optional        Directory of weights; None: the shipped ones.
    values : int or str             The declared parameters.
    """

    learned = True
    playable = False
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})

    def __init__(self, *, weights: Path | None = None, **values: int | str) -> None:
        super().__init__(**values)
        self.weights = weights
        self.knob = codec_knob(CODEC)
        self._models: dict[str, nn.Module] = {}
        self._streams: dict[str, Stream] = {}

    @property
    @abstractmethod
    def networks(self) -> tuple[str, ...]:
        """Names of the weights that `expand` needs."""

    @abstractmethod
    def expand_plainly(self, contracted: ContractedVideo) -> YuvClip:
        """Expand the same bytes without a network: what the network's gain is measured from."""

    @property
    def model_bytes(self) -> int:
        """Weights in float32: twice their files."""
        from netgen.models.weights import weights_bytes  # noqa: PLC0415  (models are loaded on demand)

        return sum(2 * weights_bytes(name, self.weights) for name in self.networks)

    @property
    def gains_from_batches(self) -> bool:
        """On an accelerator: a processor is filled by a few frames (docs/generative-actions.md has the figures)."""
        return self.placement.device != "cpu" and super().gains_from_batches

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Bound of the codec, of torch, and of a batch of feature maps (about 100 planes of float32)."""
        batch_bytes = 100 * 4 * width_px * height_px * min(self.placement.batch, frames)
        return (
            coding_memory_bytes(width_px, height_px, frames)
            + super().memory_bound_bytes(width_px, height_px, frames)
            + batch_bytes
            + _RUNTIME_BYTES
        )

    def place(self, placement: Placement) -> None:
        """Choose device, precision, threads and batch; models move there when they are next used.

        Raises
        ------
        InputError                  No such device here, or the precision is unknown.
        MissingDependencyError      torch is not installed.
        """
        torch = import_torch()
        if placement.precision not in PRECISIONS:
            raise InputError(f"precision {placement.precision}; accepted: {', '.join(PRECISIONS)}")
        if placement.threads < 1 or placement.batch < 1:
            raise InputError(
                f"{placement.threads} threads and batches of {placement.batch}; both are at least 1"
            )
        named = _DEVICE.fullmatch(placement.device)
        if named is None:
            raise InputError(f"device {placement.device}; accepted: cpu, cuda, cuda:N")
        if placement.device != "cpu" and int(named[1] or 0) >= torch.cuda.device_count():
            raise InputError(
                f"device {placement.device}: torch finds {torch.cuda.device_count()} CUDA devices here; use cpu"
            )
        self.placement = placement
        self._models = {}

    def load(self) -> None:
        """Read the weights of all networks and bring them to the device."""
        with self.timed(Stage.LOAD):
            for name in self.networks:
                self._model(name)

    def infer(self, name: str, inputs: tuple[Tensor, ...], call: Callable[..., Tensor]) -> Tensor:
        """Run a network over a batch of frames.

        Parameters
        ----------
        name : str                  Which network.
        inputs : tuple of Tensor    On the processor, the batch first; `call` gets them on the device.
        call : callable             (network, *inputs) to one tensor.

        Returns
        -------
        Tensor                      float32, on the processor.
        """
        torch = import_torch()
        model = self._model(name)
        place = self.placement
        kind = place.device.partition(":")[0]
        autocast = torch.autocast(kind, getattr(torch, place.precision), enabled=place.precision != "float32")
        with self.timed(Stage.INFER), torch.inference_mode(), autocast, _threads(torch, place.threads):
            if kind == "cpu":
                plain: Tensor = call(model, *inputs).float()
                return plain
            with self._own_stream(torch, place.device):
                moved = (one.pin_memory().to(place.device, non_blocking=True) for one in inputs)
                found = call(model, *moved).float()
                shown: Tensor = torch.empty(found.shape, dtype=torch.float32, pin_memory=True)
                shown.copy_(found, non_blocking=True)
            return shown

    def batches(self, count: int) -> Iterator[slice]:
        """Yield slices of at most as many frames as one inference takes."""
        for start in range(0, count, self.placement.batch):
            yield slice(start, min(start + self.placement.batch, count))

    @contextmanager
    def _own_stream(self, torch: ModuleType, device: str) -> Iterator[None]:
        """Queue the work of a block on a stream of this instance, and leave when all of it is done.

        Its own, so that the wait at the end is for this block and not for what other actions have queued; the same for
        all blocks, because the allocator keeps freed memory for the stream that used it. The weights come from the
        current stream, which may still be converting them; nothing else crosses over. As the wait comes also where the
        block raises, weights may be given up at any time between blocks.
        """
        if device not in self._streams:
            self._streams[device] = torch.cuda.Stream(device)
        stream = self._streams[device]
        stream.wait_stream(torch.cuda.current_stream(device))
        try:
            with torch.cuda.stream(stream):
                yield
        finally:
            stream.synchronize()

    def _count(self, stages: Mapping[Stage, float]) -> None:
        """Add the stages of an action that this one is built on."""
        for stage, seconds in stages.items():
            self._stages[stage] = self._stages.get(stage, 0.0) + seconds

    def _model(self, name: str) -> nn.Module:
        """Return a network on the device; the first call reads its weights."""
        if name not in self._models:
            torch = import_torch()
            from netgen.models.weights import load_into  # noqa: PLC0415  (models are loaded on demand)

            model = _built(name)
            load_into(model, name, self.weights)
            model = model.eval().requires_grad_(False).to(self.placement.device)
            model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self._models[name] = torch.compile(model) if self.placement.compiled else model
        return self._models[name]


def import_torch() -> ModuleType:
    """Import torch, or say how to install it."""
    try:
        import torch  # noqa: PLC0415  (heavy and optional: loaded when a network runs)
    except ImportError as error:
        raise MissingDependencyError(
            "learned actions need torch, which is not installed; run: pip install netgen[actions]"
        ) from error
    return torch


def crf_part(crf: float) -> Part:
    """Return the rate factor as the one byte that tells a network how coarsely frames were coded."""
    return Part(PartKind.GENERATIVE, bytes([round(crf)]))


def crf_of(part: Part) -> float:
    """Return the rate factor that `crf_part` wrote; raises InputError when it did not."""
    if len(part.payload) != 1 or part.kind is not PartKind.GENERATIVE:
        raise InputError(
            f"a rate factor of {len(part.payload)} byte instead of 1: the representation is damaged"
        )
    return float(part.payload[0])


def in_domain(contracted: ContractedVideo, domain: str, parts: tuple[Part, ...]) -> ContractedVideo:
    """Return the representation of the same frames by other parts, in another domain."""
    return replace(contracted, domain=domain, parts=parts)


def alike(contracted: Sequence[ContractedVideo]) -> bool:
    """Whether segments have the same size and number of frames, so that they can share batches."""
    return len({(one.frames, one.width_px, one.height_px) for one in contracted}) == 1


def with_luma(clip: YuvClip, luma: NDArray[np.uint8]) -> YuvClip:
    """Return a clip with its chroma and another luma."""
    planes = clip.planes.copy()
    planes[:, : clip.height_px] = luma
    return YuvClip(planes, clip.frame_rate_hz)


def as_samples(luma: Tensor) -> NDArray[np.uint8]:
    """Return luma over 255 as samples of 8 bit."""
    samples: NDArray[np.uint8] = (luma * 255).round().clamp(0, 255).byte().numpy()
    return samples


def _built(name: str) -> nn.Module:
    """Return a network with weights still to be read."""
    from netgen.models.interpolator import Interpolator  # noqa: PLC0415  (models are loaded on demand)
    from netgen.models.layout_generator import LayoutGenerator  # noqa: PLC0415
    from netgen.models.restorer import Restorer  # noqa: PLC0415

    if name == "interpolator":
        return Interpolator()
    if name == "layout":
        return LayoutGenerator()
    return Restorer(int(name.removeprefix("restorer-x")))


@contextmanager
def _threads(torch: ModuleType, count: int) -> Iterator[None]:
    """Use so many threads within a block; torch keeps the number for the whole process."""
    before = torch.get_num_threads()
    if before != count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if before != count:
            torch.set_num_threads(before)

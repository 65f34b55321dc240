"""Actions with the image codecs of CompressAI: learned transforms, and real bitstreams by its range coder."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol, cast

import numpy as np

from netgen.actions.codecs import contracted_in, only_part
from netgen.actions.coded_stream import kept_frames, selected
from netgen.actions.contract import Compatibility, Knob, Placement, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind, read_varint, varint
from netgen.errors import InputError, MissingDependencyError, did_you_mean
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip
from netgen.pretrained.pictures import clip_of, cropped, padded, pictures_of
from netgen.pretrained.placing import check_placement, inference_threads

_MULTIPLE_PX = 64
"""Sides are halved six times, hyperprior included. Source: `downsampling_factor` of CompressAI's models."""
_CHECKSUM_BYTES = 4
_FIXED_BYTES = 2**29
_LIVE_BYTES_PER_PIXEL = 4096
"""ASSUMED: a network takes 512 MiB beside its weights, and per pixel of the one picture in work some twenty layers of
192 channels in float32 at half size. Not measured on a model of full size."""


class Network(Protocol):
    """An image codec of CompressAI."""

    def compress(self, pictures: object) -> Mapping[str, object]:
        """Return `strings`, for each latent one of each picture, and the `shape` of the smallest latent."""

    def decompress(self, strings: Sequence[Sequence[bytes]], shape: tuple[int, int]) -> Mapping[str, Any]:
        """Return the pictures as `x_hat`."""


class CompressAIAction(VideoAction):
    """Base of actions with an image codec of CompressAI: a plug-in is a subclass that names its weights.

    Every coded frame is coded by itself. The entropy decoder must repeat what the encoder's network computed to the
    last bit, so a representation is expanded by the same weights on the same kind of device with the same torch, and
    pictures go through the network one by one.

    Class attributes
    ----------------
    architecture        Name in `compressai.zoo`, such as `bmshj2018-hyperprior`.
    weights             Safetensors of that architecture, one for each quality, the coarsest first.
    key_every           Frames from one that is coded to the next; the frames between repeat the one before.
    """

    name = "plugin.compressai"
    summary = "a learned image codec of CompressAI, frame by frame"
    mode = CodingMode.FULL_REFERENCE
    playable = False
    learned = True
    compatibility = Compatibility.DEVICE
    smallest_side_px = 16

    precisions: ClassVar[tuple[str, ...]] = ("float32",)
    architecture: ClassVar[str] = ""
    weights: ClassVar[tuple[str, ...]] = ()
    key_every: ClassVar[int] = 1

    def __init__(self, **values: int | str) -> None:
        super().__init__(**values)
        if not self.architecture or not self.weights:
            raise InputError(
                f"action {self.name} names no model; write a subclass of CompressAIAction with `architecture` and "
                "`weights`"
            )
        if self.key_every < 1:
            raise InputError(f"action {self.name}: key_every is at least 1, got {self.key_every}")
        qualities = len(self.weights)
        grid = tuple(float(quality) for quality in range(qualities, 0, -1))
        self.knob = Knob("quality", float(qualities), 1.0, 1.0, 1.0, grid)
        self._networks: dict[int, Network] = {}
        self._digests: tuple[str, ...] | None = None

    @property
    def domain(self) -> str:
        """Architecture, weights, kind of device, precision, threads and version of torch."""
        if self._digests is None:
            self._digests = tuple(_digest(path) for path in self._files())
        weights = hashlib.sha256("".join(self._digests).encode()).hexdigest()
        torch = _import_torch()
        device, threads = self.placement.device, ""
        if device == "cpu":
            device = f"cpu {torch.backends.cpu.get_cpu_capability()}"
            threads = f", threads={self.placement.threads}"
        else:
            device = torch.cuda.get_device_name(device)
        return (
            f"{self.name}[{self.architecture}, weights={weights}, device={device}{threads}, "
            f"{self.placement.precision}, torch={torch.__version__}]"
        )

    @property
    def model_bytes(self) -> int:
        """Size of the weights of all qualities; raises InputError where they are absent."""
        return sum(path.stat().st_size for path in self._files())

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Bound with the assumptions of this module."""
        pixels = (width_px + _MULTIPLE_PX) * (height_px + _MULTIPLE_PX)
        return (
            _FIXED_BYTES + 3 * self.model_bytes + _LIVE_BYTES_PER_PIXEL * pixels + 48 * (frames + 1) * pixels
        )

    def place(self, placement: Placement) -> None:
        """Choose where the networks run; those that are loaded elsewhere are given up."""
        check_placement(self.name, placement)
        if placement.precision != "float32":
            raise InputError(
                f"action {self.name}: precision {placement.precision}; accepted: float32, from which the tables of the "
                "range coder are built"
            )
        if placement != self.placement:
            self._networks.clear()
        self.placement = placement

    def load(self) -> None:
        """Load the networks of all qualities."""
        for quality in range(1, len(self.weights) + 1):
            self._network(quality)

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Code frames by the network of a quality."""
        self.check_size(frames.width_px, frames.height_px)
        quality = round(knob)
        network = self._network(quality)
        torch = _import_torch()
        with self.timed(Stage.PREPARE):
            kept = selected(frames, kept_frames(frames.frames, self.key_every))
            room = padded(pictures_of(kept), _MULTIPLE_PX)
        payload = bytearray(varint(quality))
        for number, picture in enumerate(room):
            with self.timed(Stage.INFER), torch.inference_mode(), self._exact(torch):
                given = torch.from_numpy(picture).permute(2, 0, 1)[None].to(self.placement.device)
                coded = network.compress(given)
            strings = [alone for (alone,) in cast(Sequence[tuple[bytes]], coded["strings"])]
            if number == 0:
                for size in (len(strings), *cast(Sequence[int], coded["shape"])):
                    payload += varint(size)
            for string in strings:
                payload += varint(len(string)) + string
        message = zlib.crc32(payload).to_bytes(_CHECKSUM_BYTES, "big") + bytes(payload)
        return contracted_in(self.domain, frames, (Part(PartKind.DISCRIMINATIVE, message),))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Decode the coded frames, and repeat them for those between."""
        self.check_domain(contracted)
        self.check_size(contracted.width_px, contracted.height_px)
        sides = (contracted.height_px, contracted.width_px)
        keys = kept_frames(contracted.frames, self.key_every)
        quality, shape, pictures = _read_pictures(only_part(contracted).payload, len(keys))
        room = (sides[0] + -sides[0] % _MULTIPLE_PX, sides[1] + -sides[1] % _MULTIPLE_PX)
        if not 1 <= quality <= len(self.weights) or shape[0] * room[1] != shape[1] * room[0]:
            raise InputError(
                f"a bitstream of quality {quality} (this action has 1..{len(self.weights)}) with latents of {shape[1]} "
                f"x {shape[0]} for pictures of {room[1]} x {room[0]} pixels: it is damaged"
            )
        network = self._network(quality)
        torch = _import_torch()
        made = []
        for strings in pictures:
            with self.timed(Stage.INFER), torch.inference_mode(), self._exact(torch):
                picture = network.decompress([[string] for string in strings], shape)["x_hat"]
                made.append(picture[0].permute(1, 2, 0).cpu().numpy())
        with self.timed(Stage.FINISH):
            rgb = cropped(np.stack(made), room, sides)
            source = np.searchsorted(keys, np.arange(contracted.frames), side="right") - 1
            size_px = (contracted.width_px, contracted.height_px)
            return clip_of(rgb[source], size_px, contracted.frame_rate_hz)

    @contextmanager
    def _exact(self, torch: ModuleType) -> Iterator[None]:
        """Keep to what repeats its results to the last bit: as many threads, and on CUDA the kernels that do."""
        kernels = torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        )
        with inference_threads(torch, self.placement.threads), kernels:
            yield

    def _files(self) -> tuple[Path, ...]:
        """Return the weight files, which are there and are safetensors."""
        files = tuple(Path(path) for path in self.weights)
        for file in files:
            if file.suffix != ".safetensors":
                raise InputError(
                    f"action {self.name}: {file} is no safetensors file; CompressAI's own checkpoints are pickles, "
                    "which are refused: reading them can run any code. docs/large-models.md says how to convert them"
                )
            if not file.is_file():
                raise InputError(
                    f"action {self.name}: no weights at {file} (looked in {file.absolute()}); docs/large-models.md "
                    "says where they come from"
                )
        return files

    def _network(self, quality: int) -> Network:
        """Return the network of a quality, loaded when it is first asked for."""
        if quality not in self._networks:
            with self.timed(Stage.LOAD):
                file = self._files()[quality - 1]
                self._networks[quality] = load_network(self.architecture, file, device=self.placement.device)
        return self._networks[quality]


def load_network(architecture: str, file: Path, *, device: str = "cpu") -> Network:
    """Load an image codec of CompressAI from safetensors.

    Parameters
    ----------
    architecture : str              Name in `compressai.zoo`.
    file : Path                     Its weights; the tables of the range coder are built when they lack them.
    device : str                    Where to.

    Raises
    ------
    MissingDependencyError          CompressAI cannot be imported; says why.
    InputError                      There is no such architecture, or the weights are damaged or of another one.
    """
    image, pretrained = _import_zoo()
    known = {name.replace("_", "-"): kind for name, kind in image.model_architectures.items()}
    if architecture not in known:
        hint = did_you_mean(architecture, known)
        raise InputError(
            f"CompressAI has no image codec {architecture}{hint} (known: {', '.join(sorted(known))})"
        )
    damaged = import_module("safetensors").SafetensorError
    try:
        state = import_module("safetensors.torch").load_file(str(file), device="cpu")
        network = known[architecture].from_state_dict(pretrained.load_pretrained(state))
    except (damaged, OSError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"{file} holds no weights of {architecture}: {error!r}") from error
    except RuntimeError as error:
        if "state_dict" not in str(error) and "size mismatch" not in str(error):
            raise  # out of memory and the like are not the file's fault
        raise InputError(f"{file} holds no weights of {architecture}: {error}") from error
    network.eval()
    network.update()
    return cast(Network, network.to(device))


def _read_pictures(message: bytes, count: int) -> tuple[int, tuple[int, int], list[list[bytes]]]:
    """Return quality, shape of the smallest latent, and for each picture the string of each latent."""
    payload = message[_CHECKSUM_BYTES:]
    # A range coder reads on beyond a string that was cut short, so damage must be seen before it.
    if zlib.crc32(payload).to_bytes(_CHECKSUM_BYTES, "big") != message[:_CHECKSUM_BYTES]:
        raise InputError(f"a bitstream of {len(message)} byte is damaged: its checksum does not agree")
    at = 0
    head = []
    for _ in range(4):
        number, at = read_varint(payload, at)
        head.append(number)
    pictures = []
    for _ in range(count):
        strings = []
        for _ in range(head[1]):
            length, at = read_varint(payload, at)
            strings.append(payload[at : at + length])
            at += length
        pictures.append(strings)
    if at != len(payload):
        raise InputError(
            f"a bitstream of {count} pictures ends at byte {at} of {len(payload)}: it is damaged"
        )
    return head[0], (head[2], head[3]), pictures


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _import_torch() -> ModuleType:
    """Import torch, or say how to install it."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise MissingDependencyError(
            "CompressAI models need torch, which is not installed; run: pip install netgen[actions]"
        ) from error


def _import_zoo() -> tuple[ModuleType, ModuleType]:
    """Import CompressAI's models, or say what stands in the way."""
    _import_torch()
    try:
        return import_module("compressai.zoo.image"), import_module("compressai.zoo.pretrained")
    except (ImportError, RuntimeError) as error:  # torchvision for another torch raises RuntimeError
        raise MissingDependencyError(
            f"CompressAI cannot be imported ({error}); it is not part of an extra of netgen because it asks for "
            "numpy < 2 and for torchvision: docs/large-models.md says how to install it"
        ) from error

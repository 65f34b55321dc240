"""Actions that expand a small conventional bitstream, or words alone, by a pipeline of the diffusers library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from netgen.actions.codecs import codec_knob, coding_memory_bytes, contracted_in
from netgen.actions.coded_stream import clip_of_part, coded_part, kept_frames, resized, selected
from netgen.actions.contract import Compatibility, Knob, Placement, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.codec import SMALLEST_SIDE_PX, Codec, CodingConfig, coded_size_px
from netgen.media.yuv_clip import YuvClip
from netgen.pretrained.diffusion_pipeline import (
    Intake,
    Made,
    Pipeline,
    PipelineWeights,
    accepts,
    checked_options,
    find_folder,
    intake_of,
    load_pipeline,
    weights_bytes,
)
from netgen.pretrained.moved_detail import spread_detail
from netgen.pretrained.pictures import Pictures, clip_of, cropped, padded, pictures_of
from netgen.pretrained.placing import check_placement, inference_threads

_FIXED_BYTES = 2**30
_LIVE_BYTES_PER_PIXEL = 16 * 256 * 4
"""ASSUMED: a pipeline takes 1 GiB, and per pixel of the pictures in one call sixteen layers of 256 channels in
float32: the decoder of the common auto-encoders ends with 256 channels at full size. Not measured on a large model."""

_WORDS_ALONE = Knob("words", 0.0, 0.0, 1.0, 1.0, (0.0,))


class DiffusionAction(VideoAction):
    """Base of actions with a diffusion pipeline: a plug-in is a subclass that names its weights.

    What travels is SVT-AV1 at reduced size (of all frames, or of the first alone) and words; with `Intake.TEXT` the
    words alone. The sender needs no weights. The same weights, seed and device give the same frames.

    Class attributes
    ----------------
    model, revision, pipeline, variant, download    As `PipelineWeights`.
    takes               What the pipeline is given; checked against the pipeline when it is loaded.
    words               Description that travels, unless a subclass overrides `describe`.
    scale               Divisor of the sides of the coded frames: 1, 2 or 4.
    enlarges            Whether the pipeline is given pictures of the coded size and returns larger ones.
    key_every           Frames from one that an image pipeline repaints to the next; 1 repaints all.
    moves_detail        Whether the other frames get the detail of the nearest repainted ones, moved along; if not,
                        they stay as decoded.
    strength, steps     How much is repainted, 0..1, and in how many steps; None leaves it to the pipeline.
    options             Further arguments of the pipeline's call.
    side_multiple_px    Pictures are padded to multiples of it at their edges.
    frames_step         Videos are lengthened to a multiple of it plus one frame; 1 for any number.
    """

    name = "generate.diffusion"
    summary = "SVT-AV1 at reduced size or words, expanded by a pipeline of diffusers"
    learned = True
    compatibility = Compatibility.FORMAT
    mode = CodingMode.SEMI_REFERENCE
    playable = False

    model: ClassVar[str] = ""
    revision: ClassVar[str] = ""
    pipeline: ClassVar[str] = ""
    variant: ClassVar[str] = ""
    download: ClassVar[bool] = False
    takes: ClassVar[Intake] = Intake.IMAGE
    words: ClassVar[str] = ""
    scale: ClassVar[int] = 4
    enlarges: ClassVar[bool] = False
    key_every: ClassVar[int] = 1
    moves_detail: ClassVar[bool] = True
    strength: ClassVar[float | None] = None
    steps: ClassVar[int | None] = None
    options: ClassVar[Mapping[str, object]] = MappingProxyType({})
    side_multiple_px: ClassVar[int] = 8
    frames_step: ClassVar[int] = 1

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.takes is Intake.TEXT:
            cls.mode = CodingMode.NO_REFERENCE

    def __init__(self, **values: int | str) -> None:
        super().__init__(**values)
        if not self.model:
            raise InputError(
                f"action {self.name} names no weights; write a subclass of DiffusionAction with `model`, a folder or "
                "a hub id"
            )
        if self.key_every < 1 or self.frames_step < 1 or self.side_multiple_px < 1:
            raise InputError(
                f"action {self.name}: key_every, frames_step and side_multiple_px are at least 1, got "
                f"{self.key_every}, {self.frames_step} and {self.side_multiple_px}"
            )
        self.smallest_side_px = 16 if self.takes is Intake.TEXT else self.scale * SMALLEST_SIDE_PX
        self.knob = _WORDS_ALONE if self.takes is Intake.TEXT else codec_knob(Codec.SVTAV1, scale=self.scale)
        self._pipeline: Pipeline | None = None

    @property
    def domain(self) -> str:
        """What travels: any pipeline that takes the like can expand it."""
        if self.takes is Intake.TEXT:
            return "generate.diffusion[words]"
        frames = "first" if self.takes is Intake.FIRST_FRAME else "all"
        return f"generate.diffusion[codec=svtav1, scale={self.scale}, frames={frames}]"

    @property
    def weights(self) -> PipelineWeights:
        """Where the weights are."""
        return PipelineWeights(self.model, self.revision, self.pipeline, self.variant, self.download)

    @property
    def model_bytes(self) -> int:
        """Size of the weight files; raises InputError where they are absent."""
        return weights_bytes(find_folder(self.weights), variant=self.variant)

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Bound with the assumptions of this module; a pipeline can exceed it."""
        at_once = 1 + (frames + self.frames_step if self.takes is not Intake.IMAGE else self.placement.batch)
        return (
            _FIXED_BYTES
            + 2 * self.model_bytes
            + _LIVE_BYTES_PER_PIXEL * width_px * height_px * at_once
            + 40 * width_px * height_px * frames
            + coding_memory_bytes(width_px, height_px, frames)
        )

    def describe(self, frames: YuvClip) -> str:  # noqa: ARG002
        """Return the words that travel with a segment; a plug-in may look at the frames."""
        return self.words

    def place(self, placement: Placement) -> None:
        """Choose where the pipeline runs; one that is loaded elsewhere is given up."""
        check_placement(self.name, placement)
        if placement != self.placement:
            self._pipeline = None
        self.placement = placement

    def load(self) -> None:
        """Load the pipeline, and check that it takes what this action gives it."""
        self._loaded()

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Code the reference at a rate factor, and put the words beside it."""
        self.check_size(frames.width_px, frames.height_px)
        parts = []
        if self.takes is not Intake.TEXT:
            with self.timed(Stage.PREPARE):
                kept = selected(frames, (0,)) if self.takes is Intake.FIRST_FRAME else frames
                size_px = coded_size_px(frames.width_px, frames.height_px, scale=self.scale)
                reduced = resized(kept, *size_px)
            with self.timed(Stage.ENTROPY):
                parts.append(coded_part(reduced, CodingConfig(Codec.SVTAV1, knob, 1, reduced.frames)))
        words = self.describe(frames)
        if not words and self.takes is Intake.TEXT:
            raise InputError(f"action {self.name}: no words; give `words`, or override `describe`")
        if words:
            parts.append(Part(PartKind.GENERATIVE, words.encode()))
        return contracted_in(self.domain, frames, tuple(parts))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:
        """Decode the reference and run the pipeline; the seed draws its noise."""
        self.check_domain(contracted)
        self.check_size(contracted.width_px, contracted.height_px)
        stream, words = self._read_parts(contracted)
        pipeline = self._loaded()
        if words and not accepts(pipeline, "prompt"):
            raise InputError(f"action {self.name}: {type(pipeline).__name__} takes no words")
        given: YuvClip | None = None
        if stream is not None:
            with self.timed(Stage.ENTROPY):
                given = self._decoded(contracted, stream)
        size_px = (contracted.width_px, contracted.height_px)
        if self.takes is Intake.IMAGE and given is not None:
            return self._repainted(pipeline, given, size_px, words, seed)
        return self._video(pipeline, given, contracted, words, seed)

    def _loaded(self) -> Pipeline:
        """Return the pipeline, loaded and checked."""
        if self._pipeline is None:
            with self.timed(Stage.LOAD):
                pipeline = load_pipeline(self.weights, self.placement)
                found = intake_of(pipeline)
                if found is not self.takes:
                    raise InputError(
                        f"action {self.name} takes {self.takes}, but {type(pipeline).__name__} takes {found}; set "
                        "`takes`"
                    )
                self._call_options(pipeline)
                self._pipeline = pipeline
        return self._pipeline

    def _read_parts(self, contracted: ContractedVideo) -> tuple[Part | None, str]:
        """Return the bitstream and the words of a representation."""
        kinds = [part.kind for part in contracted.parts]
        stream = [] if self.takes is Intake.TEXT else [PartKind.DISCRIMINATIVE]
        if kinds not in (stream, [*stream, PartKind.GENERATIVE]) or not kinds:
            raise InputError(f"a representation of {self.domain} has parts {kinds}: it is damaged")
        words = contracted.parts[-1].payload if kinds[-1] is PartKind.GENERATIVE else b""
        try:
            return (contracted.parts[0] if stream else None), words.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"the words of a representation are damaged: {error}") from error

    def _decoded(self, contracted: ContractedVideo, stream: Part) -> YuvClip:
        """Return the coded frames at their coded size."""
        width_px, height_px = coded_size_px(contracted.width_px, contracted.height_px, scale=self.scale)
        return clip_of_part(
            stream,
            codec=Codec.SVTAV1,
            scale=1,
            width_px=width_px,
            height_px=height_px,
            frames=1 if self.takes is Intake.FIRST_FRAME else contracted.frames,
            frame_rate_hz=contracted.frame_rate_hz,
        )

    def _repainted(
        self, pipeline: Pipeline, coded: YuvClip, size_px: tuple[int, int], words: str, seed: int
    ) -> YuvClip:
        """Repaint the key frames one by one, all from the same noise, and bring the other frames after them."""
        keys = kept_frames(coded.frames, self.key_every)
        with self.timed(Stage.PREPARE):
            base = resized(coded, *size_px)
            given = pictures_of(selected(coded if self.enlarges else base, keys))
            room = padded(given, self.side_multiple_px)
        made = []
        for start in range(0, len(room), self.placement.batch):
            some = room[start : start + self.placement.batch]
            with self.timed(Stage.INFER):
                image = _pil(some) if len(some) > 1 else _pil(some)[0]
                made.append(self._called(pipeline, {"image": image}, words, [seed] * len(some)).images)
        with self.timed(Stage.FINISH):
            painted = cropped(np.concatenate(made), _sides(room), _sides(given))
            clip = clip_of(painted, size_px, coded.frame_rate_hz)
            planes = base.planes.copy()
            if self.moves_detail and len(keys) < coded.frames:
                frames = spread_detail(pictures_of(base), keys, pictures_of(clip))
                planes = clip_of(frames, size_px, coded.frame_rate_hz).planes.copy()
            planes[list(keys)] = clip.planes
            return YuvClip(planes, coded.frame_rate_hz)

    def _video(
        self, pipeline: Pipeline, coded: YuvClip | None, contracted: ContractedVideo, words: str, seed: int
    ) -> YuvClip:
        """Have a video pipeline make all frames at once."""
        size_px = (contracted.width_px, contracted.height_px)
        count = contracted.frames + (1 - contracted.frames) % self.frames_step
        call: dict[str, object] = {}
        sides = (contracted.height_px, contracted.width_px)
        with self.timed(Stage.PREPARE):
            if coded is not None:
                given = pictures_of(coded if self.enlarges else resized(coded, *size_px))
                sides = _sides(given)
                room = padded(given, self.side_multiple_px)
                if self.takes is Intake.VIDEO:  # its length grows by repeating the last frame
                    call["video"] = _pil(room[np.minimum(np.arange(count), len(room) - 1)])
                else:
                    call["image"] = _pil(room)[0]
            height_px, width_px = (side + -side % self.side_multiple_px for side in sides)
            rate = round(contracted.frame_rate_hz)
            known = {"num_frames": count, "fps": rate, "frame_rate": rate}
            if not self.enlarges:
                known |= {"height": height_px, "width": width_px}
            call |= {key: value for key, value in known.items() if accepts(pipeline, key)}
        with self.timed(Stage.INFER):
            made = np.asarray(self._called(pipeline, call, words, [seed]).frames[0])
        if len(made) < contracted.frames:
            raise InputError(
                f"action {self.name}: {type(pipeline).__name__} made {len(made)} frames when asked for {count}; set "
                "frames_step to the step that it keeps to"
            )
        with self.timed(Stage.FINISH):
            kept = cropped(made[: contracted.frames], (height_px, width_px), sides)
            return clip_of(kept, size_px, contracted.frame_rate_hz)

    def _call_options(self, pipeline: Pipeline) -> dict[str, object]:
        """Return the options of this class, checked against a pipeline's call."""
        own = {"strength": self.strength, "num_inference_steps": self.steps, **self.options}
        return checked_options(pipeline, own)

    def _called(
        self, pipeline: Pipeline, given: Mapping[str, object], words: str, seeds: Sequence[int]
    ) -> Made:
        """Call a pipeline with one generator for each result: the noise is drawn on the CPU, for all devices alike."""
        torch = import_module("torch")
        alone = len(seeds) == 1
        call = {**given, **self._call_options(pipeline)}
        if accepts(pipeline, "prompt"):
            call["prompt"] = words if alone else [words] * len(seeds)
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        call["generator"] = generators[0] if alone else generators
        try:
            with torch.inference_mode(), inference_threads(torch, self.placement.threads):
                return pipeline(**call, output_type="np")
        except (ValueError, TypeError) as error:
            raise InputError(
                f"action {self.name}: {type(pipeline).__name__} refuses this segment: {error}"
            ) from error


def _sides(rgb: Pictures) -> tuple[int, int]:
    """Return height and width of pictures."""
    return rgb.shape[1], rgb.shape[2]


def _pil(rgb: Pictures) -> list[object]:
    """Return pictures as every pipeline takes them."""
    image = import_module("PIL.Image")
    return [image.fromarray(np.rint(255 * one).astype(np.uint8)) for one in rgb]

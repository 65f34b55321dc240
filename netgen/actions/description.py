"""Describe a segment in some hundred bytes: layout pictures of its scenes, sketches, and how they move."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from netgen.described.entropy import Coder, Contexts, Reader, Writer, code_count
from netgen.described.grids import (
    COARSEST,
    DETAIL_STEP,
    FINEST,
    layout_cells,
    quantiser_step,
    sketch_cells,
    study_cells,
)
from netgen.described.motion import PARAMETERS, Track, code_track, predicted, relative
from netgen.described.picture import code_plane, coefficients_of, quantised, restored
from netgen.described.priors import PRIORS
from netgen.described.resampling import FloatPlane, resampled
from netgen.described.scenes import (
    KEY_COUNTS,
    MOTION_STEPS,
    cuts,
    key_count,
    key_frames,
    track_of,
)
from netgen.described.sketch import Sketch, code_sketch, drawn
from netgen.described.wavelet import Plane
from netgen.errors import InputError
from netgen.media.yuv_clip import YuvClip

MOST_SCENES = 8
"""A segment that is cut more often keeps its first cuts."""
MOST_FRAMES = 4096
"""Of a segment; more is refused as damage."""

_CHECK_BYTES = 2

Planes = tuple[Plane, Plane, Plane]
Picture = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A picture of a scene as it is sent.

    Parameters
    ----------
    numbers : tuple of (rows, columns)  Quantised coefficients of luma, and of both chroma planes at half size.
    renewed : bool                      Whether they are added to the picture before it, moved.
    sketch : (rows, columns) bool or None
    """

    numbers: Planes
    renewed: bool
    sketch: Sketch | None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Consecutive frames that a few pictures and one motion describe.

    Parameters
    ----------
    frames : int                        Number of frames.
    track : (knots + 1, 8)              Motion; see `netgen.described.motion`.
    keys : tuple of Key                 At `key_frames`.
    """

    frames: int
    track: Track
    keys: tuple[Key, ...]

    @property
    def key_frames(self) -> list[int]:
        """The frames that its pictures show."""
        return key_frames(self.frames, len(self.keys))


@dataclass(frozen=True, slots=True)
class Description:
    """What is sent of a segment.

    Parameters
    ----------
    detail : float                      Level of detail, 1 to 8, in quarters.
    width_px, height_px : int           Size of the frames it stands for.
    scenes : tuple of Scene             In order.
    """

    detail: float
    width_px: int
    height_px: int
    scenes: tuple[Scene, ...]

    @property
    def frames(self) -> int:
        """Number of frames of all scenes."""
        return sum(scene.frames for scene in self.scenes)

    @property
    def luma_step(self) -> float:
        """Quantiser step of luma, levels."""
        return quantiser_step(self.detail) / 16

    def pictures(self, scene: Scene) -> list[Picture]:
        """Return the layouts of a scene: luma, and both chroma planes at half size."""
        shown: list[Picture] = []
        moves = _moves(scene.track, scene.frames, scene.key_frames, (self.width_px, self.height_px))
        for key, move in zip(scene.keys, moves, strict=True):
            expected = _expected(shown[-1], move) if key.renewed and shown else None
            shown.append(_restored(key.numbers, expected, self.detail))
        return shown

    def to_bytes(self) -> bytes:
        """Return the description as it travels; frame size and number travel beside it."""
        coder = Writer()
        _code(coder, self.width_px, self.height_px, self.frames, self)
        message = coder.message()
        return message + _check(message, self.width_px, self.height_px, self.frames)

    @staticmethod
    def from_bytes(message: bytes, *, width_px: int, height_px: int, frames: int) -> Description:
        """Read what `to_bytes` wrote.

        Raises
        ------
        InputError                      Damaged: two bytes check the others, so one damage in 65536 goes unnoticed.
        """
        body = message[:-_CHECK_BYTES]
        if not 0 < frames <= MOST_FRAMES:
            raise InputError(f"a description of {frames} frames; accepted: 1 to {MOST_FRAMES}")
        if len(message) < _CHECK_BYTES or message[-_CHECK_BYTES:] != _check(
            body, width_px, height_px, frames
        ):
            raise InputError(
                f"{len(message)} byte are not the description of {frames} frames of {width_px} x {height_px} pixels "
                f"that was written: they are damaged or cut short"
            )
        return _code(Reader(body), width_px, height_px, frames, None)


def describe(clip: YuvClip, detail: float, *, sketched: bool) -> Description:
    """Describe the frames of a segment.

    Parameters
    ----------
    clip : YuvClip                  The segment, of 4096 frames at most.
    detail : float                  Level of detail, 1 to 8, in quarters.
    sketched : bool                 Whether a sketch of each picture is drawn too.

    Raises
    ------
    InputError                      Too many frames.
    """
    if clip.frames > MOST_FRAMES:
        raise InputError(f"a segment of {clip.frames} frames; a description holds {MOST_FRAMES} at most")
    study = study_cells(clip.width_px, clip.height_px)
    reduced = [resampled(plane, *study) for plane in clip.luma]
    # ASSUMED: half a pixel of 480 at the finest detail, two at the coarsest, cannot be seen in pictures so coarse.
    tolerance = 4 + 12 * (FINEST - detail) / (FINEST - COARSEST)
    scenes = []
    begin = 0
    for end in [*cuts(reduced, float(clip.frame_rate_hz), MOST_SCENES), clip.frames]:
        track = track_of(reduced[begin:end], tolerance)
        scenes.append(_scene(clip, (begin, end), track, reduced[begin:end], detail, sketched))
        begin = end
    return Description(detail, clip.width_px, clip.height_px, tuple(scenes))


def _scene(
    clip: YuvClip,
    span: tuple[int, int],
    track: Track,
    reduced: Sequence[FloatPlane],
    detail: float,
    sketched: bool,
) -> Scene:
    """Describe one scene with as many pictures as pay."""
    begin, end = span
    size_px = (clip.width_px, clip.height_px)
    sources: dict[int, Planes] = {}

    def keyed(keys: Sequence[int]) -> Iterator[tuple[Planes, bool, Picture, Planes]]:
        shown: Picture | None = None
        for frame, move in zip(keys, _moves(track, end - begin, keys, size_px), strict=True):
            if frame not in sources:
                sources[frame] = _cells_of(clip, begin + frame)
            numbers, renewed, shown = _coded(sources[frame], shown, move, detail)
            yield numbers, renewed, shown, sources[frame]

    def cost_of(keys: Sequence[int]) -> tuple[int, float]:
        made = list(keyed(keys))
        _, _, shown, source = made[0]
        error = float(np.square(shown[0].astype(np.int64) - source[0]).mean())
        return sum(int(np.count_nonzero(plane)) for numbers, *_ in made for plane in numbers), error

    count = key_count(reduced, track, size_px, cost_of)
    frames = key_frames(end - begin, count)
    keys = []
    for frame, (numbers, renewed, _, _) in zip(frames, keyed(frames), strict=True):
        luma = clip.luma[begin + frame]
        sketch = drawn(resampled(luma, *sketch_cells(*size_px))) if sketched else None
        keys.append(Key(numbers, renewed, sketch))
    return Scene(end - begin, track, tuple(keys))


def _coded(
    source: Planes, before: Picture | None, move: Sequence[Fraction], detail: float
) -> tuple[Planes, bool, Picture]:
    """Code a picture on its own or from the one before, whichever leaves fewer numbers."""
    made = []
    for expected in (None, *([_expected(before, move)] if before is not None else [])):
        numbers = _quantised(source, expected, detail)
        count = sum(int(np.count_nonzero(plane)) for plane in numbers)
        made.append((count, expected is not None, numbers, expected))
    _, renewed, numbers, expected = min(made, key=lambda one: (one[0], one[1]))
    return numbers, renewed, _restored(numbers, expected, detail)


def _code(
    coder: Coder, width_px: int, height_px: int, frames: int, description: Description | None
) -> Description:
    """Write or read a description."""
    contexts = Contexts(PRIORS)
    quarters = int((FINEST - COARSEST) / DETAIL_STEP)
    number = 0 if description is None else round((description.detail - COARSEST) / DETAIL_STEP)
    detail = COARSEST + DETAIL_STEP * min(coder.plain(number, 5), quarters)
    sketched = description is not None and description.scenes[0].keys[0].sketch is not None
    sketched = bool(coder.plain(int(sketched), 1))
    count = 0 if description is None else len(description.scenes) - 1
    count = code_count(coder, contexts.row("scenes", 4), count) + 1
    if count > min(MOST_SCENES, frames):
        raise InputError(f"a description of {count} scenes in {frames} frames is damaged")
    scenes: list[Scene] = []
    left = frames
    for index in range(count):
        known = None if description is None else description.scenes[index]
        length = left
        if index < count - 1:
            length = coder.plain(0 if known is None else known.frames, 13)
            if not 0 < length < left:
                raise InputError(f"a description of a scene of {length} frames in {left} frames is damaged")
        scenes.append(_code_scene(coder, contexts, (width_px, height_px), length, sketched, known))
        left -= length
    return description or Description(detail, width_px, height_px, tuple(scenes))


def _code_scene(
    coder: Coder,
    contexts: Contexts,
    size_px: tuple[int, int],
    frames: int,
    sketched: bool,
    scene: Scene | None,
) -> Scene:
    """Write or read one scene."""
    knots = 0 if scene is None else len(scene.track) - 1
    knots = _chosen(coder, contexts, "knots", MOTION_STEPS, knots)
    count = _chosen(coder, contexts, "keys", KEY_COUNTS, 1 if scene is None else len(scene.keys))
    if knots > frames - 1 or count > frames:
        raise InputError(f"a description of {knots} knots and {count} pictures in {frames} frames is damaged")
    track = np.zeros((1, PARAMETERS), np.int64)
    if knots:
        track = code_track(coder, contexts, knots=knots, track=None if scene is None else scene.track)
    keys: list[Key] = []
    for index in range(count):
        known = None if scene is None else scene.keys[index]
        renewed = False
        if index:
            renewed = bool(coder.bit(contexts.row("renewed", 1)[0], int(known is not None and known.renewed)))
        keys.append(_code_key(coder, contexts, size_px, renewed, sketched, known))
    return Scene(frames, track, tuple(keys))


def _code_key(
    coder: Coder, contexts: Contexts, size_px: tuple[int, int], renewed: bool, sketched: bool, key: Key | None
) -> Key:
    """Write or read one picture."""
    rows, columns = layout_cells(*size_px)
    half = ((rows + 1) // 2, (columns + 1) // 2)

    def plane(index: int) -> Plane:
        kind = ("r" if renewed else "") + ("c" if index else "y")
        shape = half if index else (rows, columns)
        return code_plane(
            coder, contexts, shape, numbers=None if key is None else key.numbers[index], kind=kind
        )

    numbers = _each(plane)
    sketch = None
    if sketched:
        sketch = code_sketch(
            coder, contexts, sketch_cells(*size_px), sketch=None if key is None else key.sketch
        )
    return Key(numbers, renewed, sketch)


def _chosen(coder: Coder, contexts: Contexts, name: str, options: tuple[int, ...], value: int) -> int:
    """Write or read one of a few numbers."""
    index = code_count(coder, contexts.row(name, len(options) - 1), options.index(value))
    return options[min(index, len(options) - 1)]


def _moves(track: Track, frames: int, keys: Sequence[int], size_px: tuple[int, int]) -> list[list[Fraction]]:
    """Return how each picture of a scene shows the one before; the first one stands on its own."""
    return [
        relative(track, frames, (key, keys[max(index - 1, 0)]), size_px) for index, key in enumerate(keys)
    ]


def _expected(before: Picture, move: Sequence[Fraction]) -> Planes:
    """Return the coefficients of a picture that is moved."""
    return _each(lambda index: coefficients_of(predicted(before[index], move, luma=index == 0)))


def _quantised(source: Planes, expected: Planes | None, detail: float) -> Planes:
    """Return the coefficients of a picture, less those expected."""
    return _each(
        lambda index: quantised(
            source[index],
            quantiser_step(detail, chroma=index > 0),
            None if expected is None else expected[index],
        )
    )


def _restored(numbers: Planes, expected: Planes | None, detail: float) -> Picture:
    """Return the picture that coefficients stand for."""
    luma, first, second = (
        restored(
            plane, quantiser_step(detail, chroma=index > 0), None if expected is None else expected[index]
        )
        for index, plane in enumerate(numbers)
    )
    return luma, first, second


def _cells_of(clip: YuvClip, frame: int) -> Planes:
    """Return one frame on the grids of a layout."""
    rows, columns = layout_cells(clip.width_px, clip.height_px)
    height, width = clip.height_px, clip.width_px
    chroma = clip.planes[frame, height:].reshape(2, height // 2, width // 2)
    luma = _whole(resampled(clip.luma[frame], rows, columns))
    half = ((rows + 1) // 2, (columns + 1) // 2)
    return luma, _whole(resampled(chroma[0], *half)), _whole(resampled(chroma[1], *half))


def _each(made: Callable[[int], Plane]) -> Planes:
    """Return what is made of luma and of both chroma planes."""
    return made(0), made(1), made(2)


def _whole(plane: FloatPlane) -> Plane:
    """Round samples to whole levels."""
    return np.clip(np.rint(plane), 0, 255).astype(np.int64)


def _check(message: bytes, width_px: int, height_px: int, frames: int) -> bytes:
    """Return two bytes that tell damage."""
    sizes = f"{width_px} {height_px} {frames}".encode()
    return binascii.crc_hqx(message, binascii.crc_hqx(sizes, 0)).to_bytes(_CHECK_BYTES, "big")

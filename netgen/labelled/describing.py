"""`describe.scene`: send the labels of a scene alone, and draw the scene again from them.

The no-reference mode for labelled scenes. Sender and receiver share a prior: the photographs, and how scenes look. The
sender reads the labels from the frames by the same network that measures; what it misreads is lost, as in any such
system.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from netgen.actions.contract import Compatibility, Knob, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.labelled.drawing import Circumstances, drawn_frames
from netgen.labelled.meaning import ATTRIBUTES, BACKGROUNDS, PLACES, Meaning, Thing
from netgen.labelled.reading import READER, read_meanings, views_of
from netgen.media.yuv_clip import YuvClip, clip_from_rgb
from netgen.models.weights import weights_bytes

ORDER = ("colour", "shape", "motion", "spot", "size")
"""In which order attributes are added, level by level, after the background and what is there."""

LEVELS = 2 + len(ORDER)
USUAL = Circumstances((0.5, 0.5), (0.0, 0.0), False, 0.925, 0.0, 0.125, ((0.0, 0.0),) * PLACES)
"""What a receiver assumes of all that is not said: the middle of every range."""


class DescribeSceneAction(VideoAction):
    """Reads the labels of a scene, sends them, and draws the scene from them.

    The knob is how many of the seven labels are sent; the others are drawn at their first value.
    """

    name: ClassVar[str] = "describe.scene"
    summary: ClassVar[str] = "The labels of a labelled scene alone; the scene is drawn again from them"
    mode: ClassVar[CodingMode] = CodingMode.NO_REFERENCE
    playable: ClassVar[bool] = False
    learned: ClassVar[bool] = True
    compatibility: ClassVar[Compatibility] = Compatibility.FORMAT
    precisions: ClassVar[tuple[str, ...]] = ("float32",)
    knob = Knob("labels", float(LEVELS), 1.0, 1.0, 3.0, tuple(float(level) for level in range(LEVELS, 0, -1)))

    @property
    def domain(self) -> str:
        """Whoever knows the labels."""
        return "netgen-scene-1"

    @property
    def model_bytes(self) -> int:
        """Weights of the reader in float32."""
        return 2 * weights_bytes(READER)

    def check_size(self, width_px: int, height_px: int) -> None:
        """Raise InputError unless frames are square, as scenes are."""
        super().check_size(width_px, height_px)
        if width_px != height_px:
            raise InputError(
                f"action {self.name}: frames of {width_px} x {height_px} pixels; scenes are square"
            )

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Read the labels of a segment, and send as many as the knob says."""
        with self.timed(Stage.PREPARE):
            views = views_of([frames])
        with self.timed(Stage.INFER):
            (meaning,) = read_meanings(views)
        with self.timed(Stage.ENTROPY):
            message = message_of(meaning, int(knob))
        part = Part(PartKind.GENERATIVE, message)
        return ContractedVideo(
            self.domain, frames.width_px, frames.height_px, frames.frames, frames.frame_rate_hz, (part,)
        )

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Draw the scene that was described, over the second that it lasts."""
        self.check_domain(contracted)
        self.check_size(contracted.width_px, contracted.height_px)
        if len(contracted.parts) != 1:
            raise InputError(f"a described scene has one part, not {len(contracted.parts)}")
        with self.timed(Stage.ENTROPY):
            meaning = meaning_of(contracted.parts[0].payload)
        with self.timed(Stage.FINISH):
            times_s = np.arange(contracted.frames) / max(1, contracted.frames)
            frames = drawn_frames(meaning, USUAL, side_px=contracted.width_px, times_s=times_s)
            return clip_from_rgb(frames, frame_rate_hz=contracted.frame_rate_hz)


def message_of(meaning: Meaning, labels: int) -> bytes:
    """Write labels as one whole number in mixed radix, in as few bytes as it takes.

    Parameters
    ----------
    meaning : Meaning                   What to say.
    labels : int                        How many of them to say, 1 to 7; it is said as well.
    """
    digits = [(labels - 1, LEVELS), (meaning.background, len(BACKGROUNDS))]
    for thing in meaning.things if labels >= 2 else ():
        digits.append((int(thing is not None), 2))
        if thing is not None:
            digits += [(getattr(thing, name), len(ATTRIBUTES[name])) for name in ORDER[: labels - 2]]
    number = 0
    for digit, base in reversed(digits):
        number = number * base + digit
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "little")


def meaning_of(message: bytes) -> Meaning:
    """Read what `message_of` wrote; labels that were not sent have their first value.

    Raises
    ------
    InputError                          More than a scene can mean.
    """
    number = int.from_bytes(message, "little")

    def digit(base: int) -> int:
        nonlocal number
        number, found = divmod(number, base)
        return found

    labels, background = digit(LEVELS) + 1, digit(len(BACKGROUNDS))
    things: list[Thing | None] = []
    for _ in range(PLACES):
        if labels < 2 or not digit(2):
            things.append(None)
            continue
        sent = {name: digit(len(ATTRIBUTES[name])) for name in ORDER[: labels - 2]}
        things.append(Thing(**{name: sent.get(name, 0) for name in ATTRIBUTES}))
    if number:
        raise InputError(f"{len(message)} byte are more than the description of a scene takes: it is damaged")
    return Meaning(background, tuple(things))


def sent_bits(meanings: Sequence[Meaning], labels: int) -> float:
    """Return the mean length of descriptions without any header, bit."""
    return float(np.mean([8 * len(message_of(meaning, labels)) for meaning in meanings]))

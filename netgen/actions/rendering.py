"""`render.flat`: show a description with no network, the control of every generator of the same description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.contract import Knob, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.actions.description import Description, Picture, Scene, describe
from netgen.described.grids import COARSEST, DETAIL_STEP, FINEST
from netgen.described.resampling import FloatPlane, resampled
from netgen.described.scenes import mixed, shares
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip

FORMAT = "netgen-description-1"

_CANVAS_SIDE_PX = 640
"""Larger frames are made at this longer side and enlarged: a layout has 240 cells along it."""
_OWN_BYTES = 48_000_000
"""ASSUMED: most that pyramids, transforms and probabilities of one picture take beside the frames; 20 MB were seen."""

FloatPicture = tuple[FloatPlane, FloatPlane, FloatPlane]


class DescribingAction(VideoAction):
    """What the renderer and the generator share: both send the same description, and move a picture by it."""

    mode: ClassVar[CodingMode] = CodingMode.NO_REFERENCE
    playable: ClassVar[bool] = False
    knob = Knob("detail", FINEST, COARSEST, DETAIL_STEP, 1.5, tuple(float(level) for level in range(1, 9)))
    smallest_side_px = 16

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Describe a segment."""
        with self.timed(Stage.PREPARE):
            description = describe(frames, knob, sketched=self._sketched)
        with self.timed(Stage.ENTROPY):
            message = description.to_bytes()
        return ContractedVideo(
            self.domain,
            frames.width_px,
            frames.height_px,
            frames.frames,
            frames.frame_rate_hz,
            (Part(PartKind.GENERATIVE, message),),
        )

    def described(self, contracted: ContractedVideo) -> Description:
        """Read the description that a representation carries.

        Raises
        ------
        InputError                      Made in another domain, or damaged.
        """
        self.check_domain(contracted)
        self.check_size(contracted.width_px, contracted.height_px)
        if len(contracted.parts) != 1:
            raise InputError(f"a described video has one part, not {len(contracted.parts)}")
        with self.timed(Stage.ENTROPY):
            return Description.from_bytes(
                contracted.parts[0].payload,
                width_px=contracted.width_px,
                height_px=contracted.height_px,
                frames=contracted.frames,
            )

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Bound of frames (and networks), and of what describing takes whatever their size."""
        return super().memory_bound_bytes(width_px, height_px, frames) + _OWN_BYTES

    @property
    def _sketched(self) -> bool:
        """Whether it sends a sketch of each picture."""
        return False


class FlatRenderAction(DescribingAction):
    """The layout, enlarged and moved; nothing is made up."""

    name: ClassVar[str] = "render.flat"
    summary: ClassVar[str] = (
        "A description (layout, motion) shown by enlarging and moving it, with no network"
    )
    learned: ClassVar[bool] = False

    @property
    def domain(self) -> str:
        """Whoever knows the format."""
        return FORMAT

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Show a description."""
        description = self.described(contracted)
        with self.timed(Stage.FINISH):
            shown = [
                moved(
                    description,
                    scene,
                    [enlarged(description, picture) for picture in description.pictures(scene)],
                )
                for scene in description.scenes
            ]
        return YuvClip(np.concatenate(shown), contracted.frame_rate_hz)


def canvas_px(width_px: int, height_px: int) -> tuple[int, int]:
    """Return height and width that pictures are moved at: even, and no larger than what a layout can fill."""
    longer = max(width_px, height_px)
    if longer <= _CANVAS_SIDE_PX:
        return height_px, width_px
    return 2 * round(height_px * _CANVAS_SIDE_PX / longer / 2), 2 * round(
        width_px * _CANVAS_SIDE_PX / longer / 2
    )


def enlarged(description: Description, layout: Picture) -> FloatPicture:
    """Return a layout at the size of the canvas: luma, and both chroma planes at half of it."""
    height, width = canvas_px(description.width_px, description.height_px)
    return (
        resampled(layout[0], height, width),
        resampled(layout[1], height // 2, width // 2),
        resampled(layout[2], height // 2, width // 2),
    )


def moved(description: Description, scene: Scene, pictures: Sequence[FloatPicture]) -> NDArray[np.uint8]:
    """Return the frames of a scene, stacked as in `YuvClip`: its pictures, moved and mixed."""
    keys = scene.key_frames
    width, height = description.width_px, description.height_px
    path = (scene.track, scene.frames, keys, (width, height))
    shown: list[NDArray[np.uint8]] = []
    for frame, mix in enumerate(shares(scene.frames, keys)):
        if len(scene.track) == 1 and len(keys) == 1 and shown:
            shown.append(shown[0])
            continue
        planes = []
        for plane, divisor in enumerate((1, 2, 2)):
            here = mixed([pictures[index][plane] for index, _ in mix], frame, mix, path, luma=plane == 0)
            if here.shape != (height // divisor, width // divisor):
                here = resampled(here, height // divisor, width // divisor)
            planes.append(np.clip(np.rint(here), 0, 255).astype(np.uint8).reshape(-1))
        shown.append(np.concatenate(planes).reshape(-1, width))
    return np.stack(shown)

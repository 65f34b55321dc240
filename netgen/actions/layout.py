"""`generate.layout`: a network makes detailed pictures of a description, which move as the description says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.contract import Parameter, Stage
from netgen.actions.contracted_video import ContractedVideo
from netgen.actions.description import Description
from netgen.actions.learned import LearnedAction, import_torch
from netgen.actions.rendering import (
    FORMAT,
    DescribingAction,
    FlatRenderAction,
    FloatPicture,
    canvas_px,
    enlarged,
    moved,
)
from netgen.described.resampling import FloatPlane, resampled
from netgen.described.sketch import enlarged as enlarged_sketch
from netgen.media.yuv_clip import YuvClip

if TYPE_CHECKING:
    from torch import Tensor, nn

NETWORK = "layout"

_SKETCHED = "layout+sketch"


class LayoutAction(DescribingAction, LearnedAction):
    """The pictures of a description, with the detail that a network makes up; `render.flat` shows the same bytes.

    The network makes each picture once, and the frames are those pictures moved and mixed, so detail does not flicker.
    It draws nothing at random: the same description gives the same frames whatever the seed.
    """

    name: ClassVar[str] = "generate.layout"
    summary: ClassVar[str] = (
        "A description (layout, motion, maybe a sketch) shown with detail that a network makes"
    )
    learned: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType(
        {"control": Parameter("layout", ("layout", _SKETCHED), "what is sent of each picture")}
    )

    def __init__(self, *, weights: Path | None = None, **values: int | str) -> None:
        super().__init__(weights=weights, **values)
        self.knob = DescribingAction.knob

    @property
    def domain(self) -> str:
        """The format alone: whoever has a generator, or none, can expand it."""
        return FORMAT

    @property
    def networks(self) -> tuple[str, ...]:
        """The layout generator."""
        return (NETWORK,)

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Generate the pictures of a description, and move them."""
        description = self.described(contracted)
        with self.timed(Stage.PREPARE):
            layouts = [description.pictures(scene) for scene in description.scenes]
            plain = [[enlarged(description, layout) for layout in scene] for scene in layouts]
        details = self._details(description, [layout[0] for scene in layouts for layout in scene])
        with self.timed(Stage.FINISH):
            shown = []
            for scene, pictures in zip(description.scenes, plain, strict=True):
                own = [_detailed(picture, details.pop(0)) for picture in pictures]
                shown.append(moved(description, scene, own))
        return YuvClip(np.concatenate(shown), contracted.frame_rate_hz)

    def expand_plainly(self, contracted: ContractedVideo) -> YuvClip:
        """Show the same description with no network."""
        return FlatRenderAction().expand(contracted)

    @property
    def _sketched(self) -> bool:
        return self.values["control"] == _SKETCHED

    def _details(self, description: Description, lumas: list[NDArray[np.uint8]]) -> list[FloatPlane]:
        """Return what the network adds to each picture, at the size of the canvas."""
        torch = import_torch()
        sketches = [key.sketch for scene in description.scenes for key in scene.keys]
        canvas = canvas_px(description.width_px, description.height_px)
        made: list[FloatPlane] = []
        for part in self.batches(len(lumas)):
            with self.timed(Stage.PREPARE):
                layout = torch.from_numpy(np.stack(lumas[part])[:, None])
                drawn = [
                    np.zeros(luma.shape, bool) if sketch is None else enlarged_sketch(sketch, *luma.shape)
                    for luma, sketch in zip(lumas[part], sketches[part], strict=True)
                ]
                given = (
                    layout,
                    torch.from_numpy(np.stack(drawn)[:, None]),
                    torch.tensor([float(sketch is not None) for sketch in sketches[part]]),
                    torch.full((len(drawn),), description.luma_step),
                )
            found = self.infer(NETWORK, given, _generate)
            with self.timed(Stage.FINISH):
                made += [resampled(one, *canvas) for one in 255 * found[:, 0].numpy()]
        return made


def _detailed(picture: FloatPicture, detail: FloatPlane) -> FloatPicture:
    """Add detail to luma; chroma stays as the layout has it."""
    luma: FloatPlane = np.clip(picture[0] + detail, 0, 255)
    return luma, picture[1], picture[2]


def _generate(model: nn.Module, layout: Tensor, sketch: Tensor, sketched: Tensor, step: Tensor) -> Tensor:
    """Run the generator on samples of 8 bit."""
    found: Tensor = model(layout.float() / 255, sketch.float(), sketched, step)
    return found

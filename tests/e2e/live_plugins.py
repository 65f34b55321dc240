"""An action for end-to-end tests of live runs: three bytes a frame, and ways to fail."""

import os
import signal
import time

import numpy as np

from netgen.actions.contract import Knob, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip


class Means(VideoAction):
    """Sends the mean of every plane of every frame, and shows frames of one colour."""

    name = "test.means"
    summary = "three bytes a frame"
    mode = CodingMode.NO_REFERENCE
    playable = False
    learned = False
    knob = Knob("level", 0, 1, 1, 1, (0, 1))

    @property
    def domain(self):
        return self.name

    def contract_at(self, frames, knob, *, seed):
        rows = frames.height_px
        means = [
            [plane[:rows].mean(), plane[rows : rows * 5 // 4].mean(), plane[rows * 5 // 4 :].mean()]
            for plane in frames.planes
        ]
        payload = np.rint(means).astype(np.uint8).tobytes()
        return ContractedVideo(
            self.domain, frames.width_px, frames.height_px, frames.frames, frames.frame_rate_hz,
            (Part(PartKind.GENERATIVE, payload),),
        )  # fmt: skip

    def expand(self, contracted, *, seed=0):
        self.check_domain(contracted)
        self.trouble()
        means = np.frombuffer(contracted.parts[0].payload, np.uint8).reshape(-1, 3)
        rows = contracted.height_px
        planes = np.empty((contracted.frames, rows * 3 // 2, contracted.width_px), np.uint8)
        for plane, mean in zip(planes, means, strict=True):
            plane[:rows], plane[rows : rows * 5 // 4], plane[rows * 5 // 4 :] = mean
        return YuvClip(planes, contracted.frame_rate_hz)

    def trouble(self):
        """What goes wrong; nothing."""


class Crashes(Means):
    """Its process is gone in the middle of an expansion."""

    def trouble(self):
        os.kill(os.getpid(), signal.SIGSEGV)


class Hangs(Means):
    """Never comes back."""

    def trouble(self):
        while True:
            time.sleep(1)


class Swells(Means):
    """Takes all memory that it can get."""

    def trouble(self):
        held = []
        while True:
            held.append(np.ones(2**26, np.uint8))


class Tires(Means):
    """Its first expansion works, no other one does."""

    expanded = 0

    def trouble(self):
        self.expanded += 1
        if self.expanded > 1:
            raise RuntimeError("too tired")

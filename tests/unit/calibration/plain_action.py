"""Actions for the tests of calibration, loaded as anyone's own would be: `plain_action.py:Class`."""

import os
import zlib

import numpy as np
import torch

from netgen.actions.contract import Compatibility, Knob, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip


class Coarse(VideoAction):
    """Divides samples by a step and deflates them; expands through a convolution that changes nothing."""

    name = "test.coarse"
    summary = "samples divided by a step"
    mode = CodingMode.SEMI_REFERENCE
    playable = False
    learned = True
    compatibility = Compatibility.WEIGHTS
    smallest_side_px = 32
    knob = Knob("step", 1.0, 64.0, 1.0, 16.0, (4.0, 24.0))
    held_bytes = 60_000_000

    @property
    def domain(self):
        return "test.coarse"

    @property
    def model_bytes(self):
        return 36

    def load(self):
        with self.timed(Stage.LOAD):
            self.kernel = torch.zeros(1, 1, 3, 3)
            self.kernel[0, 0, 1, 1] = 1.0

    def contract_at(self, frames, knob, *, seed):
        held = np.ones(self.held_bytes, np.uint8)
        with self.timed(Stage.ENTROPY):
            coarse = frames.planes // np.uint8(knob) * held[0]
            payload = bytes([int(knob)]) + zlib.compress(coarse.tobytes())
        parts = (Part(PartKind.DISCRIMINATIVE, payload), Part(PartKind.GENERATIVE, b"12"))
        return ContractedVideo(
            self.domain, frames.width_px, frames.height_px, frames.frames, frames.frame_rate_hz, parts
        )

    def expand(self, contracted, *, seed=0):
        payload = contracted.parts[0].payload
        shape = (contracted.frames, contracted.height_px * 3 // 2, contracted.width_px)
        with self.timed(Stage.ENTROPY):
            coarse = np.frombuffer(zlib.decompress(payload[1:]), np.uint8).reshape(shape)
        fine = np.minimum(coarse.astype(np.int64) * payload[0] + payload[0] // 2, 255).astype(np.float32)
        with self.timed(Stage.INFER):
            shown = torch.nn.functional.conv2d(torch.from_numpy(fine)[:, None], self.kernel, padding=1)
        return YuvClip(shown[:, 0].numpy().astype(np.uint8), contracted.frame_rate_hz)


class Unsteady(Coarse):
    """Another length every time."""

    name = "test.unsteady"
    calls = 0

    def contract_at(self, frames, knob, *, seed):
        made = super().contract_at(frames, knob, seed=seed)
        self.calls += 1
        parts = (made.parts[0], Part(PartKind.GENERATIVE, b"1" * self.calls))
        return ContractedVideo(
            made.domain, made.width_px, made.height_px, made.frames, made.frame_rate_hz, parts
        )


class Exact(Coarse):
    """Loses nothing."""

    name = "test.exact"
    knob = Knob("step", 1.0, 2.0, 1.0, 1.0, (1.0,))


class Ending(Coarse):
    """Takes its process with it."""

    name = "test.ending"

    def expand(self, contracted, *, seed=0):
        os.write(2, b"the graphics card caught fire\n")
        os._exit(7)


class Refusing(Coarse):
    """Cannot find its weights."""

    name = "test.refusing"

    def load(self):
        raise InputError("the weights are not there")

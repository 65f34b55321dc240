"""Actions that fail on purpose, and one that gains from batches; loaded by worker processes as plug-ins."""

import ctypes
import importlib
import os
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from netgen.actions.contract import Knob, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip


class Plain(VideoAction):
    """Sends the first luma sample of every frame; a poisonous first sample makes it fail, in the way of subclasses."""

    name = "test.plain"
    summary = "one byte a frame"
    mode = CodingMode.SEMI_REFERENCE
    playable = False
    learned = False
    knob = Knob("level", 0, 1, 1, 1, (0, 1))
    smallest_side_px = 2
    poison = 13

    @property
    def domain(self):
        return self.name

    def contract_at(self, frames, knob, *, seed):
        values = frames.planes[:, 0, 0].tobytes()
        return ContractedVideo(
            self.domain, frames.width_px, frames.height_px, frames.frames, frames.frame_rate_hz,
            (Part(PartKind.GENERATIVE, values),),
        )  # fmt: skip

    def expand(self, contracted, *, seed=0):
        self.check_domain(contracted)
        values = np.frombuffer(contracted.parts[0].payload, np.uint8)
        if values[0] == self.poison:
            self.fail()
        shape = (contracted.frames, contracted.height_px * 3 // 2, contracted.width_px)
        planes = np.broadcast_to(values[:, None, None], shape).copy()
        planes[:, 0, 1] = seed
        return YuvClip(planes, contracted.frame_rate_hz)

    def fail(self):
        raise ValueError("the thirteenth\nand a second line")


class Batched(Plain):
    """Marks every frame with the number of segments that were expanded together."""

    name = "test.batched"

    def expand_many(self, contracted, *, seeds):
        clips = [self.expand(one, seed=seed) for one, seed in zip(contracted, seeds, strict=True)]
        for clip in clips:
            clip.planes.flags.writeable = True
            clip.planes[:, 0, 0] = len(clips)
        return clips


class Exits(Batched):
    def fail(self):
        os._exit(3)


class Segfaults(Plain):
    def fail(self):
        print("on the way out", flush=True)
        ctypes.string_at(0)


class Killed(Plain):
    def fail(self):
        os.kill(os.getpid(), signal.SIGKILL)


class Hangs(Batched):
    def fail(self):
        while True:
            time.sleep(0.001)


class Spawns(Plain):
    """Hangs with a child process; the child's number is in the file that the environment names."""

    def fail(self):
        child = os.fork()
        if child == 0:
            while True:
                time.sleep(0.001)
        Path(__file__).with_name("child").write_text(str(child))
        while True:
            time.sleep(0.001)


class Devours(Plain):
    """Asks for memory until there is none."""

    def fail(self):
        hoard = []
        while True:
            hoard.append(np.empty(1 << 26, np.uint8))


class TorchDevours(Plain):
    def load(self):
        self.torch = importlib.import_module("torch")

    def fail(self):
        torch = self.torch
        torch.ones(1 << 36, dtype=torch.uint8)


class Quits(Plain):
    def fail(self):
        sys.exit(0)


class Calls(Plain):
    def fail(self):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


class Shortens(Plain):
    """Gives one frame too few, and a representation of another domain."""

    def expand(self, contracted, *, seed=0):
        clip = super().expand(contracted, seed=seed)
        return YuvClip(clip.planes[:-1].copy(), clip.frame_rate_hz)

    def contract_at(self, frames, knob, *, seed):
        return replace(super().contract_at(frames, knob, seed=seed), domain="elsewhere")


class Refuses(Plain):
    def fail(self):
        raise InputError("not these frames")


class DiesAtLoad(Plain):
    def load(self):
        os._exit(7)


class FailsAtLoad(Plain):
    def load(self):
        raise InputError("the weights are not there")


class HangsAtLoad(Plain):
    def load(self):
        while True:
            time.sleep(0.001)

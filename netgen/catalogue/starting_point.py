"""`netgen new action NAME`: a small action that works, with comments, to begin from."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from netgen.errors import InputError

_TEXT = '''"""__CLASS__: an action of your own. Try it: netgen actions check __FILE__:__CLASS__"""

import zlib

import numpy as np

from netgen.actions.contract import Knob, Parameter, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip


class __CLASS__(VideoAction):
    """Sends the mean of every square of `side_px` pixels, and shows squares: replace this by what yours does."""

    name = "__NAME__"  # family.action
    summary = "the mean of every square of pixels, quantised and deflated"
    mode = CodingMode.SEMI_REFERENCE  # full-, semi- or no-reference: what travels
    playable = True  # can be shown without a model
    learned = False  # True with a model of weights: define model_bytes, load() and place() too
    smallest_side_px = 16

    # The one number that trades rate for quality. `octave`: how far it goes to halve the bits, roughly. Rates are
    # met best by a knob over which log(bits) is a straight line: here levels are 2 ** (coarseness / 8) apart.
    knob = Knob(name="coarseness", finest=0, coarsest=48, step=1, octave=16, grid=(0, 16, 32, 48))

    # Parameters make variants of the class. They come as self.values, already checked.
    parameters = {"side_px": Parameter(8, (4, 8, 16), "side of a square, pixel")}

    @property
    def domain(self):
        """Who can expand what this made: name everything that both ends must agree on."""
        return f"{self.name}[side_px={self.values['side_px']}]"

    def contract_at(self, frames, knob, *, seed):
        """Frames to the bytes that travel. The same frames, knob and seed must give the same bytes."""
        self.check_size(frames.width_px, frames.height_px)
        step = round(2 ** (knob / 8))
        with self.timed(Stage.PREPARE):  # stages are what `netgen calibrate` reports
            means = [self._means(plane) for plane in self._planes(frames.planes)]
            levels = np.concatenate([plane.reshape(len(plane), -1) for plane in means], axis=1) // step
        with self.timed(Stage.ENTROPY):
            levels[1:] -= levels[:-1].copy()  # what changed since the frame before (modulo 256)
            payload = bytes([step]) + zlib.compress(levels.tobytes(), 9)
        # DISCRIMINATIVE: a description of the frames as they are. GENERATIVE: what steers a generative model.
        parts = (Part(PartKind.DISCRIMINATIVE, payload),)
        return ContractedVideo(
            self.domain, frames.width_px, frames.height_px, frames.frames, frames.frame_rate_hz, parts
        )

    def expand(self, contracted, *, seed=0):
        """The bytes to as many frames of that size and rate. Whatever is wrong with them must be an InputError."""
        self.check_domain(contracted)
        self.check_size(contracted.width_px, contracted.height_px)
        if len(contracted.parts) != 1 or len(contracted.parts[0].payload) < 2:
            raise InputError(f"action {self.name}: the representation is damaged: one part is expected")
        payload = contracted.parts[0].payload
        shapes = self._shapes(contracted.width_px, contracted.height_px)
        sizes = [self._squares(height) * self._squares(width) for height, width in shapes]
        with self.timed(Stage.ENTROPY):
            wanted = contracted.frames * sum(sizes)
            try:  # never more than wanted: a few damaged bytes could otherwise ask for gigabytes
                levels_bytes = zlib.decompressobj().decompress(payload[1:], wanted)
            except zlib.error as error:
                raise InputError(f"action {self.name}: the representation is damaged: {error}") from error
            if len(levels_bytes) != wanted:
                raise InputError(
                    f"action {self.name}: {len(levels_bytes)} levels instead of {wanted}: it is damaged"
                )
            levels = np.frombuffer(levels_bytes, np.uint8).reshape(contracted.frames, -1)
            levels = np.cumsum(levels, axis=0, dtype=np.uint8)  # modulo 256 again
        with self.timed(Stage.FINISH):
            values = np.minimum(levels.astype(np.int64) * payload[0] + payload[0] // 2, 255).astype(np.uint8)
            planes = np.empty(
                (contracted.frames, contracted.height_px * 3 // 2, contracted.width_px), np.uint8
            )
            begin = 0
            for plane, (height, width), size in zip(self._planes(planes), shapes, sizes, strict=True):
                grid = values[:, begin : begin + size].reshape(
                    -1, self._squares(height), self._squares(width)
                )
                side = self.values["side_px"]
                plane[:] = grid.repeat(side, axis=1).repeat(side, axis=2)[:, :height, :width]
                begin += size
            return YuvClip(planes, contracted.frame_rate_hz)

    def _planes(self, planes):
        """Views of the luma, and of the two chroma planes one above the other as in a YuvClip."""
        height = planes.shape[1] * 2 // 3
        return planes[:, :height], planes[:, height:]

    def _shapes(self, width_px, height_px):
        """(height, width) of these views."""
        return (height_px, width_px), (height_px // 2, width_px)

    def _squares(self, length):
        """How many squares cover a length."""
        return -(-length // self.values["side_px"])

    def _means(self, plane):
        """The mean of every square; at the right and lower edge, squares see the last pixels again."""
        side = self.values["side_px"]
        rows, columns = self._squares(plane.shape[1]), self._squares(plane.shape[2])
        missing = ((0, 0), (0, rows * side - plane.shape[1]), (0, columns * side - plane.shape[2]))
        padded = np.pad(plane, missing, mode="edge")
        return padded.reshape(-1, rows, side, columns, side).mean(axis=(2, 4)).astype(np.uint8)
'''


def action_text(name: str) -> str:
    """Return the source of a working action.

    Parameters
    ----------
    name : str                      What to call it: words of letters and digits, such as `edge-sketch`.

    Raises
    ------
    InputError                      It makes no class name.
    """
    class_name = class_name_of(name)
    replaced = {
        "__CLASS__": class_name,
        "__NAME__": f"plugin.{_words(name, '-')}",
        "__FILE__": file_name_of(name),
    }
    text = _TEXT
    for mark, word in replaced.items():
        text = text.replace(mark, word)
    return text


def class_name_of(name: str) -> str:
    """Return the class of a new action: `EdgeSketch` for `edge-sketch`."""
    return "".join(word[0].upper() + word[1:] for word in _words(name, " ").split())


def file_name_of(name: str) -> str:
    """Return the file of a new action: `edge_sketch.py` for `edge-sketch`."""
    return f"{_words(name, '_')}.py"


def write_action(name: str, folder: Path) -> Path:
    """Write a new action's file into a folder, and return its path; a file that is there already stays.

    Raises
    ------
    InputError                      The file exists, the folder does not, or the name makes no class name.
    """
    path = folder / file_name_of(name)
    text = action_text(name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise InputError(f"{path} exists already: choose another name, or remove it") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _words(name: str, between: str) -> str:
    """Return the words of a name in lower case, joined; raises InputError when it makes no name of a module."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower())
    module = "_".join(words)
    if (
        not re.fullmatch(r"[A-Za-z][A-Za-z0-9 _-]*", name)
        or not module.isidentifier()
        or keyword.iskeyword(module)
    ):
        raise InputError(
            f'"{name}" makes no name of an action; accepted: words of letters and digits, such as edge-sketch'
        )
    return between.join(words)

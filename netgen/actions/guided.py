"""Full-reference: SVT-AV1, and a small stream that tells where the receiver's network is right."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.codecs import contracted_in
from netgen.actions.contract import Compatibility, Parameter, Stage
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.actions.learned import crf_of, crf_part, with_luma
from netgen.actions.restoration import RestoringAction, check_parts
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip

_BLOCKS_PX = (1 << 13, 128, 64, 32)
"""Sides of the blocks that share a weight, coarsest first; the encoder chooses one for a segment."""

_LEVELS = (0.0, 0.35, 0.7, 1.1)
"""Weights of what the network changes; 0 is the decoded frame, so that no block is worse than it."""

_DECIBEL_PER_OCTAVE = 3.0
"""ASSUMED: what twice the bits bring at low rates, dB; SVT-AV1 gave 2 to 5 on the shipped clips below 0.03
bit/pixel. It only decides how fine the blocks are."""

_DEFLATE_BITS = -15


class GuidedAction(RestoringAction):
    """SVT-AV1, restored by a network as far as the encoder found that to help, block by block.

    The encoder runs the same network on its own decoded frames, finds the weight of the network's change in each
    block by least squares over the segment, and sends the quantised weights.
    """

    name = "amplify.guided"
    summary = "SVT-AV1, restored by a network as far as the encoder's weights of blocks say"
    mode = CodingMode.FULL_REFERENCE
    compatibility = Compatibility.WEIGHTS
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType(
        {"scale": Parameter(1, (1, 2, 4), "divisor of both sides before coding")}
    )

    @property
    def domain(self) -> str:
        """The weights take part: the encoder's choices hold for its own network's output."""
        from netgen.models.weights import weights_digest  # noqa: PLC0415  (models are loaded on demand)

        digest = weights_digest(self.networks[0], self.weights)
        return f"{self.name}[scale={self.scale}, weights={digest[:16]}]"

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Encode a segment, decode and restore it, and find the weights."""
        return self._guided(frames, self._coded_alone(frames, knob))

    def _contract_to_rate(self, frames: YuvClip, bits_per_pixel: float, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Meet the rate by the bitstream alone, so that the network runs once; the weights are few bits."""
        made = self._nearest_to_rate(lambda knob: self._coded_alone(frames, knob), bits_per_pixel)
        return self._guided(frames, made)

    def _coded_alone(self, frames: YuvClip, knob: float) -> ContractedVideo:
        """Encode a segment, with its rate factor beside it."""
        return contracted_in(self.domain, frames, (self.coded(frames, knob), crf_part(knob)))

    def _guided(self, frames: YuvClip, made: ContractedVideo) -> ContractedVideo:
        """Add the weights to what was coded."""
        plain, restored = self.decoded([made], [crf_of(made.parts[1])])[0]
        with self.timed(Stage.FINISH):
            weights = _chosen_weights(frames.luma, plain.luma, restored.luma, made.bits)
        return replace(made, parts=(*made.parts, Part(PartKind.GENERATIVE, weights)))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Decode a segment, restore it, and mix both as the weights say."""
        self.check_domain(contracted)
        check_parts(contracted, 3)
        _, factor, weights = contracted.parts
        plain, restored = self.decoded([contracted], [crf_of(factor)])[0]
        with self.timed(Stage.FINISH):
            share = _read_weights(weights.payload, plain.height_px, plain.width_px)
            return with_luma(plain, _mixed(plain.luma, restored.luma, share))


def _chosen_weights(
    clean: NDArray[np.uint8], decoded: NDArray[np.uint8], restored: NDArray[np.uint8], bits: int
) -> bytes:
    """Return the best weights with blocks of the size that gains most for its bits."""
    height, width = clean.shape[1:]
    change, wanted = np.zeros((height, width)), np.zeros((height, width))
    error = 0.0
    for source, shown, better in zip(clean, decoded, restored, strict=True):
        moved = better.astype(np.float64) - shown
        missing = source.astype(np.float64) - shown
        change += moved**2
        wanted += moved * missing
        error += float((missing**2).sum())
    best, most = b"", -math.inf
    for index, side_px in enumerate(_BLOCKS_PX):
        squares, products = _block_sums(change, side_px), _block_sums(wanted, side_px)
        # The error of a block with weight w is that of the decoded one, less 2 w products, plus w^2 squares.
        saved = np.stack([2 * level * products - level**2 * squares for level in _LEVELS])
        chosen = saved.argmax(axis=0)
        payload = _packed(index, chosen)
        left = max(error - float(saved.max(axis=0).sum()), 1.0)
        gain_db = 10 * math.log10(max(error, 1.0) / left)
        gain_db -= _DECIBEL_PER_OCTAVE * math.log2(1 + 8 * len(payload) / bits)
        if gain_db > most:
            best, most = payload, gain_db
    return best


def _packed(index: int, chosen: NDArray[np.intp]) -> bytes:
    """Return the number of the block size and the weights, four to a byte, as they are or deflated: what is less."""
    flat = np.append(chosen.ravel(), np.zeros(-chosen.size % 4, np.intp)).reshape(-1, 4)
    plain = bytes(int(quad) for quad in flat @ np.array([1, 4, 16, 64]))
    packer = zlib.compressobj(9, zlib.DEFLATED, _DEFLATE_BITS)
    deflated = packer.compress(chosen.astype(np.uint8).tobytes()) + packer.flush()
    if len(deflated) < len(plain):
        return bytes([index | 0x80]) + deflated
    return bytes([index]) + plain


def _read_weights(payload: bytes, height: int, width: int) -> NDArray[np.float32]:
    """Return the weight of every sample (height, width)."""
    if not payload or payload[0] & 0x7F >= len(_BLOCKS_PX):
        raise InputError(f"weights of {len(payload)} byte: the representation is damaged")
    side_px = _BLOCKS_PX[payload[0] & 0x7F]
    rows, columns = -(-height // side_px), -(-width // side_px)
    if payload[0] & 0x80:
        unpacker = zlib.decompressobj(_DEFLATE_BITS)
        try:
            chosen = np.frombuffer(unpacker.decompress(payload[1:], rows * columns + 1), np.uint8)
        except zlib.error as error:
            raise InputError(f"weights of {len(payload)} byte are damaged: {error}") from error
    else:
        quads = np.frombuffer(payload[1:], np.uint8)
        chosen = (quads[:, None] >> np.array([0, 2, 4, 6])).ravel() & 3
        chosen = chosen[: rows * columns] if len(quads) == -(-rows * columns // 4) else chosen[:0]
    if len(chosen) != rows * columns or (len(chosen) and int(chosen.max()) >= len(_LEVELS)):
        raise InputError(f"weights of {len(payload)} byte for {rows} x {columns} blocks: they are damaged")
    levels = np.array(_LEVELS, np.float32)[chosen].reshape(rows, columns)
    return np.repeat(np.repeat(levels, side_px, axis=0)[:height], side_px, axis=1)[:, :width]


def _mixed(
    decoded: NDArray[np.uint8], restored: NDArray[np.uint8], share: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Return the decoded frames with their share of the network's change."""
    mixed = np.empty_like(decoded)
    for index, (shown, better) in enumerate(zip(decoded, restored, strict=True)):
        change = (better.astype(np.float32) - shown) * share
        mixed[index] = np.clip(np.rint(shown + change), 0, 255)
    return mixed


def _block_sums(plane: NDArray[np.float64], side_px: int) -> NDArray[np.float64]:
    """Return the sums over blocks; those at the right and lower edge may be smaller."""
    rows = np.add.reduceat(plane, np.arange(0, plane.shape[0], side_px), axis=0)
    return np.asarray(np.add.reduceat(rows, np.arange(0, plane.shape[1], side_px), axis=1))

"""Coded video and text in blocks of a channel code: what is shown when blocks are lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netgen.labelled.describing import LEVELS, DescribeSceneAction
from netgen.linklevel.curves import BlockErrorCurve
from netgen.media.codec import Codec, CodedClip, CodingConfig, decode, encode
from netgen.media.yuv_clip import YuvClip
from netgen.received.scenes import ReceivedScenes, nothing_shown, viewed

_HALVINGS = 8


class CodedScenes:
    """Scenes as H.264 or H.265 of one group of pictures each, cut into blocks frame by frame.

    A frame is lost with any of its blocks, and with it all that the decoder is given after it: the picture stands still
    until the scene is over. Before the first frame nothing is seen.

    Parameters
    ----------
    scenes : ReceivedScenes         What is coded.
    codec : Codec                   By which.
    curve : BlockErrorCurve         Protection, and how often its blocks are lost.
    symbols_per_pixel : float       Symbols that each scene may take; its rate factor is the finest that keeps to it.
    """

    def __init__(
        self, scenes: ReceivedScenes, codec: Codec, curve: BlockErrorCurve, symbols_per_pixel: float
    ) -> None:
        self._curve = curve
        self._coded = [self._fitted(clip, codec, symbols_per_pixel) for clip in scenes.clips]
        self._whole = [decode(one)[0].planes for one in self._coded]
        self._cut: dict[tuple[int, int], NDArray[np.uint8]] = {}
        pixels = sum(clip.width_px * clip.height_px * clip.frames for clip in scenes.clips)
        self.symbols_per_pixel = sum(self._symbols(one) for one in self._coded) / pixels
        self.bits_per_pixel = sum(8 * len(packet) for one in self._coded for packet in one.packets) / pixels

    def shown(self, snr_db: float | None, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
        """Draw what is lost of each scene, and return what is seen of it: five frames each."""
        return [
            viewed(self._decoded(scene, self._received(scene, snr_db, rng)))
            for scene in range(len(self._coded))
        ]

    def _fitted(self, clip: YuvClip, codec: Codec, symbols_per_pixel: float) -> CodedClip:
        budget = symbols_per_pixel * clip.width_px * clip.height_px * clip.frames
        fine, coarse = 8.0, 51.0
        best = encode(clip, CodingConfig(codec, coarse, 1, clip.frames))
        for _ in range(_HALVINGS):
            middle = round(4 * (fine + coarse)) / 8
            found = encode(clip, CodingConfig(codec, middle, 1, clip.frames))
            if self._symbols(found) <= budget:
                best, coarse = found, middle
            else:
                fine = middle
        return best

    def _symbols(self, coded: CodedClip) -> int:
        return sum(self._blocks(packet) for packet in coded.packets) * self._curve.protection.symbols

    def _blocks(self, packet: bytes) -> int:
        return -(-8 * len(packet) // self._curve.protection.info_bits)

    def _received(self, scene: int, snr_db: float | None, rng: np.random.Generator) -> int:
        """Draw how many frames come before the first that is lost."""
        packets = self._coded[scene].packets
        if snr_db is None:
            return len(packets)
        blocks = np.array([self._blocks(packet) for packet in packets])
        lost = rng.random(len(packets)) < 1 - (1 - self._curve.rate(snr_db)) ** blocks
        return int(lost.argmax()) if lost.any() else len(packets)

    def _decoded(self, scene: int, received: int) -> YuvClip:
        """Return what the decoder shows of so many packets, each picture until the next one that there is."""
        whole, coded = self._whole[scene], self._coded[scene]
        if received == 0:
            return YuvClip(nothing_shown(whole), coded.frame_rate_hz)
        if received == len(coded.packets):
            return YuvClip(whole, coded.frame_rate_hz)
        if (scene, received) not in self._cut:
            pictures, _ = decode(replace(coded, packets=coded.packets[:received]))
            self._cut[scene, received] = _in_place(whole, pictures.planes)
        return YuvClip(self._cut[scene, received], coded.frame_rate_hz)


class DescribedScenes:
    """The labels of scenes as text; the scene is drawn from them, or nothing is seen where a block is lost.

    Parameters
    ----------
    scenes : ReceivedScenes         What is described.
    curve : BlockErrorCurve         Protection of the blocks.
    """

    def __init__(self, scenes: ReceivedScenes, curve: BlockErrorCurve) -> None:
        action = DescribeSceneAction()
        made = [action.contract_at(clip, float(LEVELS), seed=0) for clip in scenes.clips]
        self._curve = curve
        self._blocks = np.array([-(-one.bits // curve.protection.info_bits) for one in made])
        self._drawn = [viewed(action.expand(one)) for one in made]
        pixels = scenes.clips[0].width_px * scenes.clips[0].height_px * scenes.clips[0].frames
        self.symbols_per_pixel = float(self._blocks.mean()) * curve.protection.symbols / pixels
        self.bits_per_pixel = float(np.mean([one.bits for one in made])) / pixels

    def shown(self, snr_db: float | None, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
        """Draw which descriptions are lost, and return what is seen."""
        rate = 0.0 if snr_db is None else float(self._curve.rate(snr_db))
        lost = rng.random(len(self._drawn)) < 1 - (1 - rate) ** self._blocks
        return [
            nothing_shown(planes) if gone else planes for planes, gone in zip(self._drawn, lost, strict=True)
        ]


def _in_place(whole: NDArray[np.uint8], pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put pictures of a stream that was cut where they stand in the whole one, and hold each until the next.

    They are found by their samples, for decoding is exact; packets that are bare tell no times.
    """
    shown = nothing_shown(whole)
    at = -1
    for picture in pictures:
        at = next(place for place in range(at + 1, len(whole)) if np.array_equal(whole[place], picture))
        shown[at:] = picture
    return shown

"""Measures what channels leave of every part: `python -m netgen.received.measuring --out FILE [--weights FOLDER]`.

Text is protected by the turbo code, coded video by LDPC, and joint coding is received plainly and by the diffusion
denoiser. Video and joint coding get as many symbols. The channel is Rayleigh fading of every symbol,
which the receiver knows. Labelled scenes tell how much of the meaning is left.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from netgen.actions.contract import Placement
from netgen.calibration.machine import device_used
from netgen.errors import exit_code_of
from netgen.labelled.reading import reader_digest
from netgen.linklevel.curves import BlockErrorCurve, find_curve, shipped_curves
from netgen.linklevel.protection import Channel, Code
from netgen.media.codec import Codec
from netgen.received.bitstreams import CodedScenes, DescribedScenes
from netgen.received.scenes import VIEWS, ReceivedScenes, viewed
from netgen.received.symbols import ARMS, SYMBOLS_PER_PIXEL_OF_YUV, JointCodec
from netgen.rng import generator_from
from netgen.robustness.table import RobustnessTable
from netgen.version import __version__

CHANNEL = Channel.RAYLEIGH_FAST
JOINT_SNRS_DB = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0)
BLOCK_SNRS_DB = tuple(float(level) for level in range(-2, 15))
DIGITAL = (
    ("x264-ldpc", Codec.X264, 1 / 2, 2),
    ("x265-ldpc", Codec.X265, 1 / 2, 2),
    ("x265-ldpc-16qam", Codec.X265, 2 / 3, 4),
)
"""Name, codec, rate of the code, and bits of a symbol."""

_BLOCK_BITS, _TEXT_BITS = 2048, 128

Shown = Callable[[float | None, np.random.Generator], Sequence[NDArray[np.uint8]]]


def records(
    scenes: ReceivedScenes, weights: Path | None, tell: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Measure every part, one record each.

    Parameters
    ----------
    scenes : ReceivedScenes         What is sent.
    weights : Path or None          Folder of the networks of joint coding; None: those that are shipped.
    tell : callable                 Told a line per level.
    """
    text = DescribedScenes(scenes, _curve(Code.TURBO, 1 / 3, 2, _TEXT_BITS))
    yield _record("text", "block", scenes, text.shown, BLOCK_SNRS_DB, tell) | _sizes(text)
    for name, codec, rate, bits_per_symbol in DIGITAL:
        curve = _curve(Code.LDPC, rate, bits_per_symbol, _BLOCK_BITS)
        coded = CodedScenes(scenes, codec, curve, SYMBOLS_PER_PIXEL_OF_YUV)
        yield _record(name, "block", scenes, coded.shown, BLOCK_SNRS_DB, tell) | _sizes(coded)
    for arm in ARMS:
        yield _joint_record(scenes, JointCodec(arm, weights), tell)


def _joint_record(scenes: ReceivedScenes, joint: JointCodec, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure one way to receive symbols of joint coding, and what it takes."""

    def shown(snr_db: float | None, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
        return [joint.shown(viewed(clip), snr_db, rng) for clip in scenes.clips]

    found = _record(joint.arm.name, "symbols", scenes, shown, JOINT_SNRS_DB, tell)
    frames = VIEWS * len(scenes.clips) * (len(JOINT_SNRS_DB) + 1)
    encode_flops, decode_flops = joint.flops(scenes.clips[0])
    return found | {
        "symbols_per_pixel": SYMBOLS_PER_PIXEL_OF_YUV,
        "model": {"sha256": joint.weights_sha256, "steps": joint.arm.steps, "parameters": joint.parameters},
        "time": {
            "encode_s_per_frame": round(joint.encode_s / frames, 6),
            "decode_s_per_frame": round(joint.decode_s / frames, 6),
        },
        "flops": {"encode_per_frame": encode_flops, "decode_per_frame": decode_flops},
        "device": asdict(device_used(Placement("cpu", "float32", threads=1, batch=1), learned=True)),
    }


def _record(
    name: str,
    kind: str,
    scenes: ReceivedScenes,
    shown: Shown,
    levels_db: Sequence[float],
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Measure one part without a channel, and at every level."""
    found = []
    for number, snr_db in enumerate((None, *levels_db)):
        left = scenes.left_in(shown(snr_db, generator_from(scenes.seed, *name.encode(), number)))
        where = "no channel" if snr_db is None else f"{snr_db:g} dB"
        tell(
            f"{name}, {where}: {left.fidelity:.3f} of the meaning, {left.psnr_db:.2f} dB, MS-SSIM {left.ms_ssim:.3f}"
        )
        found.append(left)
    table = RobustnessTable(CHANNEL.value, tuple(levels_db), tuple(found[1:]), found[0])
    clip = scenes.clips[0]
    return {
        "schema": 1,
        "part": name,
        "kind": kind,
        **table.as_json(),
        "content": {
            "class": "labelled",
            "scenes": len(scenes.clips),
            "seed": scenes.seed,
            "size_px": [clip.width_px, clip.height_px],
            "frame_rate_hz": float(clip.frame_rate_hz),
            "segment_s": clip.frames / float(clip.frame_rate_hz),
            "reader_sha256": reader_digest(),
        },
    }


def _sizes(part: CodedScenes | DescribedScenes) -> dict[str, float]:
    return {
        "symbols_per_pixel": round(part.symbols_per_pixel, 7),
        "bits_per_pixel": round(part.bits_per_pixel, 7),
    }


def _curve(code: Code, rate: float, bits_per_symbol: int, info_bits: int) -> BlockErrorCurve:
    return find_curve(code, rate, bits_per_symbol, CHANNEL, info_bits, curves=shipped_curves())


def main() -> int:
    """Write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON Lines file to write")
    parser.add_argument(
        "--weights", type=Path, metavar="FOLDER", help="networks of joint coding (default: shipped)"
    )
    parser.add_argument("--scenes", type=int, default=60, metavar="N", help="labelled scenes (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="of scenes and channels (default: 1)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    scenes = ReceivedScenes.drawn(options.scenes, options.seed)
    software = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "av"))
    provenance = {
        "mark": "measured",
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m netgen.received.measuring --scenes {options.scenes} --seed {options.seed}",
        "software": software,
        "netgen": __version__,
    }
    made = [
        record | {"provenance": provenance}
        for record in records(scenes, options.weights, lambda line: print(line, file=sys.stderr, flush=True))
    ]
    draft = options.out.with_name(f".{options.out.name}.draft")
    try:
        draft.write_text(
            "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in made), encoding="utf-8"
        )
        draft.replace(options.out)
    finally:
        draft.unlink(missing_ok=True)
    print(f"wrote {len(made)} tables to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))

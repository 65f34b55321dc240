"""What diffusion gains behind a fading channel: `python -m netgen.training.joint_evaluation FOLDER ... [--json FILE]`.

Each folder holds the networks of one seed, as `netgen train channel --seed N --out FOLDER` writes them. All arms get
the same symbols through the same fading and noise: the plain decoder, the diffusion denoiser in one and in four steps,
and the control, which has the same network and knows the same of the channel, but was trained end to end without
diffusion. The pictures are photographs that no network was trained on.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from netgen.errors import exit_code_of
from netgen.models.joint_coding import REDUCTION, JointChain, rayleigh
from netgen.models.weights import load_into
from netgen.rng import generator_from
from netgen.training.photographs import HELD_OUT, held_out_photographs

SNRS_DB = (0.0, 5.0, 10.0, 15.0)
ARMS = {
    "plain decoder": ("joint-plain", 1),
    "diffusion, 1 step": ("joint-diffusion", 1),
    "diffusion, 4 steps": ("joint-diffusion", 4),
    "control": ("joint-control", 1),
}
"""Networks and steps of each arm."""
GAINS = (
    ("diffusion, 1 step", "plain decoder"),
    ("control", "plain decoder"),
    ("diffusion, 1 step", "control"),
    ("diffusion, 4 steps", "diffusion, 1 step"),
)
"""What is held against what."""

_SIDE_PX = 256
_DRAWS = 4
_STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365}
"""Quantiles of 97.5 % for the mean of so many seeds."""

Found = dict[tuple[str, float], NDArray[np.float64]]
"""PSNR of each picture, by arm and SNR."""


def measured(folder: Path) -> Found:
    """Measure the networks of one seed: PSNR of every held-out picture, mean over four draws of the channel.

    Raises
    ------
    InputError                      The folder lacks a network, or one is damaged.
    """
    chains = {}
    for name in ("joint-plain", "joint-diffusion", "joint-control"):
        chain = JointChain(denoises=name != "joint-plain")
        load_into(chain, name, folder)
        chains[name] = chain.eval()
    found: Found = {}
    with torch.inference_mode():
        for number, photograph in enumerate(held_out_photographs()):
            luma = _square(photograph.luma)
            symbols = chains["joint-plain"].encoder(luma)
            for snr_db in SNRS_DB:
                for draw in range(_DRAWS):
                    rng = generator_from(2026, number, int(snr_db), draw)
                    normals = torch.from_numpy(rng.standard_normal((2, *symbols.shape), dtype=np.float32))
                    noisy, deviation = rayleigh(symbols, torch.tensor([10 ** (-snr_db / 10)]), normals)
                    for arm, (name, steps) in ARMS.items():
                        chain = chains[name]
                        shown = chain.decoder(chain.received(noisy, deviation, steps=steps)).clamp(0, 1)
                        psnr_db = -10 * math.log10(float((shown - luma).square().mean()))
                        levels = found.setdefault((arm, snr_db), np.zeros(len(HELD_OUT)))
                        levels[number] += psnr_db / _DRAWS
    return found


def table(seeds: Sequence[Found]) -> str:
    """Write PSNR and gains as Markdown: means over seeds and pictures, intervals of Student over seeds."""
    head = "| | " + " | ".join(f"{snr_db:g} dB" for snr_db in SNRS_DB) + " |"
    lines = [head, "| --- |" + " --: |" * len(SNRS_DB)]
    for arm in ARMS:
        means = [statistics.fmean(float(seed[arm, snr_db].mean()) for seed in seeds) for snr_db in SNRS_DB]
        lines.append(f"| {arm} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |")
    for one, other in GAINS:
        cells = [
            _interval([float((seed[one, snr_db] - seed[other, snr_db]).mean()) for seed in seeds])
            for snr_db in SNRS_DB
        ]
        lines.append(f"| {one} less {other} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _interval(gains: Sequence[float]) -> str:
    mean = statistics.fmean(gains)
    if len(gains) not in _STUDENT:
        return f"{mean:+.2f}"
    half = _STUDENT[len(gains)] * statistics.stdev(gains) / math.sqrt(len(gains))
    return f"{mean:+.2f} [{mean - half:+.2f}, {mean + half:+.2f}]"


def _square(luma: NDArray[np.uint8]) -> torch.Tensor:
    """Return the middle of a picture, reduced by a whole factor to at most 511 and at least 168 pixels a side."""
    factor = max(1, min(luma.shape) // _SIDE_PX)
    side = min(luma.shape) // (factor * REDUCTION) * REDUCTION
    row, column = ((length - factor * side) // 2 for length in luma.shape)
    square = luma[row : row + factor * side, column : column + factor * side]
    small = square.reshape(side, factor, side, factor).mean(axis=(1, 3))
    return torch.from_numpy(small.astype(np.float32))[None, None] / 255


def _as_json(seeds: Mapping[str, Found]) -> str:
    rows = [
        {"seed": name, "arm": arm, "snr_db": snr_db, "psnr_db": [round(float(one), 4) for one in levels]}
        for name, found in seeds.items()
        for (arm, snr_db), levels in found.items()
    ]
    return json.dumps({"pictures": list(HELD_OUT), "rows": rows}, indent=1) + "\n"


def main() -> int:
    """Measure the folders and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="networks of one seed each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every picture's PSNR")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds = {folder.name: measured(folder) for folder in options.folders}
    sys.stdout.write(table(list(seeds.values())))
    if options.json:
        options.json.write_text(_as_json(seeds), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))

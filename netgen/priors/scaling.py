"""Measures how H(X | K) falls with the size of a prior and its data: `python -m netgen.priors.scaling [--json FILE]`.

Priors of five sizes learn from five amounts of samples of photographs, and foretell photographs that none of them has
seen. The law is fitted to the 25 of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from netgen.errors import exit_code_of
from netgen.priors.pixel_prior import remaining_bits, samples_of, trained_prior
from netgen.rng import generator_from
from netgen.semantics.scaling_law import ScalingLaw, fit_scaling_law
from netgen.training.photographs import held_out_photographs, packaged_photographs

WIDTHS = (4, 8, 16, 32, 64)
EXAMPLES = (2**11, 2**13, 2**15, 2**17, 2**19)

_STEPS = 3000
_TOLD_SAMPLES = 2**17


@dataclass(frozen=True, slots=True)
class MeasuredPrior:
    """One prior: its parameters, the samples it learned from, and the bits that it leaves open of a new one."""

    parameters: int
    examples: int
    remaining_bits: float


def measured_priors(
    seed: int,
    tell: Callable[[str], None],
    *,
    widths: Sequence[int] = WIDTHS,
    examples: Sequence[int] = EXAMPLES,
    steps: int = _STEPS,
) -> list[MeasuredPrior]:
    """Train and measure every size on every amount of data.

    Parameters
    ----------
    seed : int
    tell : callable                 Told a line per prior.
    widths, examples, steps         What is trained, and how long.

    Raises
    ------
    MissingDependencyError          A package that carries photographs is not installed.
    """
    draws = generator_from(seed, 0)
    learned = samples_of([one.luma for one in packaged_photographs()], max(examples), draws)
    unseen = samples_of([one.luma for one in held_out_photographs()], _TOLD_SAMPLES, draws)
    found = []
    for count in examples:
        for width in widths:
            prior = trained_prior(
                width,
                learned[0][:count],
                learned[1][:count],
                steps=steps,
                draws=generator_from(seed, 1, count, width),
            )
            one = MeasuredPrior(prior.parameters_count, count, remaining_bits(prior, *unseen))
            tell(f"{one.parameters} parameters, {count} samples: {one.remaining_bits:.4f} bit a sample")
            found.append(one)
    return found


def table(priors: Sequence[MeasuredPrior], law: ScalingLaw) -> str:
    """Write what the priors leave open, and the law, as Markdown."""
    sizes = sorted({one.parameters for one in priors})
    amounts = sorted({one.examples for one in priors})
    bits = {(one.parameters, one.examples): one.remaining_bits for one in priors}
    lines = ["| samples learned from | " + " | ".join(f"{size:,} parameters" for size in sizes) + " |"]
    lines.append("| --: |" + " --: |" * len(sizes))
    for count in amounts:
        lines.append(f"| {count:,} | " + " | ".join(f"{bits[size, count]:.3f}" for size in sizes) + " |")
    size_low, size_high = law.size_exponent_interval
    data_low, data_high = law.data_exponent_interval
    lines += [
        "",
        f"H(X given K) = {law.floor_bits:.3f} + {law.size_scale:.3g} N^-{law.size_exponent:.2f} + {law.data_scale:.3g} "
        f"D^-{law.data_exponent:.2f} bit a sample; exponents of size [{size_low:.2f}, {size_high:.2f}] and of data "
        f"[{data_low:.2f}, {data_high:.2f}]; relative error of the fit {law.rms_error:.2%}, of priors that were left "
        f"out {law.left_out_rms_error:.2%}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, fit and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of samples, weights and batches (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every prior and the law")
    options = parser.parse_args()
    torch.set_num_threads(1)
    priors = measured_priors(options.seed, lambda line: print(line, file=sys.stderr, flush=True))
    law = fit_scaling_law(
        [one.parameters for one in priors],
        [one.examples for one in priors],
        [one.remaining_bits for one in priors],
        generator_from(options.seed, 2),
    )
    sys.stdout.write(table(priors, law))
    if options.json:
        made = {"priors": [asdict(one) for one in priors], "law": asdict(law)}
        options.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))

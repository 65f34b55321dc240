"""Measures how bad what actions show of labelled scenes is, what raters say of it, and what a rating takes.

python -m netgen.appraisal.measuring --scenes 80 --seed 3 --out netgen/rating/ratings.jsonl

Simulations take what it writes by `evaluations:` of a scenario. With `--large-model FOLDER` a multimodal large model
rates as well.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from netgen.actions.contract import KnobTarget, Placement, VideoAction
from netgen.calibration.machine import device_used
from netgen.catalogue.loading import find_action
from netgen.errors import InputError, NetgenError
from netgen.generative.measured_rows import device_label
from netgen.labelled.delivered import FEWEST_SCENES
from netgen.labelled.describing import LEVELS as DESCRIPTIONS
from netgen.labelled.describing import USUAL, DescribeSceneAction, meaning_of, message_of
from netgen.labelled.drawing import FRAMES, SIDE_PX
from netgen.labelled.information import kept_meaning
from netgen.labelled.meaning import Meaning
from netgen.labelled.reading import READER, reader_digest
from netgen.media.yuv_clip import YuvClip
from netgen.models.threads import limit_threads
from netgen.models.weights import weights_bytes
from netgen.rating.dimensions import BAD, DIMENSIONS, Readings, Truth, measured
from netgen.rating.distortions import drawn_scene
from netgen.rating.large_model import LargeModel
from netgen.rating.measured import SOURCE
from netgen.rating.rater import RATER, Knows, rate, rater_digest
from netgen.rating.script import Script, script_of
from netgen.rating.seeing import Seen, seen
from netgen.rng import generator_from
from netgen.semantics.shares import Share

Row = dict[str, Any]
Told = Callable[[str], None]

CODECS = ("x265", "svtav1-half", "svtav1-quarter", "svtav1-drop4")
"""Whose expansion is known frame by frame, so that what they show is known exactly but for what is illegible."""
_KNOBS: Mapping[str, tuple[float, ...]] = {
    "x265": (20, 28, 36, 44, 51),
    "svtav1-half": (20, 35, 50, 60, 70),
    "svtav1-quarter": (20, 35, 50, 60, 70),
    "svtav1-drop4": (35, 60),
}
LARGE = "large"
_TIMED_BY_LARGE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A labelled scene to measure on."""

    meaning: Meaning
    script: Script
    clip: YuvClip
    seen: Seen


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """What one setting showed of one scene: its bits, the truth, what is read of it, and scores by rater."""

    bits: int
    truth: Truth
    read: Meaning
    scores: Mapping[str, float]


class Bench:
    """Raters, and the scenes that they rate.

    Parameters
    ----------
    scenes, seed : int              Scene n of a seed is the same whatever their number.
    large : LargeModel or None      Another rater.
    """

    def __init__(self, scenes: int, seed: int, large: LargeModel | None) -> None:
        self.seed, self.large = seed, large
        self.scenes = tuple(_scene(seed, number) for number in range(scenes))

    def rated(self, scene: Scene, script: Script, shown: YuvClip, drawn: Meaning, bits: int) -> Rated:
        """Measure and rate what is shown of a scene; `drawn` is what the reader makes of the script as drawn."""
        looked = scene.seen if shown is scene.clip else seen(shown)
        truth = measured(scene.meaning, script, Readings(scene.seen.read, drawn, looked.read))
        scores = {
            knows.value: rate(looked, knows, stated=scene.seen.read, source=scene.seen)["utility"].score
            for knows in Knows
        }
        if self.large is not None:
            scores[LARGE] = self.large.rate(shown).score
        return Rated(bits, truth, looked.read, scores)

    def of_source(self) -> Iterator[Rated]:
        """Rate the scenes as they are."""
        for scene in self.scenes:
            yield self.rated(scene, scene.script, scene.clip, scene.seen.read, 0)

    def of_codec(self, action: VideoAction, value: float) -> Iterator[Rated]:
        """Rate what a codec shows; one that drops frames repeats those before them."""
        every = int(action.values.get("keep_every", 1))
        for scene in self.scenes:
            script = _repeated(scene.script, every)
            contracted = action.contract(scene.clip, KnobTarget(value))
            shown = action.expand(contracted)
            drawn = scene.seen.read if every == 1 else seen(script.drawn()).read
            yield self.rated(scene, script, shown, drawn, contracted.bits)

    def of_description(self, labels: int) -> Iterator[Rated]:
        """Rate scenes that are drawn anew from so many of their labels, as the sender's reader reads them."""
        action = DescribeSceneAction()
        for scene in self.scenes:
            contracted = action.contract(scene.clip, KnobTarget(labels))
            shown = action.expand(contracted)
            script = script_of(meaning_of(contracted.parts[0].payload), USUAL)
            yield self.rated(scene, script, shown, seen(shown).read, contracted.bits)

    def row(self, variant: str, knob: str, value: float, ratings: Iterator[Rated]) -> Row:
        """Return the line of one setting."""
        rated = list(ratings)
        pixels = SIDE_PX**2 * FRAMES * len(rated)
        true = [one.meaning for one in self.scenes]
        kept = kept_meaning(true, [one.read for one in rated], generator_from(self.seed, len(true)))
        return {
            "kind": "ratings",
            "variant": variant,
            "knob": knob,
            "value": value,
            "bits_per_pixel": round(sum(one.bits for one in rated) / pixels, 8),
            "semantic_fidelity": [round(one, 4) for one in (kept.fidelity, kept.low, kept.high)],
            "levels": [one.truth.levels()[-1] for one in rated],
            **{name: [round(getattr(one.truth, name), 3) for one in rated] for name in DIMENSIONS},
            "scores": {name: [round(one.scores[name], 3) for one in rated] for name in rated[0].scores},
        }


def measured_rows(bench: Bench, told: Told) -> Iterator[Row]:
    """Yield the rows of all actions at their settings."""
    yield bench.row(SOURCE, "", 0.0, bench.of_source())
    for name in CODECS:
        action = find_action(name)
        for value in _KNOBS[name]:
            told(f"{name} at {action.knob.name} {value:g}")
            yield bench.row(name, action.knob.name, value, bench.of_codec(action, value))
    for labels in range(1, DESCRIPTIONS + 1):
        told(f"{DescribeSceneAction.name} of {labels} labels")
        yield bench.row(DescribeSceneAction.name, "labels", labels, bench.of_description(labels))


def cost_rows(bench: Bench) -> Iterator[Row]:
    """Yield what a rating takes, by rater: median time over scenes on one thread, operations, and weights."""
    used = device_used(Placement(), learned=False)
    shared = {
        "kind": "cost",
        "frames": FRAMES,
        "pixels": SIDE_PX**2,
        "device": device_label({"name": used.name, "cores": used.cores, "kind": used.kind}),
    }
    bits = round(statistics.fmean(8 * len(message_of(one.seen.read, DESCRIPTIONS)) for one in bench.scenes))
    for knows in Knows:
        _rate_alone(bench.scenes[0], knows)
        seconds = statistics.median(_timed(partial(_rate_alone, one, knows)) for one in bench.scenes)
        with FlopCounterMode(display=False) as counter:
            _rate_alone(bench.scenes[0], knows)
        yield shared | {
            "rater": knows.value,
            "needs": knows.value,
            "seconds": round(seconds, 6),
            "flops": counter.get_total_flops(),
            "memory_bytes": weights_bytes(READER) + weights_bytes(RATER),
            "description_bits": bits if knows is Knows.DESCRIPTION else 0,
            "reader_sha256": reader_digest(),
            "rater_sha256": rater_digest(),
        }
    if bench.large is not None:
        clips = [one.clip for one in bench.scenes[:_TIMED_BY_LARGE]]
        bench.large.rate(clips[0])
        yield shared | {
            "rater": LARGE,
            "needs": "nothing",
            "seconds": round(statistics.median(_timed(partial(bench.large.rate, one)) for one in clips), 6),
            "flops": None,
            "memory_bytes": bench.large.weights_bytes,
            "description_bits": 0,
            "model": bench.large.name,
        }


def table(path: Path) -> str:
    """Return what a file of ratings says of every setting, and what a rating takes, as Markdown."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    costs, points = ([row for row in rows if row["kind"] == kind] for kind in ("cost", "ratings"))
    raters = [row["rater"] for row in costs]
    heads = " | ".join(f"mean score, {one}" for one in raters)
    lines = [
        f"| action | setting | rate [bpp] | kept meaning | bad | {heads} |",
        "| --- | --- |" + " --: |" * (3 + len(raters)),
    ]
    for row in points:
        levels = np.array(row["levels"])
        bad = Share(int((levels <= BAD).sum()), len(levels))
        means = " | ".join(f"{np.mean(row['scores'][one]):.2f}" for one in raters)
        setting = f"{row['knob']} {row['value']:g}" if row["knob"] else "-"
        lines.append(
            f"| `{row['variant']}` | {setting} | {row['bits_per_pixel']:.3g} | {row['semantic_fidelity'][0]:.3f} | "
            f"{bad.value:.3f} [{bad.interval[0]:.3f}, {bad.interval[1]:.3f}] | {means} |"
        )
    lines += [
        "",
        "| the rater knows | time for a second of video [ms] | operations [GFLOP] | description [bit] |",
    ]
    lines += ["| --- | --: | --: | --: |"]
    for row in costs:
        flops = "-" if row["flops"] is None else f"{row['flops'] / 1e9:.2f}"
        lines.append(
            f"| {row['rater']} | {1000 * row['seconds']:.1f} | {flops} | {row['description_bits'] or '-'} |"
        )
    date, device = costs[0]["date"], costs[0]["device"]
    return "\n".join(lines) + f"\n\nMeasured on {device} (time of the processor, one thread), {date}.\n"


def _scene(seed: int, number: int) -> Scene:
    meaning, circumstances = drawn_scene(generator_from(seed, number))
    script = script_of(meaning, circumstances)
    clip = script.drawn()
    return Scene(meaning, script, clip, seen(clip))


def _repeated(script: Script, every: int) -> Script:
    """Return a script of which every n-th frame and the last are kept, and shown until the next."""
    if every == 1:
        return script
    numbers = np.arange(FRAMES) // every * every
    numbers[-1] = FRAMES - 1
    return replace(script, stills=tuple(script.stills[number] for number in numbers))


def _rate_alone(scene: Scene, knows: Knows) -> None:
    """Do all that a rating takes: look at what is shown, and at the source where it is at hand."""
    looked = seen(scene.clip)
    source = seen(scene.clip) if knows is Knows.SOURCE else None
    rate(looked, knows, stated=scene.seen.read, source=source)


def _timed(work: Callable[[], object]) -> float:
    """Return the processor's time, which is the wall's on a core of its own, and near it on a shared one."""
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and write a file of ratings."""
    parser = argparse.ArgumentParser(prog="python -m netgen.appraisal.measuring", description=__doc__)
    parser.add_argument("--scenes", type=int, default=80, help="scenes (default: 80)")
    parser.add_argument("--seed", type=int, default=3, help="where they are drawn from (default: 3)")
    parser.add_argument(
        "--large-model", type=Path, help="folder of a multimodal large model, which rates as well"
    )
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    limit_threads(1)
    command = f"python -m netgen.appraisal.measuring --scenes {options.scenes} --seed {options.seed}" + (
        " --large-model FOLDER" if options.large_model else ""
    )
    origin = {
        "scenes": {"count": options.scenes, "seed": options.seed},
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
    }
    try:
        if options.scenes < FEWEST_SCENES:
            raise InputError(
                f"{options.scenes} scenes; at least {FEWEST_SCENES} are needed for every label to occur"
            )
        if options.seed < 0:
            raise InputError(f"--seed must be at least 0, got {options.seed}")
        if not options.out.absolute().parent.is_dir():
            raise InputError(f"{options.out}: there is no folder to write it to")
        large = None if options.large_model is None else LargeModel(options.large_model)
        bench = Bench(options.scenes, options.seed, large)
        rows = [
            *cost_rows(bench),
            *measured_rows(bench, lambda line: print(line, file=sys.stderr, flush=True)),
        ]
    except NetgenError as error:
        print(error, file=sys.stderr)
        return 2
    lines = [json.dumps(row | origin, separators=(",", ":"), allow_nan=False) for row in rows]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

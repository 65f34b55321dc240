"""How well the shipped rater rates distorted scenes that it did not learn from.

python -m netgen.appraisal.held_out --scenes 250 --seed 101
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from netgen.errors import InputError, NetgenError
from netgen.models.threads import limit_threads
from netgen.rating.detection import (
    confusion,
    detection_at,
    detection_at_false_alarms,
    rank_correlation,
    roc_area,
)
from netgen.rating.dimensions import BAD, RATED, Readings, measured
from netgen.rating.distortions import SHARES, drawn_distortion, drawn_scene
from netgen.rating.rater import Knows, Rating, rate
from netgen.rating.script import script_of
from netgen.rating.seeing import seen
from netgen.rng import generator_from
from netgen.semantics.shares import Share

SHOWN_PER_SCENE = 2
FALSE_ALARMS = (0.01, 0.05, 0.1, 0.2)
ALARM = 2.5
"""Scores up to it are an alarm: nearer to poor than to fair."""

Found = dict[str, Any]
"""`kinds`: what was done to each; `levels`: true ones of each of `RATED`; `scores` and `rated` (levels): the same, by
what the rater knows."""


def held_out(scenes: int, seed: int) -> Found:
    """Draw scenes, distort each twice, and rate what is shown.

    Raises
    ------
    InputError                          Fewer than one scene, or a seed below 0; names which.
    """
    if scenes < 1:
        raise InputError(f"--scenes must be at least 1, got {scenes}")
    if seed < 0:
        raise InputError(f"--seed must be at least 0, got {seed}")
    rows = [row for number in range(scenes) for row in _rows(generator_from(seed, number))]
    return {
        "scenes": scenes,
        "seed": seed,
        "kinds": [kind for kind, _, _ in rows],
        "levels": [list(levels) for _, levels, _ in rows],
        "scores": {
            one: [[round(got[one][name].score, 4) for name in RATED] for *_, got in rows] for one in Knows
        },
        "rated": {one: [[got[one][name].level for name in RATED] for *_, got in rows] for one in Knows},
    }


def _rows(rng: np.random.Generator) -> Iterator[tuple[str, tuple[int, ...], dict[Knows, dict[str, Rating]]]]:
    meaning, circumstances = drawn_scene(rng)
    source = seen(script_of(meaning, circumstances).drawn())
    for _ in range(SHOWN_PER_SCENE):
        one = drawn_distortion(meaning, circumstances, rng)
        looked = seen(one.clip)
        drawn = looked if one.clip is one.drawn else seen(one.drawn)
        truth = measured(meaning, one.script, Readings(source.read, drawn.read, looked.read))
        yield (
            one.kind,
            truth.levels(),
            {knows: rate(looked, knows, stated=source.read, source=source) for knows in Knows},
        )


def table(found: Found) -> str:
    """Return the tables, as Markdown."""
    levels = np.array(found["levels"])
    count, bad = len(levels), int((levels[:, -1] <= BAD).sum())
    first = f"{count} shown scenes, {bad} of them bad (`--scenes {found['scenes']} --seed {found['seed']}`)."
    parts = (
        _detection(found, levels),
        _kinds(found, levels),
        _agreement(found, levels),
        _confusions(found, levels),
    )
    return "\n".join([first, *("\n" + "\n".join(part) for part in parts)]) + "\n"


def _detection(found: Found, levels: NDArray[np.int64]) -> list[str]:
    heads = [f"found at {rate:.0%} false alarms" for rate in FALSE_ALARMS]
    lines = [
        f"| the rater knows | ROC area | {' | '.join(heads)} | found by scores up to {ALARM} | false alarms then |",
        "| --- | --: |" + " --: |" * (len(FALSE_ALARMS) + 2),
    ]
    for knows in Knows:
        scores = _scores(found, knows)
        at = [_told(detection_at_false_alarms(scores, levels[:, -1], rate).detected) for rate in FALSE_ALARMS]
        alarm = detection_at(scores, levels[:, -1], ALARM)
        cells = [
            f"{roc_area(scores, levels[:, -1]):.3f}",
            *at,
            _told(alarm.detected),
            _told(alarm.false_alarms),
        ]
        lines.append(f"| {knows.value} | {' | '.join(cells)} |")
    return lines


def _kinds(found: Found, levels: NDArray[np.int64]) -> list[str]:
    lines = [
        f"| what was done | shown | bad | {' | '.join(f'found knowing {knows.value}' for knows in Knows)} |",
        "| --- | --: | --: |" + " --: |" * len(Knows),
    ]
    for kind in SHARES:
        mine = np.array(found["kinds"]) == kind
        true = levels[mine, -1]
        detected = [_told(detection_at(_scores(found, knows)[mine], true, ALARM).detected) for knows in Knows]
        lines.append(f"| {kind} | {int(mine.sum())} | {int((true <= BAD).sum())} | {' | '.join(detected)} |")
    return lines


def _agreement(found: Found, levels: NDArray[np.int64]) -> list[str]:
    lines = [
        "| the rater knows | rated | exact level | within one level | rank correlation of the score |",
        "| --- | --- | --: | --: | --: |",
    ]
    for knows in Knows:
        for column, name in enumerate(RATED):
            off = np.abs(np.array(found["rated"][knows])[:, column] - levels[:, column])
            exact, near = (_told(Share(int((off <= reach).sum()), len(off))) for reach in (0, 1))
            correlation = rank_correlation(
                _scores(found, knows, column), levels[:, column].astype(np.float64)
            )
            lines.append(f"| {knows.value} | {name} | {exact} | {near} | {correlation:.3f} |")
    return lines


def _confusions(found: Found, levels: NDArray[np.int64]) -> list[str]:
    lines = [
        "| the rater knows | true level | rated 1 | rated 2 | rated 3 | rated 4 | rated 5 |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for knows in Knows:
        counts = confusion(levels[:, -1], np.array(found["rated"][knows])[:, -1])
        for level, row in enumerate(counts, start=1):
            lines.append(f"| {knows.value} | {level} | {' | '.join(str(one) for one in row)} |")
    return lines


def _scores(found: Found, knows: Knows, column: int = -1) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = np.array(found["scores"][knows])[:, column]
    return scores


def _told(share: Share) -> str:
    if not share.of:
        return "-"
    low, high = share.interval
    return f"{share.value:.3f} [{low:.3f}, {high:.3f}]"


def main(words: Sequence[str] | None = None) -> int:
    """Print the tables, or write the figures."""
    parser = argparse.ArgumentParser(prog="python -m netgen.appraisal.held_out", description=__doc__)
    parser.add_argument("--scenes", type=int, default=250, help="scenes (default: 250)")
    parser.add_argument("--seed", type=int, default=101, help="where they are drawn from (default: 101)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures of every scene to a file"
    )
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    limit_threads(1)
    try:
        found = held_out(options.scenes, options.seed)
    except NetgenError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json is not None:
        options.json.write_text(json.dumps(found) + "\n", encoding="utf-8")
    sys.stdout.write(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

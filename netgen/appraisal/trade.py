"""What evaluation costs and what it finds, for several ways to do it in one scenario.

python -m netgen.appraisal.trade scenarios/utility_evaluation.yaml
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netgen.errors import InputError, NetgenError
from netgen.run import run
from netgen.scenario import load_scenario

PLACES: Mapping[str, tuple[str, str]] = {
    "at the edge, knowing nothing": ("edge", "nothing"),
    "at the edge, with the description": ("edge", "description"),
    "in the cloud, with the source": ("cloud", "source"),
}
"""Which node of the scenario rates, and what it knows."""
WHEN = ("adaptive", "always")


def trade(path: Path) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Run a scenario for every place and trigger, on the same world.

    Returns
    -------
    list                                When, where, the figures of the evaluation, and of the whole run.

    Raises
    ------
    InputError                          The scenario does not have one evaluation, or no node `edge` or `cloud`.
    """
    scenario = load_scenario(path)
    if len(scenario.evaluations) != 1:
        raise InputError(f"{path}: has {len(scenario.evaluations)} evaluations; the trade is of one")
    (name,) = scenario.evaluations
    ways = [("never", "", "when=never")]
    for when in WHEN:
        for place, (node, rater) in PLACES.items():
            if node not in scenario.nodes:
                raise InputError(f"{path}: has no node {node}, where the trade has segments rated")
            # A scenario's own adaptive trigger is kept with its figures.
            chosen = "" if when == scenario.evaluations[name].when.kind else f" when={when}"
            ways.append((when, place, f"at={node} rater={rater}{chosen}"))
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (when, place, words) in enumerate(ways):
            overrides = [f"evaluations.{name}.{word}" for word in words.split()]
            summary = run(path, overrides=overrides, out=Path(folder) / str(number)).summary
            found.append((when, place, summary["evaluations"][name], summary))
    return found


def table(found: Sequence[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]) -> str:
    """Return the table, as Markdown."""
    lines = [
        "| rated | where | rated segments | GPU time [s] | energy [J] | bits to rate [Mbit] | added delay [ms] "
        "| bad ones found | false alarms | bad of what is shown | in time, of all users | late or lost |",
        "| --- | --- |" + " --: |" * 10,
    ]
    for when, place, figures, summary in found:
        energy = figures["energy_joule"]
        cells = (
            when,
            place or "-",
            f"{figures['rated']} of {figures['segments']}",
            f"{figures['gpu_seconds']:.3f}",
            "-" if energy is None else f"{energy:.2f}",
            f"{figures['sent_bits'] / 1e6:.2f}",
            f"{1000 * figures['delay_mean_s']:.0f}",
            _share(figures["detected"]),
            _share(figures["false_alarms"]),
            _share(figures["shown_bad"]),
            f"{summary['segments_delivered']:,}",
            f"{summary['segments_late'] + summary['segments_lost']:,}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _share(found: Mapping[str, Any]) -> str:
    if found["share"] is None:
        return "-"
    return f"{found['share']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def main(words: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m netgen.appraisal.trade", description=__doc__)
    parser.add_argument(
        "scenario", type=Path, help="a scenario with one evaluation, and nodes edge and cloud"
    )
    options = parser.parse_args(words)
    try:
        sys.stdout.write(table(trade(options.scenario)))
    except NetgenError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measures how far live runs lie from their profiles: the same scenario both ways, clip by clip.

Usage: live_table.py [--clips NAME ...] [--actions NAME ...] [--json FILE]

A profile is made of the shipped calibration records of one clip alone: its first three seconds. The whole clip is then
sent through a network whose first node contracts and whose second expands, by profile and live, with the wall time of
every job measured. What leaves the second node is coded again for the last hop, at a rate that hides nothing. The first
three segments are those that were calibrated; the ones after them were not, so for them the profile is a prediction, at
a rate between two that were measured. No network was trained on any of the clips. `docs/build.py --live` puts the table
into docs/generative-actions.md.

Machines are shared and their speed drifts, by more than what is looked for here. So besides the profile's times, the
action is timed as calibration does it right before and right after each live run, and every live time is compared with
the mean of both for the same segment. How far the two lie from each other says what the machine itself allows.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from netgen.actions.contract import Placement, RateTarget
from netgen.calibration.machine import processor_name
from netgen.catalogue.loading import find_action
from netgen.generative.device import canonical_name
from netgen.generative.measured_rows import device_label
from netgen.generative.profile import read_measured
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import YuvClip, clip_from_file
from netgen.models.allocation import keep_freed_memory
from netgen.models.precision import AUTO
from netgen.models.threads import limit_threads
from netgen.policy import Decision, NodeView, RelayPolicy
from netgen.report.rate_quality import shipped_records
from netgen.run import run

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ("portrait", "coffee-pan", "wall-balls", "corridor-drive")
ACTIONS = (
    "x265-half", "svtav1", "svtav1-mci2", "restore-half", "restore-quarter", "interpolate-2", "guided", "layout",
    "choose-learned",
)  # fmt: skip
CALIBRATED = 3
"""Segments of a clip that calibration measured."""

BITS, TIME, PSNR_DB, MS_SSIM = 0.10, 0.10, 0.5, 0.01
"""What is asked for: bits and times within a tenth, PSNR within half a decibel, MS-SSIM within a hundredth."""

Times = Mapping[str, Sequence[float]]
"""Seconds of every segment by direction."""

AFTERWARDS_S = 60
"""Time for the last segments to arrive."""

SCENARIO = """
name: live-against-profile
seed: 1
duration: {end_s} s
fidelity: {fidelity}
live: {{time: measured}}
nodes:
  A: {{kind: edge, gpu: {{device: {device}, streams: 16}}}}
  B: {{kind: edge, gpu: {{device: {device}, streams: 16}}}}
  H: terminal
links:
  A -> B: {{capacity: 50 Mbit/s, delay: 1 ms}}
  B -> H: {{capacity: 500 Mbit/s, delay: 1 ms, queue: 100 MB}}
contents:
  clip: {{kind: file, path: "{path}", class: {content_class}, segment: 1 s, semantic_bits: 20}}
actions:
  contracted: {{profile: "{profile}:{action}", bits_per_pixel: {bits_per_pixel}, expanded_rate: 40 Mbit/s}}
policies:
  always: {{use: "{program}:ContractsThenExpands"}}
services:
  show: {{content: clip, from: A, to: H, policy: always, stop: {duration_s} s, deadline: 600 s}}
"""


class ContractsThenExpands(RelayPolicy):
    """Contracts every segment at the first node by the only action there is, and expands it at the second."""

    name = "contracts-then-expands"

    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:  # noqa: ARG002
        """Expand what was contracted, and contract what is whole at its first node."""
        if view.expansion is not None:
            return view.expansion.decision
        if view.node == "A" and view.contractions:
            return view.contractions[0].decision
        return view.forward.decision


@dataclass(frozen=True, slots=True)
class Difference:
    """Live against profile, over some segments of a clip.

    Parameters
    ----------
    clip, action : str
    held_out : bool                 Whether the segments were not calibrated.
    segments : int
    bits, contract, expand : float  Live over profile: sums of bits, medians of times.
    contract_timed, expand_timed : float    Live over what was timed right before and after: medians over segments.
    contract_machine, expand_machine : float    What was timed after over what was timed before: the same medians.
    psnr_db, ms_ssim : float or None    Live less profile, means; None where the profile has none.
    in_interval : bool              Whether the mean fidelity lies in the profile's interval.
    """

    clip: str
    action: str
    held_out: bool
    segments: int
    bits: float
    contract: float
    expand: float
    contract_timed: float
    expand_timed: float
    contract_machine: float
    expand_machine: float
    psnr_db: float
    ms_ssim: float | None
    in_interval: bool


def measure(clips: Sequence[str], actions: Sequence[str]) -> list[Difference]:
    """Run every pair both ways; raises SystemExit on another machine than the one that calibrated."""
    device = canonical_name(f"{processor_name()}, {os.cpu_count()} cores")
    calibrated = {device_label(record["device"]) for record in shipped_records()}
    if calibrated != {device}:
        raise SystemExit(f"live_table: profiles of {', '.join(sorted(calibrated))}, but this is {device}")
    listing = {
        Path(clip["file"]).stem: clip
        for clip in json.loads((ROOT / "scenarios/clips/clips.json").read_text(encoding="utf-8"))["clips"]
    }
    found = []
    for clip in clips:
        for action in actions:
            with tempfile.TemporaryDirectory() as folder:
                found += _compared(clip, listing[clip], action, device, Path(folder))
            sys.stderr.write(f"live: {clip}, {action}\n")
    return found


def _compared(
    clip: str, listed: Mapping[str, Any], action: str, device: str, folder: Path
) -> list[Difference]:
    """Run one pair both ways."""
    records = [
        record
        for record in shipped_records()
        if record["profile"] == action and record["content"]["clip"] == clip
    ]
    rates = sorted(record["rate"]["bpp"] for record in records)
    bits_per_pixel = math.sqrt(rates[len(rates) // 2 - 1] * rates[len(rates) // 2])
    profile = folder / "one.jsonl"
    profile.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    tables, length_s = {}, int(listed["frames"] / listed["frame_rate_hz"])
    path = ROOT / "scenarios" / "clips" / listed["file"]
    before = _timed(path, action, bits_per_pixel)
    for fidelity in ("profile", "live"):
        scenario = folder / f"{fidelity}.yaml"
        scenario.write_text(
            SCENARIO.format(
                duration_s=length_s,
                end_s=length_s + AFTERWARDS_S,
                fidelity=fidelity,
                device=device,
                path=path,
                content_class=listed["class"],
                profile=profile.name,
                action=action,
                bits_per_pixel=bits_per_pixel,
                program=Path(__file__),
            ),
            encoding="utf-8",
        )
        folder_of = run(scenario, out=folder / f"run-{fidelity}").folder
        tables[fidelity] = sorted(
            pq.read_table(folder_of / "segments.parquet").to_pylist(), key=lambda row: row["index"]
        )
    timed = (before, _timed(path, action, bits_per_pixel))
    point = read_measured(profile.read_text(encoding="utf-8"), profile.name)[action].at(bits_per_pixel)
    low, high = point.semantic_interval or (0.0, 1.0)
    parts = (
        (
            held_out,
            [(a, b) for a, b in zip(tables["live"], tables["profile"], strict=True) if wanted(a["index"])],
        )
        for held_out, wanted in (
            (False, lambda index: index < CALIBRATED),
            (True, lambda index: index >= CALIBRATED),
        )
    )
    return [
        _difference(clip, action, held_out, pairs, timed, (low, high)) for held_out, pairs in parts if pairs
    ]


def _timed(path: Path, name: str, bits_per_pixel: float) -> Times:
    """Seconds of every segment in each direction, in this process, after one call that is not counted."""
    action = find_action(name)
    action.place(action.placement_for(Placement(precision=AUTO)))
    keep_freed_memory()  # as a worker of a live run does
    segments = _segments(path)
    times_s: dict[str, list[float]] = {"contract": [], "expand": []}
    for segment in (segments[0], *segments):
        limit_threads(1)
        began_s = time.perf_counter()
        made = action.contract(segment, RateTarget(bits_per_pixel))
        between_s = time.perf_counter()
        action.expand(made)
        times_s["contract"].append(between_s - began_s)
        times_s["expand"].append(time.perf_counter() - between_s)
    return {direction: found[1:] for direction, found in times_s.items()}


def _segments(path: Path) -> list[YuvClip]:
    """All whole seconds of a clip."""
    report = measure_video_file(path)
    per_second = round(report.frame_rate_hz)
    clip = clip_from_file(path, most_frames=report.frames, frame_rate_hz=report.frame_rate_hz)
    return [
        YuvClip(clip.planes[begin : begin + per_second], clip.frame_rate_hz)
        for begin in range(0, clip.frames - per_second + 1, per_second)
    ]


def _difference(
    clip: str,
    action: str,
    held_out: bool,
    pairs: Sequence[tuple[Any, Any]],
    timed: tuple[Times, Times],
    interval: tuple[float, float],
) -> Difference:
    """Sum some segments up."""
    live, profile = [one for one, _ in pairs], [other for _, other in pairs]
    ms_ssim = None
    if all(row["ms_ssim"] is not None for row in (*live, *profile)):
        ms_ssim = _mean(live, "ms_ssim") - _mean(profile, "ms_ssim")
    return Difference(
        clip=clip,
        action=action,
        held_out=held_out,
        segments=len(pairs),
        bits=_contracted_bits(live) / _contracted_bits(profile),
        contract=_times(live, "contract") / _times(profile, "contract"),
        expand=_times(live, "expand") / _times(profile, "expand"),
        **_against(live, timed),
        psnr_db=_mean(live, "psnr_db") - _mean(profile, "psnr_db"),
        ms_ssim=ms_ssim,
        in_interval=interval[0] <= _mean(live, "measured_fidelity") <= interval[1],
    )


def _mean(rows: Sequence[Mapping[str, Any]], key: str) -> float:
    return statistics.fmean(row[key] for row in rows)


def _contracted_bits(rows: Sequence[Mapping[str, Any]]) -> int:
    """Bits that contractions made."""
    return sum(stage["bits"] for row in rows for stage in row["stages"] if stage["kind"] == "contract")


def _times(rows: Sequence[Mapping[str, Any]], kind: str) -> float:
    """Sum of the durations of a stage; actions that choose take very different times for different segments."""
    return sum(_time(row, kind) for row in rows)


def _time(row: Mapping[str, Any], kind: str) -> float:
    """Duration of a stage of a segment."""
    return float(sum(stage["end_s"] - stage["start_s"] for stage in row["stages"] if stage["kind"] == kind))


def _against(live: Sequence[Mapping[str, Any]], timed: tuple[Times, Times]) -> dict[str, float]:
    """Live times against those of the same segments before and after, and those against each other."""
    found = {}
    for kind in ("contract", "expand"):
        before, after = ([times[kind][row["index"]] for row in live] for times in timed)
        ratios = [2 * _time(row, kind) / (a + b) for row, a, b in zip(live, before, after, strict=True)]
        found[f"{kind}_timed"] = statistics.median(ratios)
        found[f"{kind}_machine"] = statistics.median(b / a for a, b in zip(before, after, strict=True))
    return found


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The differences as Markdown: within what is asked for first, then every pair."""
    found = [Difference(**row) for row in rows]
    lines = [
        "| segments | pairs | bits within 10 % | times within 10 % | times after within 10 % of before | "
        "PSNR within 0.5 dB | MS-SSIM within 0.01 | semantic estimate in its interval |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for held_out, words in ((False, "calibrated (first three seconds)"), (True, "held out (the rest)")):
        own = [one for one in found if one.held_out is held_out]
        if own:
            lines.append(f"| {words} | {len(own)} | {' | '.join(_within(own))} |")
    lines += [
        "",
        "| clip | action | segments | bits | contract / profile | expand / profile | contract / timed | "
        "expand / timed | PSNR [dB] | MS-SSIM | semantic |",
        "| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: | --- |",
    ]
    for one in found:
        ms_ssim = "-" if one.ms_ssim is None else f"{one.ms_ssim:+.4f}"
        lines.append(
            f"| {one.clip} | `{one.action}` | {'held out' if one.held_out else 'calibrated'} ({one.segments}) | "
            f"{one.bits:.3f} | {one.contract:.2f} | {one.expand:.2f} | {one.contract_timed:.2f} | "
            f"{one.expand_timed:.2f} | {one.psnr_db:+.2f} | {ms_ssim} | "
            f"{'inside' if one.in_interval else 'OUTSIDE'} |"
        )
    return "\n".join(lines) + "\n"


def _share(ratios: Sequence[float]) -> str:
    """How many ratios are within what is asked for."""
    return f"{sum(abs(ratio - 1) <= TIME for ratio in ratios)} of {len(ratios)}"


def _within(found: Sequence[Difference]) -> list[str]:
    """How many pairs are within what is asked for."""
    with_ms_ssim = [one for one in found if one.ms_ssim is not None]
    return [
        f"{sum(abs(one.bits - 1) <= BITS for one in found)}",
        _share([ratio for one in found for ratio in (one.contract_timed, one.expand_timed)]),
        _share([ratio for one in found for ratio in (one.contract_machine, one.expand_machine)]),
        f"{sum(abs(one.psnr_db) <= PSNR_DB for one in found)}",
        f"{sum(abs(one.ms_ssim or 0.0) <= MS_SSIM for one in with_ms_ssim)} of {len(with_ms_ssim)}",
        f"{sum(one.in_interval for one in found)}",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare live runs with their profiles.")
    parser.add_argument("--clips", nargs="+", default=CLIPS, help="names of shipped clips")
    parser.add_argument("--actions", nargs="+", default=ACTIONS, help="variants")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    options = parser.parse_args()
    found = [asdict(one) for one in measure(options.clips, options.actions)]
    print(table(found))
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Measures the speed of the shipped actions on this machine: `bench_actions.py [--json FILE] [--rounds N]`.

Frames of 256 x 256 at 25 Hz from a shipped clip, in segments of one second; every time is the median of some rounds.
Shares of the peak are against a product of matrices that torch computes in the same process and precision.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from netgen.actions.coded_stream import resized
from netgen.actions.contract import KnobTarget, Placement, VideoAction
from netgen.actions.contracted_video import ContractedVideo
from netgen.calibration.machine import matmul_flops_per_s, processor_name
from netgen.catalogue.loading import find_action
from netgen.catalogue.variants import VARIANTS
from netgen.live.work import ActionReference, Expansion, Failure
from netgen.live.workshop import Workshop
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import YuvClip, clip_from_file
from netgen.models.allocation import keep_freed_memory
from netgen.models.precision import AUTO, chosen_precision
from netgen.models.threads import limit_threads

CLIP = Path(__file__).resolve().parents[2] / "scenarios" / "clips" / "portrait.mkv"
SIDE_PX, FRAMES, RATE_HZ = 256, 25, 25
BATCHES = (1, 2, 4, 8, 25)
BATCHED = ("restore-half", "interpolate-2")
SEGMENTS = 6
"""Segments that workers share."""


def source() -> YuvClip:
    """Return one second of the clip, 256 x 256."""
    rate_hz = measure_video_file(CLIP).frame_rate_hz
    return resized(clip_from_file(CLIP, most_frames=FRAMES, frame_rate_hz=rate_hz), SIDE_PX, SIDE_PX)


def median_s(call: Callable[[], object], rounds: int) -> float:
    """Return the median wall time of a call, after one that is not counted."""
    call()
    times_s = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        call()
        times_s.append(time.perf_counter() - began_s)
    return statistics.median(times_s)


def expansion_flops(action: VideoAction, contracted: ContractedVideo) -> int:
    """Return the operations of torch in one expansion."""
    with FlopCounterMode(display=False) as counter:
        action.expand(contracted)
    return int(counter.get_total_flops())


def too_small() -> set[str]:
    """Return the variants for which frames of this size are too small."""
    return {name for name, variant in VARIANTS.items() if variant.make().smallest_side_px > SIDE_PX}


def placed(name: str, placement: Placement) -> VideoAction:
    """Return an action, loaded where it should run."""
    action = find_action(name)
    if VARIANTS[name].make().learned:
        action.place(placement)
    action.load()
    return action


def middle_knob(action: VideoAction) -> KnobTarget:
    """Return the knob in the middle of its grid."""
    return KnobTarget(action.knob.grid[len(action.knob.grid) // 2])


def speeds(clip: YuvClip, device: str, rounds: int) -> list[dict[str, object]]:
    """Measure both directions of every action on one thread, and the share of the peak of those with a network."""
    rows: list[dict[str, object]] = []
    native = chosen_precision(AUTO, device)
    for name, variant in VARIANTS.items():
        learned = variant.make().learned
        if name in too_small() or (device != "cpu" and not learned):
            continue
        for precision in dict.fromkeys((native, "float32")) if learned else ("",):
            action = placed(name, Placement(device=device, precision=precision or "float32"))
            knob = middle_knob(action)
            made = action.contract(clip, knob)
            expand_s = median_s(lambda action=action, made=made: action.expand(made), rounds)
            row = {
                "action": name,
                "precision": precision,
                "contract_fps": FRAMES
                / median_s(lambda action=action, knob=knob: action.contract(clip, knob), rounds),
                "expand_fps": FRAMES / expand_s,
            }
            if learned:
                action.take_stages()
                infer_s = []
                for _ in range(rounds):
                    action.expand(made)
                    infer_s.append(
                        next(s for stage, s in action.take_stages().items() if stage == "inference")
                    )
                flops = expansion_flops(action, made)
                row["gflop_per_frame"] = flops / FRAMES / 1e9
                row["peak_share"] = flops / statistics.median(infer_s) / peak(device, precision)
            rows.append(row)
    return rows


def peak(device: str, precision: str) -> float:
    """Return what a product of matrices reaches, operations per second, on one thread."""
    return matmul_flops_per_s(Placement(device=device, precision=precision))


def batching(clip: YuvClip, device: str, rounds: int) -> list[dict[str, object]]:
    """Measure expansion over the number of frames in a batch, and of several segments together."""
    rows: list[dict[str, object]] = []
    for name in BATCHED:
        for batch in BATCHES:
            precision = chosen_precision(AUTO, device)
            action = placed(name, Placement(device=device, precision=precision, batch=batch))
            made = action.contract(clip, middle_knob(action))
            several, seeds = [made] * SEGMENTS, [0] * SEGMENTS
            alone_s = median_s(lambda action=action, made=made: action.expand(made), rounds)
            together_s = median_s(
                lambda action=action, several=several, seeds=seeds: action.expand_many(several, seeds=seeds),
                1,
            )
            rows.append(
                {
                    "action": name,
                    "batch": batch,
                    "fps": FRAMES / alone_s,
                    "fps_together": FRAMES * SEGMENTS / together_s,
                }
            )
    return rows


def compiling(clip: YuvClip, device: str, rounds: int) -> list[dict[str, object]]:
    """Measure what torch.compile brings, and what it costs once."""
    rows: list[dict[str, object]] = []
    for name in BATCHED:
        fps = {}
        compile_s = 0.0
        for compiled in (False, True):
            torch.compiler.reset()
            precision = chosen_precision(AUTO, device)
            action = placed(name, Placement(device=device, precision=precision, compiled=compiled, batch=25))
            made = action.contract(clip, middle_knob(action))
            began_s = time.perf_counter()
            action.expand(made)
            compile_s = time.perf_counter() - began_s
            fps[compiled] = FRAMES / median_s(lambda action=action, made=made: action.expand(made), rounds)
        rows.append({"action": name, "fps": fps[False], "fps_compiled": fps[True], "first_call_s": compile_s})
    return rows


def concurrency(clip: YuvClip, device: str) -> list[dict[str, object]]:
    """Measure expansions per second by worker processes, as a live run has them."""
    rows: list[dict[str, object]] = []
    learned = [name for name, variant in VARIANTS.items() if variant.make().learned]
    for name in sorted(set(learned) - too_small(), key=learned.index):
        placement = Placement(device=device, precision=chosen_precision(AUTO, device))
        action = placed(name, placement)
        made = action.contract(clip, middle_knob(action))
        row: dict[str, object] = {"action": name}
        for workers, threads in ((1, 1), (2, 1), (1, 2)):
            used = Placement(device=device, precision=placement.precision, threads=threads)
            reference = ActionReference(name, placement=used)
            # One segment at a time: workers are compared here, batches below.
            with Workshop(workers=workers, segments_at_once=1) as workshop:
                expanded(workshop, reference, made, workers)  # starts and loads every worker
                began_s = time.perf_counter()
                expanded(workshop, reference, made, SEGMENTS)
                took_s = time.perf_counter() - began_s
            row[f"fps_{workers}_workers_{threads}_threads"] = FRAMES * SEGMENTS / took_s
        rows.append(row)
    return rows


def expanded(workshop: Workshop, action: ActionReference, made: ContractedVideo, count: int) -> None:
    """Expand a segment so many times."""
    for ticket in [workshop.submit(Expansion(action, made)) for _ in range(count)]:
        found = workshop.result(ticket)
        if isinstance(found, Failure):
            raise SystemExit(f"bench: {found.message}")


def measure(rounds: int, tell: Callable[[str], None]) -> dict[str, object]:
    """Measure everything on the processor, and on CUDA where it is."""
    clip = source()
    found: dict[str, object] = {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "devices": {},
    }
    devices = found["devices"]
    for device in ("cpu", *(["cuda"] if torch.cuda.is_available() else [])):
        keep_freed_memory()  # as a worker of a live run does
        limit_threads(1)
        native = chosen_precision(AUTO, device)
        tell(f"{device}: frames per second")
        one: dict[str, object] = {
            "native": native,
            "peak_gflops": {
                precision: peak(device, precision) / 1e9 for precision in dict.fromkeys((native, "float32"))
            },
            "speeds": speeds(clip, device, rounds),
        }
        tell(f"{device}: workers")
        one["concurrency"] = concurrency(clip, device)
        tell(f"{device}: batches")
        one["batching"] = batching(clip, device, rounds)
        tell(f"{device}: torch.compile")
        one["compiling"] = compiling(clip, device, rounds)
        devices[device] = one  # type: ignore[index]
    return found


def table(found: dict) -> str:
    """The figures as Markdown."""
    lines = [
        f"Frames of {SIDE_PX} x {SIDE_PX} at {RATE_HZ} Hz, segments of {FRAMES} frames; {found['processor']}, "
        f"{found['cores']} cores, torch {found['torch']}; GPU: {found['cuda'] or 'none at hand, not measured'}. "
        f"Variants at a quarter of the sides refuse frames of this size: {', '.join(sorted(too_small()))}.",
    ]
    for device, one in found["devices"].items():
        peaks = ", ".join(f"{value:,.0f} GFLOP/s in {name}" for name, value in one["peak_gflops"].items())
        lines += [
            "",
            f"**{device}, one thread**; a product of matrices reaches {peaks}.",
            "",
            "| action | precision | contract [frame/s] | expand [frame/s] | GFLOP per frame | share of that peak |",
            "| --- | --- | --: | --: | --: | --: |",
        ]
        for row in one["speeds"]:
            gflop = f"{row['gflop_per_frame']:.2f}" if "gflop_per_frame" in row else "-"
            share = f"{row['peak_share']:.0%}" if "peak_share" in row else "-"
            lines.append(
                f"| `{row['action']}` | {row['precision'] or '-'} | {row['contract_fps']:,.0f} | "
                f"{row['expand_fps']:,.1f} | {gflop} | {share} |"
            )
        lines += [
            "",
            f"**Worker processes**: frames per second over {SEGMENTS} segments, in {one['native']}, with the way to "
            f"the worker and back. Real time is {RATE_HZ}.",
            "",
            "| action | 1 worker | 2 workers | gain | 1 worker, 2 threads | real time with 2 workers |",
            "| --- | --: | --: | --: | --: | --- |",
        ]
        for row in one["concurrency"]:
            alone, both = row["fps_1_workers_1_threads"], row["fps_2_workers_1_threads"]
            lines.append(
                f"| `{row['action']}` | {alone:.1f} | {both:.1f} | {both / alone:.2f} | "
                f"{row['fps_1_workers_2_threads']:.1f} | {'yes' if both >= RATE_HZ else 'no'} |"
            )
        lines += [
            "",
            f"**Batches**: frames per second of one segment alone, and of {SEGMENTS} expanded together.",
            "",
            "| action | frames in a batch | alone | together | gain |",
            "| --- | --: | --: | --: | --: |",
            *(
                f"| `{row['action']}` | {row['batch']} | {row['fps']:.1f} | {row['fps_together']:.1f} | "
                f"{row['fps_together'] / row['fps']:.2f} |"
                for row in one["batching"]
            ),
            "",
            "**torch.compile**, batches of 25:",
            "",
            "| action | frame/s without | with | gain | first call [s] |",
            "| --- | --: | --: | --: | --: |",
            *(
                f"| `{row['action']}` | {row['fps']:.1f} | {row['fps_compiled']:.1f} | "
                f"{row['fps_compiled'] / row['fps']:.2f} | {row['first_call_s']:.0f} |"
                for row in one["compiling"]
            ),
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the speed of the shipped actions on this machine.")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="repeats of each measurement (default: 5)")
    options = parser.parse_args()
    found = measure(options.rounds, tell=lambda text: print(f"bench: {text}", file=sys.stderr))
    print(table(found))
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

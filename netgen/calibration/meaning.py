"""Measuring how much of the meaning of labelled scenes an action keeps, at every value of its knob.

The scenes are drawn from a declared distribution, so their entropy is known; the action contracts and expands them; a
network reads the labels from what is shown, and the readings are held against the truth. What is kept is a lower bound:
another reader might see more. What the same reader keeps of the scenes as they were drawn stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.actions.contract import KnobTarget, Placement, VideoAction
from netgen.calibration.machine import device_used, versions
from netgen.calibration.measuring import prepare_as_worker, weights_sha256
from netgen.calibration.record import rounded
from netgen.calibration.record_file import read_lines, replace_records
from netgen.catalogue.loading import find_action
from netgen.errors import InputError
from netgen.labelled.drawing import FRAME_RATE_HZ, SIDE_PX, drawn_circumstances, drawn_clip
from netgen.labelled.information import KeptMeaning, kept_meaning
from netgen.labelled.meaning import Meaning, drawn_meaning, scene_entropy_bits
from netgen.labelled.reading import read_meanings, reader_digest, views_of
from netgen.media.quality import SEMANTIC_METHOD, psnr_db, semantic_estimate
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from

MEANING_SCHEMA = 1
"""Version of the records of this module."""

FEWEST_SCENES = 40
"""With fewer, a value of a label may be missing altogether."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScenes:
    """Scenes to measure on, and what the reader makes of them before anything is done to them.

    Parameters
    ----------
    seed : int                          Scene n of a seed is the same whatever the number of scenes.
    meanings : tuple of Meaning         The truth.
    clips : tuple of YuvClip            As drawn.
    views : (n, 5, 3, 128, 128) uint8   As the reader sees them.
    ceiling : KeptMeaning               What this reader keeps of them.
    """

    seed: int
    meanings: tuple[Meaning, ...]
    clips: tuple[YuvClip, ...]
    views: NDArray[np.uint8]
    ceiling: KeptMeaning


@dataclass(frozen=True, slots=True)
class MeaningRecord:
    """What an action keeps at one value of its knob.

    Parameters
    ----------
    profile, action, mode : str         The variant's name, the action's, and its coding mode.
    knob, value : str, float            The configuration.
    bits_per_pixel, bits_per_scene : float  Means over scenes, every byte that travels.
    kept : KeptMeaning                  Semantic bits and fidelity, measured.
    estimate : float                    The mean of the estimate that clips without labels have.
    psnr_db : float                     Over the frames that the reader sees, at its size.
    """

    profile: str
    action: str
    mode: str
    knob: str
    value: float
    bits_per_pixel: float
    bits_per_scene: float
    kept: KeptMeaning
    estimate: float
    psnr_db: float


def labelled_scenes(count: int, seed: int) -> LabelledScenes:
    """Draw scenes and read them.

    Raises
    ------
    InputError                      Fewer than 40 scenes, or the reader's weights are missing.
    MissingDependencyError          A package that carries photographs, PyAV or torch is not installed.
    """
    if count < FEWEST_SCENES:
        raise InputError(f"{count} scenes; at least {FEWEST_SCENES} are needed for every label to occur")
    meanings, clips = [], []
    for scene in range(count):
        rng = generator_from(seed, scene)
        meanings.append(drawn_meaning(rng))
        clips.append(drawn_clip(meanings[-1], drawn_circumstances(rng)))
    views = views_of(clips)
    ceiling = kept_meaning(meanings, read_meanings(views), generator_from(seed, count))
    return LabelledScenes(seed, tuple(meanings), tuple(clips), views, ceiling)


def measure_meaning(
    variant: str, scenes: LabelledScenes, *, placement: Placement, progress: Callable[[str], None]
) -> list[MeaningRecord]:
    """Measure a variant at every value of its knob's grid.

    Parameters
    ----------
    variant : str                   As `find_action` takes it.
    scenes : LabelledScenes         What is contracted.
    placement : Placement           Where models run.
    progress : callable             Told a line per record.

    Raises
    ------
    InputError                      Unknown action, no such device, or scenes that are too small for it.
    """
    action = find_action(variant)
    action.check_size(SIDE_PX, SIDE_PX)
    action.place(action.placement_for(placement))
    prepare_as_worker(placement.threads, learned=action.learned)
    records = []
    for value in action.knob.grid:
        record = _at(variant, action, value, scenes)
        records.append(record)
        progress(
            f"{variant} {record.knob} {value:g}: {record.bits_per_pixel:.5f} bit/pixel, {record.kept.bits.bits:.2f} of "
            f"{scene_entropy_bits():.2f} semantic bit, phi {record.kept.fidelity:.3f} [{record.kept.low:.3f}, "
            f"{record.kept.high:.3f}], estimate {record.estimate:.3f}"
        )
    return records


def measure_meaning_to_file(
    variants: Sequence[str],
    *,
    count: int,
    seed: int,
    out: Path,
    placement: Placement,
    command: str,
    progress: Callable[[str], None],
) -> int:
    """Measure variants on the same scenes and store their records, in place of their earlier ones.

    Parameters
    ----------
    variants : sequence of str      Actions.
    count, seed : int               Scenes, and where they are drawn from.
    out : Path                      A JSON Lines file; made when missing.
    placement : Placement           Where models run.
    command : str                   For the records.
    progress : callable             Told a line per record.

    Returns
    -------
    int                             Number of records.
    """
    read_lines(out)  # what cannot be written or is missing should be told before anything is measured
    for variant in variants:
        weights_sha256(find_action(variant))
    scenes = labelled_scenes(count, seed)
    progress(
        f"{count} scenes of {scene_entropy_bits():.2f} semantic bit; the reader keeps {scenes.ceiling.bits.bits:.2f}"
    )
    written = 0
    for variant in variants:
        records = measure_meaning(variant, scenes, placement=placement, progress=progress)
        learned = find_action(variant).learned
        device = asdict(device_used(placement, learned=learned))
        replace_records(out, [meaning_json(one, scenes, device, command) for one in records])
        written += len(records)
    return written


def meaning_json(
    record: MeaningRecord, scenes: LabelledScenes, device: dict[str, Any], command: str
) -> dict[str, Any]:
    """Return a record as it is stored, one line of JSON."""
    return {
        "schema": MEANING_SCHEMA,
        "profile": record.profile,
        "action": record.action,
        "mode": record.mode,
        "config": {"knob": record.knob, "value": record.value},
        "scenes": {
            "count": len(scenes.meanings),
            "seed": scenes.seed,
            "size": [SIDE_PX, SIDE_PX],
            "fps": float(FRAME_RATE_HZ),
        },
        "rate": {"bpp": rounded(record.bits_per_pixel), "bits_per_scene": rounded(record.bits_per_scene)},
        "semantic": {
            "entropy_bits": rounded(scene_entropy_bits(), 8),
            **_kept_json(record.kept),
            "ceiling": _kept_json(scenes.ceiling),
            "reader_sha256": reader_digest(),
            "mark": "measured",
        },
        "estimates": {SEMANTIC_METHOD: rounded(record.estimate, 5)},
        "psnr_db": rounded(record.psnr_db, 5),
        "device": device,
        "provenance": {
            "mark": "measured",
            "date": datetime.now(UTC).date().isoformat(),
            "command": command,
            "versions": dict(versions()),
        },
    }


def read_meaning_records(path: Path) -> list[dict[str, Any]]:
    """Read a file of such records.

    Raises
    ------
    InputError                      A line that is no record of this version; names file and line.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
            version = record["schema"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}:{number}: is not a record of measured meaning ({error})") from error
        if version != MEANING_SCHEMA:
            raise InputError(
                f"{path}:{number}: schema {version} is not read here; accepted: {MEANING_SCHEMA}"
            )
        found.append(record)
    return found


def _at(variant: str, action: VideoAction, value: float, scenes: LabelledScenes) -> MeaningRecord:
    bits, views, estimates = [], [], []
    for clip, source in zip(scenes.clips, scenes.views, strict=True):
        made = action.contract(clip, KnobTarget(value))
        bits.append(made.bits)
        view = views_of([action.expand(made)])
        views.append(view)
        estimates.append(semantic_estimate(source[:, 0], view[0, :, 0]).fidelity)
    seen = np.concatenate(views)
    kept = kept_meaning(
        scenes.meanings, read_meanings(seen), generator_from(scenes.seed, len(scenes.meanings), 1)
    )
    clip = scenes.clips[0]
    per_scene = float(np.mean(bits))
    return MeaningRecord(
        profile=action.name if ":" in variant else variant,
        action=action.name,
        mode=action.mode.value,
        knob=action.knob.name,
        value=value,
        bits_per_pixel=per_scene / (clip.frames * clip.width_px * clip.height_px),
        bits_per_scene=per_scene,
        kept=kept,
        estimate=float(np.mean(estimates)),
        psnr_db=psnr_db(scenes.views[:, :, 0], seen[:, :, 0]),
    )


def _kept_json(kept: KeptMeaning) -> dict[str, Any]:
    return {
        "kept_bits": rounded(kept.bits.bits, 5),
        "low_bits": rounded(kept.bits.low_bits, 5),
        "high_bits": rounded(kept.bits.high_bits, 5),
        "fidelity": rounded(kept.fidelity, 5),
        "low": rounded(kept.low, 5),
        "high": rounded(kept.high, 5),
        "slots": {name: rounded(bits, 4) for name, bits in kept.slots.items()},
        "exact": rounded(kept.exact, 4),
    }

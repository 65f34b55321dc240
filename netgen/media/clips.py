"""The recipe of the clips in `scenarios/clips`: `python -m netgen.media.clips --out scenarios/clips`.

Frames come from `netgen.media.clip_scenes`; each clip is coded with closed groups of pictures of one
second. The command also writes the labels, the list of clips and the directory's README.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netgen.media import clip_scenes
from netgen.media.clip_scenes import MovingObject
from netgen.media.codec import Codec, CodingConfig, write_video
from netgen.media.content_class import ContentClass
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import clip_from_rgb

CLIP_SET = "clips-v1"
LIST_FILE = "clips.json"
_LARGEST_SET_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class ClipRecipe:
    """How one clip is made.

    Parameters
    ----------
    file : str                          Its file name.
    content_class : ContentClass        What it stands in for.
    scene : callable                    (time in s, width, height) to an RGB picture.
    photographs : tuple of str          The photographs it is made from.
    codec, crf : Codec, int             How it is coded.
    frames : int                        Number of frames.
    motion : str                        What moves, in words.
    width_px, height_px : int           Frame size; a quarter of each side can still be coded.
    frame_rate_hz : int, Hz             Frames per second.
    objects : callable or None          The labelled objects.
    """

    file: str
    content_class: ContentClass
    scene: Callable[[float, int, int], NDArray[np.float64]]
    photographs: tuple[str, ...]
    codec: Codec
    crf: int
    frames: int
    motion: str
    width_px: int = 480
    height_px: int = 272
    frame_rate_hz: int = 25
    objects: Callable[[], tuple[MovingObject, ...]] | None = None

    @property
    def name(self) -> str:
        """The file name without its suffix."""
        return Path(self.file).stem


RECIPES = (
    ClipRecipe(
        "portrait.mkv",
        ContentClass.TALKING_FACE,
        clip_scenes.portrait,
        ("astronaut",),
        Codec.X265,
        22,
        150,
        "the head sways and the mouth opens; the background is still",
    ),
    ClipRecipe(
        "cat-zoom.mp4",
        ContentClass.NATURAL,
        clip_scenes.cat_zoom,
        ("chelsea",),
        Codec.X264,
        23,
        125,
        "slow zoom",
    ),
    ClipRecipe(
        "coffee-pan.mkv",
        ContentClass.NATURAL,
        clip_scenes.coffee_pan,
        ("coffee",),
        Codec.X265,
        24,
        150,
        "pan by hand with a rest, slight rotation",
        width_px=512,
        height_px=288,
        frame_rate_hz=30,
    ),
    ClipRecipe(
        "page-scroll.mp4",
        ContentClass.SCREEN,
        clip_scenes.page_scroll,
        ("page", "text"),
        Codec.X264,
        26,
        150,
        "text scrolled in four steps under a bar that stays",
    ),
    ClipRecipe(
        "corridor-drive.mkv",
        ContentClass.DRIVING,
        clip_scenes.corridor_drive,
        ("brick", "gravel", "rocket"),
        Codec.X265,
        28,
        150,
        "drive forward between two walls: perspective parallax",
    ),
    ClipRecipe(
        "field-game.mkv",
        ContentClass.SPORTS,
        clip_scenes.field_game,
        ("grass",),
        Codec.X265,
        30,
        150,
        "four labelled objects over a slow pan",
        objects=clip_scenes.field_objects,
    ),
    ClipRecipe(
        "wall-balls.mp4",
        ContentClass.SPORTS,
        clip_scenes.wall_balls,
        ("brick",),
        Codec.X264,
        24,
        100,
        "three labelled objects, camera still",
        objects=clip_scenes.wall_objects,
    ),
)

_LICENCES = {
    "astronaut": "NASA Great Images; no known copyright restrictions, released into the public domain",
    "brick": "CC0Textures, Bricks25; CC0",
    "chelsea": "Stefan van der Walt; CC0",
    "coffee": "Rachel Michetti, by courtesy of Pikolo Espresso Bar; CC0",
    "grass": "linolafett, DeviantArt; CC0",
    "gravel": "CC0Textures, Gravel04; CC0",
    "page": "scanned page, no separate source is documented; BSD-3-Clause with scikit-image",
    "rocket": "SpaceX; released into the public domain",
    "text": "Wikipedia, File:Corner.png; no known copyright restrictions, released into the public domain",
}


def render(recipe: ClipRecipe, *, frames: int | None = None) -> NDArray[np.uint8]:
    """Draw the frames of a clip.

    Parameters
    ----------
    recipe : ClipRecipe             Which clip.
    frames : int, optional          Draw only the first so many.

    Returns
    -------
    (n, height, width, 3) uint8     RGB.
    """
    count = recipe.frames if frames is None else frames
    pictures = [
        recipe.scene(index / recipe.frame_rate_hz, recipe.width_px, recipe.height_px)
        for index in range(count)
    ]
    return np.clip(np.rint(np.stack(pictures)), 0, 255).astype(np.uint8)


def labels(recipe: ClipRecipe) -> dict[str, object]:
    """Return what is known of the objects in a clip: shape, colour, size, motion and place in every frame."""
    objects = recipe.objects() if recipe.objects else ()
    times_s = [index / recipe.frame_rate_hz for index in range(recipe.frames)]
    return {
        "clip": recipe.file,
        "frame_rate_hz": recipe.frame_rate_hz,
        "frames": recipe.frames,
        "size_px": [recipe.width_px, recipe.height_px],
        "objects": [
            {
                "shape": item.shape,
                "colour": item.colour,
                "radius_px": item.radius_px,
                "motion": item.motion,
                "centre_px": [[round(value, 2) for value in item.path(time_s)] for time_s in times_s],
            }
            for item in objects
        ],
    }


def write_clip(recipe: ClipRecipe, out: Path, *, frames: int | None = None) -> Path:
    """Draw and encode one clip into the directory `out`; returns the file's path."""
    path = out / recipe.file
    clip = clip_from_rgb(render(recipe, frames=frames), frame_rate_hz=Fraction(recipe.frame_rate_hz))
    write_video(path, clip, CodingConfig(recipe.codec, recipe.crf, 1, recipe.frame_rate_hz))
    return path


def write_clip_set(out: Path, *, progress: Callable[[str], None]) -> None:
    """Make every clip, its labels, the list of clips and the README in the directory `out`."""
    out.mkdir(parents=True, exist_ok=True)
    entries = []
    for recipe in RECIPES:
        path = write_clip(recipe, out)
        entries.append(_entry(recipe, path))
        progress(
            f"{recipe.file}: {entries[-1]['size_bytes']} byte, {entries[-1]['bits_per_pixel']} bit/pixel"
        )
        if recipe.objects:
            text = json.dumps(labels(recipe), separators=(",", ":"))
            (out / f"{recipe.name}.labels.json").write_text(text + "\n", encoding="utf-8")
    listing = {"set": CLIP_SET, "clips": entries}
    (out / LIST_FILE).write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
    (out / "README.md").write_text(_readme(entries), encoding="utf-8")
    total_bytes = sum(path.stat().st_size for path in out.iterdir() if path.is_file())
    if total_bytes > _LARGEST_SET_BYTES:
        raise RuntimeError(
            f"{out}: the clip set has {total_bytes} byte; at most {_LARGEST_SET_BYTES} are shipped"
        )
    progress(f"{out}: {total_bytes} byte in all")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the clip set; `--out` names the directory."""
    parser = argparse.ArgumentParser(
        prog="python -m netgen.media.clips", description="Make the shipped clips."
    )
    parser.add_argument("--out", type=Path, required=True, help="directory to write into")
    write_clip_set(parser.parse_args(arguments).out, progress=lambda line: print(line, flush=True))
    return 0


def _entry(recipe: ClipRecipe, path: Path) -> dict[str, object]:
    """Return the entry of a clip in the list of clips."""
    report = measure_video_file(path)
    return {
        "file": recipe.file,
        "class": recipe.content_class.value,
        "codec": report.codec,
        "crf": recipe.crf,
        "size_px": [recipe.width_px, recipe.height_px],
        "frame_rate_hz": recipe.frame_rate_hz,
        "frames": report.frames,
        "gop_frames": list(report.gop_frames),
        "bits_per_pixel": round(report.bits_per_pixel, 5),
        "photographs": list(recipe.photographs),
        "motion": recipe.motion,
        "labels": f"{recipe.name}.labels.json" if recipe.objects else None,
        "size_bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _readme(entries: Sequence[dict[str, object]]) -> str:
    """Return the README of the directory, from what was really made."""
    names = sorted({name for recipe in RECIPES for name in recipe.photographs})
    rows = [
        f"| `{entry['file']}` | {entry['class']} | {entry['codec']}, CRF {entry['crf']} | "
        f"{recipe.width_px} x {recipe.height_px}, {recipe.frame_rate_hz} Hz | {entry['frames']} | "
        f"{entry['bits_per_pixel']} | {entry['size_bytes']} | {recipe.motion} | {', '.join(recipe.photographs)} |"
        for entry, recipe in zip(entries, RECIPES, strict=True)
    ]
    return "\n".join(
        [
            "# Clips",
            "",
            "Small real video files to run and calibrate with. Everything here is written by",
            "",
            "    python -m netgen.media.clips --out scenarios/clips",
            "",
            "from photographs that are inside scikit-image's wheel (nothing is downloaded). With the same",
            "versions of PyAV, scikit-image, scipy and numpy the bytes are the same. Do not edit by hand.",
            "",
            "| file | content class | coding | format | frames | bit/pixel | byte | what moves | photographs |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            "Each group of pictures is closed and lasts 1 s. `*.labels.json` tells shape, colour, size, kind of",
            "motion and centre in every frame of the objects painted into a clip (they may leave the frame or",
            "cover one another; later ones in the list are in front). `clips.json` lists all of this for programs.",
            "",
            "**Limits.** The pictures are photographs but the motion is synthetic, smooth and mostly global, which",
            "flatters codecs with good motion models; there is no camera noise. Seven clips from nine photographs",
            "are not seven independent samples of video. The clips are themselves coded (x264 or x265), so what is",
            "calibrated on them is a second generation, slightly in favour of the same codec at high quality.",
            "",
            "## SHA-256",
            "",
            *[f"    {entry['sha256']}  {entry['file']}" for entry in entries],
            "",
            "## Sources",
            "",
            "As documented in `skimage.data`; the clips may be used under the same terms.",
            "",
            *[f"- `{name}`: {_LICENCES[name]}" for name in names],
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

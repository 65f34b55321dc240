import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netgen.media import clips
from netgen.media.clips import CLIP_SET, RECIPES, labels, main, write_clip
from netgen.media.codec import coded_size_px
from netgen.media.content_class import ContentClass
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import clip_from_file, clip_from_rgb

pytest.importorskip("av")
pytest.importorskip("skimage")
SHIPPED = Path(__file__).parents[3] / "scenarios" / "clips"
BY_NAME = {recipe.name: recipe for recipe in RECIPES}


@pytest.fixture(scope="module")
def listing():
    return json.loads((SHIPPED / "clips.json").read_text(encoding="utf-8"))


def test_the_set_is_small_and_complete(listing):
    assert listing["set"] == CLIP_SET
    assert [entry["file"] for entry in listing["clips"]] == [recipe.file for recipe in RECIPES]
    assert {entry["class"] for entry in listing["clips"]} == set(ContentClass) - {ContentClass.LABELLED}
    assert {entry["codec"] for entry in listing["clips"]} == {"h264", "hevc"}
    named = {entry["file"] for entry in listing["clips"]}
    named |= {entry["labels"] for entry in listing["clips"] if entry["labels"]} | {"clips.json", "README.md"}
    assert {path.name for path in SHIPPED.iterdir()} == named
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 2_000_000


def test_the_list_and_the_readme_tell_what_the_files_are(listing):
    readme = (SHIPPED / "README.md").read_text(encoding="utf-8")
    for entry in listing["clips"]:
        content = (SHIPPED / entry["file"]).read_bytes()
        assert len(content) == entry["size_bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert f"{entry['sha256']}  {entry['file']}" in readme
        assert all(f"- `{name}`: " in readme for name in entry["photographs"])
        report = measure_video_file(SHIPPED / entry["file"])
        recipe = BY_NAME[Path(entry["file"]).stem]
        assert report.frames == entry["frames"] == recipe.frames
        assert list(report.gop_frames) == entry["gop_frames"]
        assert set(report.gop_frames) == {recipe.frame_rate_hz}
        assert report.frame_rate_hz == recipe.frame_rate_hz
        assert 4 <= report.duration_s <= 10
        assert report.bits_per_pixel == pytest.approx(entry["bits_per_pixel"], abs=1e-5)


def test_every_clip_can_be_coded_at_a_quarter_of_its_sides():
    for recipe in RECIPES:
        assert min(coded_size_px(recipe.width_px, recipe.height_px, scale=4)) > 64


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_shipped_clip_shows_what_the_recipe_draws(recipe):
    """The first frames of the file are the recipe's, but for what coding loses (each clip above 30 dB)."""
    frames = clips.render(recipe, frames=3)
    drawn = clip_from_rgb(frames, frame_rate_hz=25)
    shipped = clip_from_file(SHIPPED / recipe.file, most_frames=3, frame_rate_hz=25)
    error = np.square(drawn.luma.astype(float) - shipped.luma).mean(axis=(1, 2))
    assert np.all(10 * np.log10(255**2 / error) > 30)


def test_shipped_labels_are_the_recipes(listing):
    for entry in listing["clips"]:
        if entry["labels"]:
            stored = json.loads((SHIPPED / entry["labels"]).read_text(encoding="utf-8"))
            recipe = BY_NAME[Path(entry["file"]).stem]
            assert stored == json.loads(json.dumps(labels(recipe)))
            assert all(len(item["centre_px"]) == entry["frames"] for item in stored["objects"])
            assert len(stored["objects"]) >= 3


def test_a_clip_made_twice_has_the_same_bytes(tmp_path):
    for name in ("wall-balls", "field-game"):
        paths = []
        for turn in ("one", "two"):
            (tmp_path / turn).mkdir(exist_ok=True)
            paths.append(write_clip(BY_NAME[name], tmp_path / turn, frames=12))
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert len(paths[0].read_bytes()) > 2000


def test_the_command_writes_clips_labels_list_and_readme(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(clips, "RECIPES", (replace(BY_NAME["wall-balls"], frames=10),))
    out = tmp_path / "made"
    assert main(["--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        "README.md",
        "clips.json",
        "wall-balls.mp4",
        "wall-balls.labels.json",
    }
    size = (out / "wall-balls.mp4").stat().st_size
    assert f"wall-balls.mp4: {size} byte" in capsys.readouterr().out
    assert re.search(rf"wall-balls\.mp4` \| sports \| h264.*\| {size} \|", (out / "README.md").read_text())


def test_a_set_that_is_too_large_to_ship_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "RECIPES", (replace(BY_NAME["wall-balls"], frames=10),))
    monkeypatch.setattr(clips, "_LARGEST_SET_BYTES", 1000)
    with pytest.raises(RuntimeError, match="at most 1000 are shipped"):
        clips.write_clip_set(tmp_path, progress=lambda _: None)

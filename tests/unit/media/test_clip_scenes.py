import numpy as np
import pytest

from netgen.media import clip_scenes
from netgen.media.clips import RECIPES, render

pytest.importorskip("skimage")
LABELLED = [recipe for recipe in RECIPES if recipe.objects]
NEAR = {
    "red": (208, 40, 36),
    "yellow": (238, 206, 48),
    "blue": (40, 84, 200),
    "white": (240, 240, 240),
    "magenta": (196, 48, 168),
    "orange": (240, 132, 32),
}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_scene_moves_and_is_the_same_every_time(recipe):
    frames = render(recipe, frames=2)
    assert frames.shape == (2, recipe.height_px, recipe.width_px, 3)
    assert np.array_equal(frames, render(recipe, frames=2))
    later = recipe.scene(1.3, recipe.width_px, recipe.height_px)
    assert np.abs(later - frames[0]).mean() > 0.5
    assert 20 < frames.std() < 110


@pytest.mark.parametrize("recipe", LABELLED, ids=lambda recipe: recipe.name)
def test_labels_tell_where_an_object_of_that_colour_and_size_is(recipe):
    """What the painter put there is found again by colour alone: its area and its middle."""
    for time_s in (0.5, 1.2):
        objects = recipe.objects()
        picture = recipe.scene(time_s, recipe.width_px, recipe.height_px)
        rows, columns = np.mgrid[0 : recipe.height_px, 0 : recipe.width_px]
        for item in objects:
            x, y = item.path(time_s)
            colour = np.array(NEAR[item.colour])
            tint = picture / np.maximum(picture.sum(axis=-1, keepdims=True), 1)
            near = np.abs(tint - colour / colour.sum()).max(axis=-1) < 0.03
            near &= np.hypot(columns - x, rows - y) < 2 * item.radius_px
            near &= picture.sum(axis=-1) > 0.55 * colour.sum()
            area_px = {
                "circle": np.pi * item.radius_px**2,
                "square": 4 * item.radius_px**2,
                "diamond": 2 * item.radius_px**2,
                "triangle": 3 * np.sqrt(3) / 4 * item.radius_px**2,
            }[item.shape]
            assert near.sum() == pytest.approx(area_px, rel=0.15), item
            assert np.hypot(columns[near].mean() - x, rows[near].mean() - y) < 1.0, item


@pytest.mark.parametrize("recipe", LABELLED, ids=lambda recipe: recipe.name)
def test_motion_labels_are_true(recipe):
    """Linear: no acceleration. Orbit: acceleration turns. Bounce: constant downward pull between floor hits."""
    times_s = np.arange(0, 0.9, 0.05)
    for item in recipe.objects():
        places = np.array([item.path(float(time_s)) for time_s in times_s])
        pull = np.diff(places, n=2, axis=0)
        if item.motion == "linear":
            assert np.abs(pull).max() < 1e-9
        elif item.motion == "bounce":
            assert np.abs(pull[:, 0]).max() < 1e-9
            assert pull[:, 1].min() == pytest.approx(pull[:, 1].max())
            assert pull[0, 1] > 0
        else:
            assert item.motion == "orbit"
            assert np.abs(np.diff(pull, axis=0)).max() > 1e-3


def test_near_things_pass_faster_than_far_ones_on_the_drive():
    """Ground texture below the camera changes more from frame to frame than near the horizon."""
    one, other = (clip_scenes.corridor_drive(time_s, 480, 272) for time_s in (1.0, 1.04))
    change = np.abs(one - other)[:, 180:300].mean(axis=(1, 2))
    assert change[250:].mean() > 3 * change[125:150].mean()


def test_an_unknown_shape_is_an_error(monkeypatch):
    strange = clip_scenes.MovingObject("star", "red", 9, "linear", lambda _: (50.0, 50.0))
    monkeypatch.setattr(clip_scenes, "wall_objects", lambda: (strange,))
    with pytest.raises(ValueError, match="star"):
        clip_scenes.wall_balls(0.0, 128, 128)

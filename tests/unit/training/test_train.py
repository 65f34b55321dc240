"""`train` on a handful of tiny clips: files, logs, and the same weights again."""

import json

import pytest
import torch
from safetensors.torch import load_file

from netgen.errors import InputError
from netgen.models.weights import load_into, weights_digest
from netgen.rating.rater import RATER, built_rater
from netgen.training.lessons import LESSONS
from netgen.training.train import train


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _train(names, out, **options):
    given = {
        "photos": (),
        "minutes": None,
        "steps": 3,
        "small": True,
        "progress": lambda line: None,
    } | options
    return train(given.pop("subject", "actions"), names, out=out, **given)


def test_a_group_is_trained_in_order_and_loads(tmp_path):
    paths = _train(["restorer"], tmp_path)
    assert [path.name for path in paths] == [f"restorer-x{scale}.safetensors" for scale in (2, 4, 1)]
    for lesson in LESSONS[:3]:
        load_into(lesson.build(), lesson.name, tmp_path)
    assert not list(tmp_path.glob("*.checkpoint*"))
    log = json.loads((tmp_path / "restorer-x4.json").read_text())
    assert log["steps"] == 3
    assert log["begins_from"] == "restorer-x2"
    assert log["repeat_with"].endswith("--only restorer-x4 --seed 1 --steps 3")
    assert len(log["pictures_sha256"]) == 64


def test_the_same_seed_gives_the_same_weights(tmp_path):
    for folder, seed in (("one", 1), ("same", 1), ("other", 2)):
        _train(["restorer-x2"], tmp_path / folder, seed=seed)
    one, same, other = (
        weights_digest("restorer-x2", tmp_path / folder) for folder in ("one", "same", "other")
    )
    assert one == same != other


def test_the_interpolator_trains(tmp_path):
    (path,) = _train(["interpolator"], tmp_path, steps=2)
    assert load_file(path)["refine.3.mix_out.weight"].abs().max() > 0


def test_the_rater_trains_on_scenes_of_its_own(tmp_path):
    pytest.importorskip("sklearn", reason="scenes have photographs of scikit-learn")
    (path,) = _train([], tmp_path, steps=2, subject="rating")
    assert path.name == "utility-rater.safetensors"
    load_into(built_rater(), RATER, tmp_path)
    assert json.loads((tmp_path / "utility-rater.json").read_text())["pictures"] == []


@pytest.mark.slow
def test_a_few_steps_lower_the_loss(tmp_path):
    _train(["restorer-x2"], tmp_path, steps=200)
    curve = json.loads((tmp_path / "restorer-x2.json").read_text())["loss_curve"]
    assert curve[-1][1] < curve[0][1] - 0.05  # dB


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["restorers"]}, 'did you mean "restorer"'),
        ({"minutes": 1.0}, "either a number of steps or minutes"),
        ({"device": "cuda"}, "finds no CUDA device"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(tmp_path, options, message):
    if options.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    names = options.pop("names", ["restorer"])
    with pytest.raises(InputError, match=message):
        _train(names, tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_networks_of_a_channel_and_of_meaning_train(tmp_path):
    """A few steps each; what denoises begins from what was trained before it, and photographs are for some alone."""
    paths = _train([], tmp_path, subject="channel", steps=2)
    assert [path.stem for path in paths] == ["joint-base", "joint-plain", "joint-diffusion", "joint-control"]
    base, control = (load_file(tmp_path / f"{name}.safetensors") for name in ("joint-base", "joint-control"))
    assert torch.equal(base["encoder.body.0.weight"], control["encoder.body.0.weight"])
    assert not torch.equal(base["decoder.body.0.weight"], control["decoder.body.0.weight"])
    assert any(name.startswith("denoiser") for name in control)
    (reader,) = _train(["reader"], tmp_path, subject="meaning", steps=1)
    assert json.loads(reader.with_suffix(".json").read_text())["repeat_with"].startswith(
        "netgen train meaning"
    )
    with pytest.raises(InputError, match="do not learn from photographs"):
        _train(["reader"], tmp_path, subject="meaning", photos=[tmp_path])

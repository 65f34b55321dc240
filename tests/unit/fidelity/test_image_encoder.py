"""CLIP's image encoder, on a tiny model with random weights; and folders that are refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="CLIP is a torch model")

import torch

from netgen.errors import InputError, MissingDependencyError
from netgen.fidelity.estimators import shipped_estimators
from netgen.fidelity.image_encoder import ClipFeatures
from netgen.media.yuv_clip import YuvClip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `save_pretrained` writes it."""
    transformers = pytest.importorskip("transformers", reason="CLIP is loaded by transformers")
    path = tmp_path_factory.mktemp("clip")
    with torch.random.fork_rng():
        model = transformers.CLIPVisionModelWithProjection(
            transformers.CLIPVisionConfig(
                hidden_size=32, intermediate_size=64, projection_dim=24, num_hidden_layers=2, num_attention_heads=2,
                image_size=64, patch_size=16,
            )
        )  # fmt: skip
    model.save_pretrained(path)
    return path


def test_embeddings_are_compared(folder: Path, scene: YuvClip, kit: SimpleNamespace) -> None:
    """Equal clips score 1, blurred ones less; the name tells the weights."""
    estimator = ClipFeatures(folder)
    assert estimator.described(scene).shape == (5, 24)
    assert estimator.side_px == 64
    assert estimator.name == ClipFeatures(folder).name
    assert estimator.estimate(scene, scene) == 1.0
    scores = [estimator.estimate(scene, kit.blurred(scene, side)) for side in (4, 34)]
    assert 1 > scores[0] > scores[1] >= 0
    assert any(one.name == estimator.name for one in shipped_estimators(folder))


def test_a_folder_that_is_not_there_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"no CLIP model at {tmp_path / 'gone'}.*save_pretrained"):
        ClipFeatures(tmp_path / "gone")


def test_other_models_pickles_and_missing_weights_are_refused(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(InputError, match="model_type bert; accepted: clip, clip_vision_model"):
        ClipFeatures(tmp_path)
    config.write_text("[1]")
    with pytest.raises(InputError, match="cannot be read as the configuration"):
        ClipFeatures(tmp_path)
    config.write_text(json.dumps({"model_type": "clip", "vision_config": {"image_size": 64}}))
    with pytest.raises(InputError, match=r"no \*\.safetensors"):
        ClipFeatures(tmp_path)
    (tmp_path / "pytest_model.bin").write_bytes(b"x")
    with pytest.raises(InputError, match="only pickled weights"):
        ClipFeatures(tmp_path)


def test_damaged_and_incomplete_weights_are_refused(folder: Path, tmp_path: Path, scene: YuvClip) -> None:
    """Weights that transformers would draw at random are missing weights."""
    safetensors = pytest.importorskip("safetensors.torch")
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    weights = safetensors.load_file(folder / "model.safetensors")
    weights.pop("visual_projection.weight")
    safetensors.save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"1 weights are missing, visual_projection\.weight"):
        ClipFeatures(tmp_path).described(scene)
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot load it"):
        ClipFeatures(tmp_path).described(scene)


def test_a_missing_library_names_its_extra(
    folder: Path, scene: YuvClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator = ClipFeatures(folder)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingDependencyError, match=r"netgen\[diffusion\]"):
        estimator.described(scene)

"""Where pipelines are looked for, and which folders are refused; nothing heavy is imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netgen.errors import InputError
from netgen.pretrained.diffusion_pipeline import PipelineWeights, find_folder, weights_bytes


def pipeline(folder: Path, *weights: str, index: object = None) -> Path:
    """A folder like a pipeline's, with files of 5 byte for weights."""
    (folder / "unet").mkdir(parents=True)
    (folder / "scheduler").mkdir()
    named = {
        "_class_name": "DDPMPipeline",
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DDPMScheduler"],
        "image_encoder": [None, None],
    }
    (folder / "model_index.json").write_text(json.dumps(named if index is None else index))
    (folder / "unet" / "config.json").write_text("{}")
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    for name in weights:
        (folder / "unet" / name).write_bytes(b"12345")
    return folder


def test_a_folder_with_safe_weights_is_taken(tmp_path: Path):
    folder = pipeline(tmp_path / "p", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
    assert find_folder(PipelineWeights(str(folder))) == folder
    assert weights_bytes(folder) == 5


def test_a_variant_is_looked_for_by_its_suffix(tmp_path: Path):
    folder = pipeline(
        tmp_path / "p", "m.safetensors", "m.fp16.safetensors", "m.fp16-00001-of-00002.safetensors"
    )
    assert weights_bytes(folder, variant="fp16") == 10
    with pytest.raises(InputError, match='no weights of the variant "int8"'):
        find_folder(PipelineWeights(str(folder), variant="int8"))


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "model.ckpt", "model.pt"])
def test_pickled_weights_alone_are_refused(tmp_path: Path, name: str):
    folder = pipeline(tmp_path / "p", name)
    with pytest.raises(InputError, match=rf"only pickled weights \({name}\).*safe_serialization=True"):
        find_folder(PipelineWeights(str(folder)))


def test_missing_weights_are_named(tmp_path: Path):
    folder = pipeline(tmp_path / "p")
    with pytest.raises(InputError, match=r"unet has no weights: no \*\.safetensors"):
        find_folder(PipelineWeights(str(folder)))


def test_a_folder_that_is_no_pipeline_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"is no diffusion pipeline: it has no model_index\.json"):
        find_folder(PipelineWeights(str(tmp_path)))
    broken = pipeline(tmp_path / "broken")
    (broken / "model_index.json").write_text("{")
    with pytest.raises(InputError, match=r"model_index\.json cannot be read"):
        find_folder(PipelineWeights(str(broken)))


def test_a_pipeline_with_its_own_code_is_refused(tmp_path: Path):
    folder = pipeline(tmp_path / "p", "m.safetensors", index={"_class_name": ["own_code", "Pipeline"]})
    with pytest.raises(InputError, match="bring their own code are refused"):
        find_folder(PipelineWeights(str(folder)))


def test_a_path_that_is_not_there_says_where_it_was_looked_for(tmp_path: Path):
    missing = tmp_path / "weights" / "sd"
    with pytest.raises(InputError, match=f"looked in {missing}"):
        find_folder(PipelineWeights(str(missing)))

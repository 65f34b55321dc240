"""Actions around diffusion pipelines: tiny ones of random weights, written and loaded as real ones are."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from netgen.actions.contract import Compatibility, KnobTarget, Placement, RateTarget, Stage
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip, clip_from_rgb
from netgen.pretrained.diffusion import DiffusionAction
from netgen.pretrained.diffusion_pipeline import Intake

diffusers = pytest.importorskip(
    "diffusers", reason="diffusers is not installed: no diffusion pipeline can be run"
)
transformers = pytest.importorskip("transformers", reason="transformers is not installed: no text encoder")
# diffusers itself meets deprecations of numpy and torch
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def image_pipeline(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_image_pipeline(tmp_path_factory.mktemp("image") / "pipeline"))


@pytest.fixture(scope="module")
def video_pipeline(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_video_pipeline(tmp_path_factory.mktemp("video") / "pipeline"))


@pytest.fixture(scope="module")
def first_frame_pipeline(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_first_frame_pipeline(tmp_path_factory.mktemp("first") / "pipeline"))


def clip(frames: int = 3) -> YuvClip:
    """Stripes that move by 3 pixels a frame, at a size that is no multiple of 8 when halved."""
    rows, columns = np.mgrid[:134, :140]
    rgb = [
        np.stack(
            (128 + 100 * np.sin((columns - 3 * t) / 9), 128 + 90 * np.cos(rows / 11), rows + 0 * t), axis=-1
        )
        for t in range(frames)
    ]
    return clip_from_rgb(np.stack(rgb).astype(np.uint8), frame_rate_hz=Fraction(25))


def variant(model: str, **settings: object) -> DiffusionAction:
    """An action as a plug-in declares it."""
    given = {"model": model, "scale": 2, "steps": 2, **settings}
    return type("Tried", (DiffusionAction,), given)()


def test_an_image_pipeline_repaints_every_frame_and_repeats_itself(image_pipeline: str):
    action = variant(image_pipeline, words="striped cloth", strength=0.5)
    contracted = action.contract(clip(), KnobTarget(40.0))
    assert [part.kind for part in contracted.parts] == [PartKind.DISCRIMINATIVE, PartKind.GENERATIVE]
    assert contracted.parts[1].payload == b"striped cloth"
    assert contracted.generative_bits == 8 * len("striped cloth")
    received = ContractedVideo.from_bytes(contracted.to_bytes(), domain=action.domain)
    first = action.expand(received, seed=5)
    assert (first.frames, first.width_px, first.height_px) == (3, 140, 134)
    assert first.frame_rate_hz == 25
    again = variant(image_pipeline, words="striped cloth", strength=0.5).expand(contracted, seed=5)
    assert np.array_equal(first.planes, again.planes)
    assert not np.array_equal(first.planes, action.expand(contracted, seed=6).planes)


def test_words_and_strength_reach_the_pipeline(image_pipeline: str):
    def shown(words: str, strength: float) -> YuvClip:
        action = variant(image_pipeline, words=words, strength=strength, options={"guidance_scale": 5.0})
        return action.expand(action.contract(clip(1), KnobTarget(40.0)), seed=1)

    assert not np.array_equal(shown("cat", 0.5).planes, shown("dog", 0.5).planes)
    assert not np.array_equal(shown("cat", 0.5).planes, shown("cat", 1.0).planes)


def test_less_batch_gives_nearly_the_same_frames(image_pipeline: str):
    action = variant(image_pipeline, strength=0.5)
    contracted = action.contract(clip(), KnobTarget(40.0))
    together = action.expand(contracted, seed=1)
    action.place(Placement(batch=1))
    one_by_one = action.expand(contracted, seed=1)
    assert np.abs(together.planes.astype(int) - one_by_one.planes).max() <= 1


def test_frames_between_key_frames_are_decoded_or_get_their_detail(image_pipeline: str):
    contracted = variant(image_pipeline).contract(clip(5), KnobTarget(30.0))
    still = variant(image_pipeline, key_every=4, strength=0.5, moves_detail=False).expand(contracted, seed=1)
    moved = variant(image_pipeline, key_every=4, strength=0.5).expand(contracted, seed=1)
    every = variant(image_pipeline, strength=0.5).expand(contracted, seed=1)
    assert np.abs(every.planes[[0, 4]].astype(int) - moved.planes[[0, 4]]).max() <= 1
    assert np.array_equal(still.planes[[0, 4]], moved.planes[[0, 4]])
    to_repainted = np.abs(every.luma[1:4].astype(float) - moved.luma[1:4]).mean()
    from_decoded = np.abs(every.luma[1:4].astype(float) - still.luma[1:4]).mean()
    assert to_repainted < 0.7 * from_decoded


def test_a_rate_is_met_by_the_bitstream(image_pipeline: str):
    action = variant(image_pipeline)
    contracted = action.contract(clip(), RateTarget(0.05))
    assert contracted.bits_per_pixel == pytest.approx(0.05, rel=0.2)


def test_the_sender_needs_no_weights():
    action = variant("nowhere/at-all", words="a cat")
    contracted = action.contract(clip(), KnobTarget(40.0))
    assert contracted.bits > 0
    with pytest.raises(InputError, match="hf download nowhere/at-all"):
        action.expand(contracted)


def test_a_video_pipeline_takes_all_frames(video_pipeline: str):
    action = variant(video_pipeline, takes=Intake.VIDEO, words="a cat", strength=0.5)
    contracted = action.contract(clip(), KnobTarget(40.0))
    first = action.expand(contracted, seed=2)
    assert (first.frames, first.width_px, first.height_px) == (3, 140, 134)
    assert np.array_equal(first.planes, action.expand(contracted, seed=2).planes)


def test_a_first_frame_and_nothing_else_makes_a_video(first_frame_pipeline: str):
    action = variant(first_frame_pipeline, takes=Intake.FIRST_FRAME, frames_step=4)
    contracted = action.contract(clip(), KnobTarget(40.0))
    assert contracted.bits < variant(first_frame_pipeline).contract(clip(), KnobTarget(40.0)).bits
    first = action.expand(contracted, seed=2)
    assert (first.frames, first.width_px, first.height_px) == (3, 140, 134)
    assert np.array_equal(first.planes, action.expand(contracted, seed=2).planes)


def test_words_alone_make_a_video_by_another_class_of_the_same_weights(video_pipeline: str):
    action = variant(video_pipeline, pipeline="AnimateDiffPipeline", takes=Intake.TEXT, words="a cat")
    assert action.mode is CodingMode.NO_REFERENCE
    contracted = action.contract(clip(), RateTarget(0.01))
    assert contracted.generative_bits == 8 * len("a cat")
    shown = action.expand(contracted, seed=2)
    assert (shown.frames, shown.width_px, shown.height_px) == (3, 140, 134)


def test_what_a_pipeline_takes_is_checked(image_pipeline: str, video_pipeline: str):
    with pytest.raises(InputError, match="takes video, but StableDiffusionImg2ImgPipeline takes image"):
        variant(image_pipeline, takes=Intake.VIDEO).load()
    with pytest.raises(InputError, match="takes no option frames_per_second"):
        variant(video_pipeline, takes=Intake.VIDEO, options={"frames_per_second": 3}).load()
    with pytest.raises(InputError, match="makes single pictures from text"):
        variant(image_pipeline, pipeline="StableDiffusionPipeline").load()
    with pytest.raises(InputError, match=r'has no pipeline StableDiffusionImg2Img.*did you mean "'):
        variant(image_pipeline, pipeline="StableDiffusionImg2Img").load()


def test_memory_and_stages_are_told(image_pipeline: str):
    action = variant(image_pipeline)
    on_disk = sum(file.stat().st_size for file in Path(image_pipeline).rglob("*.safetensors"))
    assert action.model_bytes == on_disk
    assert action.memory_bound_bytes(140, 134, 3) > 2 * on_disk
    action.expand(action.contract(clip(), KnobTarget(40.0)))
    assert {Stage.LOAD, Stage.PREPARE, Stage.INFER, Stage.ENTROPY, Stage.FINISH} == set(action.take_stages())


def test_a_placement_that_cannot_be_is_refused(image_pipeline: str):
    action = variant(image_pipeline)
    with pytest.raises(InputError, match="precision int8; accepted: float32"):
        action.place(Placement(precision="int8"))
    with pytest.raises(InputError, match="device tpu; accepted: cpu, cuda, cuda:N"):
        action.place(Placement(device="tpu"))
    with pytest.raises(InputError, match="device cuda:99 is not there"):
        action.place(Placement(device="cuda:99"))


def test_bfloat16_is_the_precision_of_the_weights(image_pipeline: str):
    action = variant(image_pipeline, strength=0.5)
    contracted = action.contract(clip(1), KnobTarget(40.0))
    whole = action.expand(contracted, seed=1)
    action.place(Placement(precision="bfloat16"))
    short = action.expand(contracted, seed=1)
    difference = np.abs(whole.planes.astype(int) - short.planes)
    assert 0 < difference.mean() < 10


def test_damage_and_other_domains_are_refused(image_pipeline: str):
    action = variant(image_pipeline, words="a cat")
    contracted = action.contract(clip(), KnobTarget(40.0))
    with pytest.raises(InputError, match=r'not "codec\.x265"'):
        action.expand(_with(contracted, domain="codec.x265"))
    with pytest.raises(InputError, match="the words of a representation are damaged"):
        action.expand(_with(contracted, parts=(contracted.parts[0], Part(PartKind.GENERATIVE, b"\xff"))))
    with pytest.raises(InputError, match="it is damaged"):
        action.expand(_with(contracted, parts=(contracted.parts[1], contracted.parts[0])))
    with pytest.raises(InputError, match="it is damaged"):
        action.expand(_with(contracted, parts=()))


def test_what_a_plug_in_must_say():
    with pytest.raises(InputError, match="names no weights"):
        DiffusionAction()
    with pytest.raises(InputError, match="are at least 1"):
        variant("x/y", key_every=0)
    with pytest.raises(InputError, match="no words"):
        variant("x/y", takes=Intake.TEXT).contract(clip(), RateTarget(0.01))
    assert DiffusionAction.compatibility is Compatibility.FORMAT


def _with(contracted: ContractedVideo, **changes: object) -> ContractedVideo:
    return replace(contracted, **changes)


def write_image_pipeline(folder: Path) -> Path:
    """Stable Diffusion, image to image: every component of it, with 8 to 16 channels."""
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        pipeline = diffusers.StableDiffusionImg2ImgPipeline(
            **_components(folder),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    return _written(pipeline, folder)


def write_video_pipeline(folder: Path) -> Path:
    """AnimateDiff, video to video: the same with a motion module."""
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        motion = diffusers.MotionAdapter(
            block_out_channels=(8, 16),
            motion_layers_per_block=1,
            motion_norm_num_groups=4,
            motion_num_attention_heads=2,
            motion_max_seq_length=8,
        )
        pipeline = diffusers.AnimateDiffVideoToVideoPipeline(**_components(folder), motion_adapter=motion)
    return _written(pipeline, folder)


def write_first_frame_pipeline(folder: Path) -> Path:
    """Stable Video Diffusion: a video from one picture, without words."""
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        pipeline = diffusers.StableVideoDiffusionPipeline(
            vae=diffusers.AutoencoderKLTemporalDecoder(
                block_out_channels=(32,) * 4, down_block_types=("DownEncoderBlock2D",) * 4, latent_channels=4
            ),
            image_encoder=transformers.CLIPVisionModelWithProjection(
                transformers.CLIPVisionConfig(
                    hidden_size=8,
                    intermediate_size=8,
                    projection_dim=8,
                    num_hidden_layers=1,
                    num_attention_heads=2,
                    image_size=224,
                    patch_size=56,
                )
            ),
            unet=diffusers.UNetSpatioTemporalConditionModel(
                sample_size=8,
                in_channels=8,
                out_channels=4,
                block_out_channels=(32, 32),
                layers_per_block=1,
                down_block_types=("DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"),
                up_block_types=("CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal"),
                cross_attention_dim=8,
                num_attention_heads=(2, 2),
                addition_time_embed_dim=8,
                projection_class_embeddings_input_dim=24,
            ),
            scheduler=diffusers.EulerDiscreteScheduler(
                timestep_spacing="leading",
                use_karras_sigmas=True,
                prediction_type="v_prediction",
                timestep_type="continuous",
                sigma_min=0.002,
                sigma_max=700.0,
                steps_offset=1,
            ),
            feature_extractor=transformers.CLIPImageProcessorPil(),
        )
    return _written(pipeline, folder)


def _components(folder: Path) -> dict[str, Any]:

    words = _tokenizer(folder.with_name(f"{folder.name}-words"))
    return {
        "tokenizer": words,
        "text_encoder": transformers.CLIPTextModel(
            transformers.CLIPTextConfig(
                vocab_size=len(words),
                hidden_size=8,
                intermediate_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=16,
                bos_token_id=words.bos_token_id,
                eos_token_id=words.eos_token_id,
                pad_token_id=words.pad_token_id,
            )
        ),
        "unet": diffusers.UNet2DConditionModel(
            sample_size=8,
            layers_per_block=1,
            block_out_channels=(8, 16),
            norm_num_groups=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=8,
            attention_head_dim=4,
        ),
        "vae": diffusers.AutoencoderKL(
            block_out_channels=(8,) * 4,
            norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            sample_size=16,
        ),
        "scheduler": diffusers.DDIMScheduler(steps_offset=1, clip_sample=False, beta_schedule="linear"),
    }


def _tokenizer(folder: Path) -> Any:
    """CLIP's tokenizer with the letters alone for a vocabulary."""
    folder.mkdir(parents=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return transformers.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16
    )


def _written(pipeline: Any, folder: Path) -> Path:
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder

"""Image codecs of CompressAI: real bitstreams of tiny networks of random weights."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from netgen.actions.contract import Compatibility, KnobTarget, Placement, Stage
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError, MissingDependencyError
from netgen.media.yuv_clip import YuvClip, clip_from_rgb
from netgen.pretrained.compressai_codec import CompressAIAction
from netgen.pretrained.pictures import padded, pictures_of
from netgen.pretrained.placing import inference_threads

# CompressAI, and what it imports, meet deprecations of torch
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SHAPES = {"bmshj2018-factorized": (8, 12), "bmshj2018-hyperprior": (8, 12), "mbt2018-mean": (8, 12)}


def write_network(folder: Path, architecture: str, *, seed: int = 0, spread: float = 40.0) -> str:
    """Weights of a network that is not trained; `spread` makes its latents large enough to cost bits."""
    zoo = pytest.importorskip(
        "compressai.zoo.image",
        reason="CompressAI cannot be a dependency (numpy < 2, torchvision): see docs/large-models.md",
    )

    with torch.random.fork_rng():
        torch.random.manual_seed(seed)
        network = zoo.model_architectures[architecture](*SHAPES[architecture])
    with torch.no_grad():
        network.g_a[-1].weight *= spread
    file = folder / f"{architecture}-{seed}-{spread:g}.safetensors"
    save_file({key: value.contiguous().clone() for key, value in network.state_dict().items()}, file)
    return str(file)


def clip(frames: int = 3) -> YuvClip:
    rows, columns = np.mgrid[:70, :98]
    rgb = [
        np.stack((128 + 100 * np.sin((columns - 3 * t) / 9), 128 + 90 * np.cos(rows / 11), rows), axis=-1)
        for t in range(frames)
    ]
    return clip_from_rgb(np.stack(rgb).astype(np.uint8), frame_rate_hz=Fraction(25))


def variant(architecture: str, *weights: str, key_every: int = 1) -> CompressAIAction:
    given = {"architecture": architecture, "weights": weights, "key_every": key_every}
    return type("Tried", (CompressAIAction,), given)()


@pytest.mark.parametrize("architecture", SHAPES)
def test_what_is_decoded_is_what_the_network_reconstructs(tmp_path: Path, architecture: str):
    file = write_network(tmp_path, architecture)
    action = variant(architecture, file)
    contracted = action.contract(clip(), KnobTarget(1.0))
    received = ContractedVideo.from_bytes(contracted.to_bytes(), domain=variant(architecture, file).domain)
    shown = variant(architecture, file).expand(received)
    assert (shown.frames, shown.width_px, shown.height_px) == (3, 98, 70)
    assert np.array_equal(shown.planes, action.expand(contracted).planes)
    network = action._network(1)
    for index, picture in enumerate(padded(pictures_of(clip()), 64)):
        with torch.inference_mode(), inference_threads(torch, 1):
            forward = network(torch.from_numpy(picture).permute(2, 0, 1)[None])["x_hat"].clamp(0, 1)
        rgb = forward[0].permute(1, 2, 0).numpy()[None, :70, :98]
        wanted = clip_from_rgb(np.rint(255 * rgb).astype(np.uint8), frame_rate_hz=Fraction(25))
        assert np.abs(wanted.planes[0].astype(int) - shown.planes[index]).max() <= 1


def test_all_bits_are_bytes_and_follow_the_entropy(tmp_path: Path):
    quiet = variant("mbt2018-mean", write_network(tmp_path, "mbt2018-mean", spread=4.0))
    loud = variant("mbt2018-mean", write_network(tmp_path, "mbt2018-mean", spread=400.0))
    few, many = (action.contract(clip(), KnobTarget(1.0)) for action in (quiet, loud))
    assert few.generative_bits == many.generative_bits == 0
    assert len(few.to_bytes()) * 8 == few.bits < many.bits


def test_the_knob_chooses_among_the_weights(tmp_path: Path):
    files = [write_network(tmp_path, "mbt2018-mean", spread=spread) for spread in (4.0, 400.0)]
    action = variant("mbt2018-mean", *files)
    assert (action.knob.finest, action.knob.coarsest, action.knob.grid) == (2.0, 1.0, (2.0, 1.0))
    coarse, fine = (action.contract(clip(), KnobTarget(quality)) for quality in (1.0, 2.0))
    assert coarse.bits < fine.bits
    assert not np.array_equal(action.expand(coarse).planes, action.expand(fine).planes)
    assert action.model_bytes == sum(Path(file).stat().st_size for file in files)
    assert {Stage.LOAD, Stage.PREPARE, Stage.INFER, Stage.FINISH} == set(action.take_stages())


def test_key_frames_are_repeated(tmp_path: Path):
    file = write_network(tmp_path, "bmshj2018-hyperprior")
    every = variant("bmshj2018-hyperprior", file)
    keys = variant("bmshj2018-hyperprior", file, key_every=2)
    contracted = keys.contract(clip(4), KnobTarget(1.0))
    assert contracted.bits < every.contract(clip(4), KnobTarget(1.0)).bits
    whole = every.expand(every.contract(clip(4), KnobTarget(1.0)))
    assert np.array_equal(keys.expand(contracted).planes, whole.planes[[0, 0, 2, 3]])


def test_the_domain_holds_all_that_bits_depend_on(tmp_path: Path):
    first, second = (write_network(tmp_path, "mbt2018-mean", seed=seed) for seed in (0, 1))
    action = variant("mbt2018-mean", first)
    assert action.compatibility is Compatibility.DEVICE
    for part in ("mbt2018-mean", "device=cpu", "threads=1", "float32", f"torch={torch.__version__}"):
        assert part in action.domain
    assert variant("mbt2018-mean", second).domain != action.domain
    contracted = action.contract(clip(1), KnobTarget(1.0))
    with pytest.raises(InputError, match="other weights or on another device"):
        variant("mbt2018-mean", second).expand(contracted)
    before = action.domain
    action.place(Placement(threads=2))
    assert action.domain != before


def test_damage_is_seen_before_the_range_coder_reads_it(tmp_path: Path):
    action = variant("bmshj2018-hyperprior", write_network(tmp_path, "bmshj2018-hyperprior"))
    contracted = action.contract(clip(1), KnobTarget(1.0))
    payload = contracted.parts[0].payload
    for damaged in (payload[:-3], payload[:9] + bytes([payload[9] ^ 4]) + payload[10:], b""):
        with pytest.raises(InputError, match="damaged"):
            action.expand(replace(contracted, parts=(Part(PartKind.DISCRIMINATIVE, damaged),)))


def test_weights_of_another_architecture_are_refused(tmp_path: Path):
    file = write_network(tmp_path, "bmshj2018-factorized")
    with pytest.raises(InputError, match="holds no weights of mbt2018-mean"):
        variant("mbt2018-mean", file).load()
    with pytest.raises(InputError, match='no image codec mbt2018-men; did you mean "mbt2018-mean"'):
        variant("mbt2018-men", file).load()
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no tensors")
    with pytest.raises(InputError, match="holds no weights"):
        variant("mbt2018-mean", str(broken)).load()


def test_pickles_are_refused_and_missing_weights_are_named(tmp_path: Path):
    pickled = tmp_path / "bmshj2018-hyperprior-3.pth.tar"
    pickled.write_bytes(b"never read")
    with pytest.raises(InputError, match="are pickles, which are refused"):
        variant("bmshj2018-hyperprior", str(pickled)).load()
    missing = tmp_path / "q3.safetensors"
    with pytest.raises(InputError, match=f"looked in {missing}"):
        _ = variant("bmshj2018-hyperprior", str(missing)).model_bytes


def test_without_compressai_the_message_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "q1.safetensors"
    file.write_bytes(b"")
    for module in ("compressai", "compressai.zoo", "compressai.zoo.image"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=r"CompressAI cannot be imported .* asks for numpy < 2"):
        variant("mbt2018-mean", str(file)).load()


def test_only_float32_and_devices_that_are_there(tmp_path: Path):
    action = variant("mbt2018-mean", "q1.safetensors")
    with pytest.raises(InputError, match="accepted: float32, from which the tables"):
        action.place(Placement(precision="bfloat16"))
    with pytest.raises(InputError, match="device cuda:99 is not there"):
        action.place(Placement(device="cuda:99"))


def test_what_a_plug_in_must_say():
    with pytest.raises(InputError, match="names no model"):
        CompressAIAction()
    with pytest.raises(InputError, match="key_every is at least 1"):
        variant("mbt2018-mean", "q1.safetensors", key_every=0)

from pathlib import Path

import numpy as np
import pytest

from netgen.actions.contract import KnobTarget, Placement
from netgen.actions.layout import NETWORK, LayoutAction
from netgen.actions.rendering import FlatRenderAction
from netgen.errors import InputError
from netgen.media.quality import psnr_db
from tests.unit.actions.test_description import panned

torch = pytest.importorskip("torch", reason="the layout generator needs torch")

from netgen.models.layout_generator import LayoutGenerator  # noqa: E402  (needs torch)
from netgen.models.weights import save_weights  # noqa: E402


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights drawn at random, with a small last layer."""
    folder = tmp_path_factory.mktemp("weights")
    model = LayoutGenerator()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            scale = 0.002 if name.startswith("tail") else 0.03
            weight.copy_(scale * torch.randn(weight.shape, generator=generator))
    save_weights(model, NETWORK, folder)
    return folder


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that add nothing."""
    folder = tmp_path_factory.mktemp("silent")
    model = LayoutGenerator()
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    save_weights(model, NETWORK, folder)
    return folder


@pytest.mark.parametrize("size_px", [(16, 16), (176, 144), (512, 288), (1280, 720)])
def test_frames_come_back_in_size_and_number(weights: Path, size_px: tuple[int, int]) -> None:
    clip = panned(*size_px, 3, step_px=2)
    action = LayoutAction(weights=weights)
    shown = action.expand(action.contract(clip, KnobTarget(4)))
    assert shown.planes.shape == clip.planes.shape


def test_a_network_that_adds_nothing_is_the_flat_renderer(silent: Path) -> None:
    clip = panned(480, 272, 5, step_px=3)
    action = LayoutAction(weights=silent)
    made = action.contract(clip, KnobTarget(4))
    np.testing.assert_array_equal(action.expand(made).planes, action.expand_plainly(made).planes)


def test_the_network_changes_luma_alone(weights: Path) -> None:
    clip = panned(176, 144, 4, step_px=2)
    action = LayoutAction(weights=weights)
    made = action.contract(clip, KnobTarget(4))
    shown, plain = action.expand(made).planes, action.expand_plainly(made).planes
    assert (shown[:, :144] != plain[:, :144]).mean() > 0.02
    np.testing.assert_array_equal(shown[:, 144:], plain[:, 144:])


def test_both_renderers_read_the_same_bytes(weights: Path) -> None:
    clip = panned(176, 144, 4)
    flat, layout = FlatRenderAction(), LayoutAction(weights=weights)
    assert flat.contract(clip, KnobTarget(4)) == layout.contract(clip, KnobTarget(4))
    assert flat.mode is layout.mode
    assert layout.model_bytes > 1_000_000 > flat.model_bytes == 0


def test_a_sketch_is_sent_when_asked_for_and_steers_the_network(weights: Path) -> None:
    clip = panned(176, 144, 4)
    plain, sketched = LayoutAction(weights=weights), LayoutAction(weights=weights, control="layout+sketch")
    made, more = (action.contract(clip, KnobTarget(4)) for action in (plain, sketched))
    assert more.bits > made.bits + 8 * 20
    assert (plain.expand(made).planes != plain.expand(more).planes).any()
    np.testing.assert_array_equal(plain.expand_plainly(made).planes, plain.expand_plainly(more).planes)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_same_bytes_give_the_same_frames(weights: Path, precision: str) -> None:
    clip = panned(176, 144, 5, step_px=2)
    shown = []
    for _ in range(2):
        action = LayoutAction(weights=weights)
        action.place(Placement(precision=precision))
        shown.append(action.expand(action.contract(clip, KnobTarget(5)), seed=len(shown)).planes)
    np.testing.assert_array_equal(*shown)


def test_batches_of_pictures_give_the_same_frames(weights: Path) -> None:
    one, other = panned(176, 144, 6), panned(176, 144, 6, seed=9)
    clip = type(one)(np.concatenate((one.planes, other.planes)), one.frame_rate_hz)
    action = LayoutAction(weights=weights)
    made = action.contract(clip, KnobTarget(4))
    together = action.expand(made).planes.astype(int)
    action.place(Placement(batch=1))
    assert np.abs(action.expand(made).planes.astype(int) - together).max() <= 1


def test_unknown_control_is_refused() -> None:
    with pytest.raises(InputError, match="layout\\+sketch"):
        LayoutAction(control="text")


@pytest.mark.slow
def test_the_shipped_network_is_better_than_none_on_a_picture_it_never_saw() -> None:
    data = pytest.importorskip("skimage.data", reason="the picture comes with scikit-image")
    from netgen.media.yuv_clip import clip_from_rgb  # noqa: PLC0415  (needs PyAV)

    picture = data.chelsea()[14:286, :450][:, : 450 // 2 * 2]
    clip = clip_from_rgb(np.repeat(picture[None], 2, axis=0), frame_rate_hz=panned(16, 16, 1).frame_rate_hz)
    action = LayoutAction()
    made = action.contract(clip, KnobTarget(4))
    assert (
        psnr_db(clip.luma, action.expand(made).luma)
        > psnr_db(clip.luma, action.expand_plainly(made).luma) + 0.03
    )

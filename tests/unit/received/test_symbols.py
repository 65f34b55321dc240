"""Clips as symbols through fading."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from netgen.errors import InputError  # noqa: E402
from netgen.media.yuv_clip import YuvClip  # noqa: E402
from netgen.models.joint_coding import JointChain  # noqa: E402
from netgen.models.weights import save_weights  # noqa: E402
from netgen.received.symbols import ARMS, SYMBOLS_PER_PIXEL_OF_YUV, JointCodec  # noqa: E402
from netgen.rng import generator_from  # noqa: E402

PLANES = np.random.default_rng(1).integers(0, 256, (3, 48, 64), np.uint8)


@pytest.fixture
def codec(tmp_path):
    torch.manual_seed(1)
    save_weights(JointChain(denoises=False), "joint-plain", tmp_path)
    return JointCodec(ARMS[0], tmp_path)


def test_frames_keep_their_shape_and_noise_changes_them(codec):
    clean = codec.shown(PLANES, None, generator_from(1))
    assert (clean.shape, clean.dtype) == (PLANES.shape, np.uint8)
    errors = [
        np.abs(codec.shown(PLANES, snr_db, generator_from(1)).astype(int) - clean).mean()
        for snr_db in (40, 10, -10)
    ]
    assert errors == sorted(errors)
    assert errors[0] < errors[2]
    assert codec.encode_s > 0
    assert codec.decode_s > 0


def test_the_same_noise_gives_the_same_picture(codec):
    first, second = (codec.shown(PLANES, 5.0, generator_from(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_only_whole_symbols_are_sent(codec):
    with pytest.raises(ValueError, match="72 x 32"):
        codec.shown(np.zeros((1, 48, 72), np.uint8), None, generator_from(1))


def test_operations_and_parameters_are_counted(codec):
    """Both sides have some; luma and chroma together take half as much again as luma."""
    encode, decode = codec.flops(YuvClip(PLANES.copy(), 25))
    assert 0 < encode < decode
    encoder, decoder = codec.parameters
    assert encoder + decoder == sum(one.numel() for one in JointChain(denoises=False).parameters())
    assert SYMBOLS_PER_PIXEL_OF_YUV == 1.5 / 16


def test_missing_weights_are_told(tmp_path):
    with pytest.raises(InputError, match="joint-diffusion"):
        JointCodec(ARMS[1], tmp_path)

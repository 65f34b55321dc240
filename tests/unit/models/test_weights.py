"""Weights: what is written comes back, and whatever else lies there is refused."""

import pytest
import torch

from netgen.errors import InputError
from netgen.models.restorer import Restorer, initialise
from netgen.models.weights import (
    LIST_FILE,
    load_into,
    save_weights,
    shipped_folder,
    weights_bytes,
    weights_digest,
)
from netgen.training.lessons import LESSONS


@pytest.fixture
def model():
    network = Restorer(2, channels=4, blocks=1)
    initialise(network, torch.Generator().manual_seed(3))
    return network


def test_what_is_written_comes_back_in_half_precision(model, tmp_path):
    path = save_weights(model, "small", tmp_path)
    again = Restorer(2, channels=4, blocks=1)
    load_into(again, "small", tmp_path)
    for key, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[key], tensor.half().float())
    assert weights_bytes("small", tmp_path) == path.stat().st_size
    assert len(weights_digest("small", tmp_path)) == 64
    assert not list(tmp_path.glob("*.part"))


def test_two_files_share_one_list(model, tmp_path):
    save_weights(model, "one", tmp_path)
    save_weights(model, "two", tmp_path)
    assert [line.split()[1] for line in (tmp_path / LIST_FILE).read_text().splitlines()] == [
        "one.safetensors",
        "two.safetensors",
    ]


def test_missing_weights_are_named_with_the_nearest(model, tmp_path):
    save_weights(model, "restorer-x2", tmp_path)
    with pytest.raises(InputError, match=r'did you mean "restorer-x2".*netgen train'):
        load_into(model, "restorer-x3", tmp_path)


def test_an_exchanged_file_is_refused(model, tmp_path):
    path = save_weights(model, "small", tmp_path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"SHA-256 .* damaged, or was exchanged"):
        load_into(model, "small", tmp_path)


def test_weights_without_a_list_are_refused(model, tmp_path):
    save_weights(model, "small", tmp_path)
    (tmp_path / LIST_FILE).unlink()
    with pytest.raises(InputError, match="cannot be checked"):
        weights_digest("small", tmp_path)


def test_weights_of_another_network_are_refused(model, tmp_path):
    save_weights(model, "small", tmp_path)
    with pytest.raises(InputError, match=r"another network: .* has the shape"):
        load_into(Restorer(4, channels=4, blocks=1), "small", tmp_path)


def test_shipped_weights_are_whole_and_small():
    shipped = sorted(path.stem for path in shipped_folder().glob("*.safetensors"))
    assert {"interpolator", "restorer-x1", "restorer-x2"} <= set(shipped)
    built = {lesson.name: lesson.build for lesson in LESSONS}
    for name in shipped:
        load_into(built[name](), name)
    assert sum(weights_bytes(name) for name in shipped) < 10_000_000

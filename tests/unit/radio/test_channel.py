"""Terminals and the channel: what is refused, and where each site reads the field."""

import numpy as np
import pytest

from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals

FIELD = CorrelatedField.drawn(np.random.default_rng(1), 64, samples_per_distance=2)


def drawn(seed: int, sites: int = 19, **options) -> Channel:
    return Channel.drawn(
        Environment.UMA, 2e9, sites=sites, rng=np.random.default_rng(seed), field=FIELD, **options
    )


def test_terminals_stand_outdoors_unless_told():
    users = Terminals([1.5, 4.5])
    assert users.count == 2
    assert not users.indoor.any()
    assert users.entry_loss_db.tolist() == users.inside_m.tolist() == [0.0, 0.0]
    assert users.identity.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height_m": [1.5, 0.0]}, r"height_m\[1\] = 0.0 is too low"),
        ({"height_m": [1.5, np.inf]}, r"height_m\[1\] = inf is not finite"),
        ({"height_m": [1.5], "inside_m": -1.0}, r"inside_m\[0\] = -1.0 is too low"),
        ({"height_m": [1.5], "identity": [-1]}, r"identity\[0\] = -1 is too low"),
        ({"height_m": [1.5], "indoor": [True, False]}, r"indoor has the shape \(2,\), not \(1,\)"),
    ],
)
def test_wrong_terminals_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Terminals(**options)


def test_a_channel_follows_from_its_stream():
    assert np.array_equal(drawn(1).offsets, drawn(1).offsets)
    assert drawn(1).height_key == drawn(1).height_key
    assert not np.array_equal(drawn(1).offsets, drawn(2).offsets)


def test_sites_and_states_read_places_far_apart():
    """76 places on a torus of 32 correlation distances: none nearer than 1.5 of them."""
    places = drawn(3).offsets.reshape(-1, 2)
    apart = np.abs(places[:, np.newaxis] - places[np.newaxis])
    apart = np.minimum(apart, FIELD.period - apart)
    distance = np.hypot(apart[..., 0], apart[..., 1])
    np.fill_diagonal(distance, np.inf)
    assert places.shape == (76, 2)
    assert distance.min() > 1.5


def test_wrong_channels_are_refused():
    with pytest.raises(ValueError, match=r"carrier_hz = -1\.0 is not positive and finite"):
        Channel(Environment.UMA, -1.0, FIELD, np.zeros((1, 4, 2)), np.uint64(0))
    with pytest.raises(ValueError, match="offsets has the shape"):
        Channel(Environment.UMA, 1e9, FIELD, np.zeros((1, 3, 2)), np.uint64(0))

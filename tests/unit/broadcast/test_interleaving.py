"""Bursts of losses with and without a time interleaver."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.broadcast.interleaving import interleaved_losses, loss_correlation


def test_without_depth_a_burst_is_the_fade() -> None:
    """0.5 s at 10 ms per packet: 50 packets, whatever the loss."""
    losses = interleaved_losses([0.01, 0.1, 0.5], fade_s=0.5, depth_s=0.0, packet_s=0.01)
    assert losses.mean_burst == pytest.approx([50.0, 50.0, 50.0])
    assert losses.loss_probability == pytest.approx([0.01, 0.1, 0.5])


def test_great_depth_makes_losses_independent() -> None:
    """Bursts of 1 / (1 - p), no correlation."""
    losses = interleaved_losses([0.0, 0.1, 0.5], fade_s=0.5, depth_s=60.0, packet_s=0.01)
    assert losses.mean_burst == pytest.approx([1.0, 1 / 0.9, 2.0])
    assert losses.correlation == pytest.approx(np.zeros(3), abs=1e-12)


def test_depth_of_one_fade_by_hand() -> None:
    """Loss 0.1, fade 9 packets, depth 9 packets: correlation (1 - 1/8.1)^10."""
    losses = interleaved_losses(0.1, fade_s=0.09, depth_s=0.09, packet_s=0.01)
    kept = (1 - 1 / 8.1) ** 10
    assert losses.correlation == pytest.approx(kept)
    assert losses.mean_burst == pytest.approx(1 / (0.9 * (1 - kept)))


def test_a_short_fade_is_independent_loss() -> None:
    """A fade shorter than a packet leaves nothing to interleave."""
    losses = interleaved_losses(0.2, fade_s=0.001, depth_s=0.0, packet_s=0.01)
    assert losses.mean_burst == pytest.approx(1.25)


def test_mean_burst_of_a_stride_by_simulation() -> None:
    """A simulated Markov loss read at a stride of 11 packets; the test would see an error of 5 %."""
    rng = np.random.default_rng(11)
    loss, fade, stride, packets = 0.1, 20.0, 11, 1_000_000
    correlation = float(loss_correlation(loss, fade))
    fresh = rng.random(packets) >= correlation
    fresh[0] = True
    drawn = rng.random(packets) < loss
    lost = drawn[np.maximum.accumulate(np.where(fresh, np.arange(packets), 0))]
    runs = [lost[offset::stride] for offset in range(stride)]
    total = sum(int(run.sum()) for run in runs)
    bursts = sum(int(run[0]) + int((run[1:] & ~run[:-1]).sum()) for run in runs)
    expected = float(interleaved_losses(loss, fade_s=fade, depth_s=stride - 1.0, packet_s=1.0).mean_burst)
    assert total / bursts == pytest.approx(expected, rel=0.05)
    assert expected < 0.25 * fade


def test_certain_loss() -> None:
    """Everything lost: an endless burst, no correlation to speak of."""
    losses = interleaved_losses(1.0, fade_s=0.5, depth_s=0.0, packet_s=0.01)
    assert np.isinf(losses.mean_burst)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fade_s": [0.1, -1.0], "depth_s": 0.0, "packet_s": 0.1}, r"fade_s\[1\]"),
        ({"fade_s": 0.1, "depth_s": -1.0, "packet_s": 0.1}, "depth_s"),
        ({"fade_s": 0.1, "depth_s": 0.0, "packet_s": 0.0}, "packet_s"),
    ],
)
def test_bad_times_are_refused(arguments: dict[str, object], message: str) -> None:
    """Each names the value."""
    with pytest.raises(ValueError, match=message):
        interleaved_losses(0.1, **arguments)  # type: ignore[arg-type]


def test_bad_losses_are_refused() -> None:
    """Probabilities and bursts outside their range."""
    with pytest.raises(ValueError, match=r"loss_probability\[1\] = 1.2"):
        loss_correlation([0.1, 1.2], 2.0)
    with pytest.raises(ValueError, match=r"mean_burst\[0\] = 0.5"):
        loss_correlation(0.1, 0.5)

"""Frame errors near the threshold."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from netgen.broadcast.fading_limit import limit_db
from netgen.broadcast.reception_curve import (
    WIDTH_16200_DB,
    WIDTH_64800_DB,
    WIDTH_TURBO_6144_DB,
    frame_error_probability,
    packet_loss_probability,
)


def simulated() -> list[dict[str, str]]:
    """Rows of the simulated waterfalls."""
    text = (files("netgen.broadcast") / "waterfall.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def fitted_width_db(rows: list[dict[str, str]]) -> float:
    """Most likely standard deviation of one simulated waterfall."""
    snr, frames, failed = (
        np.array([float(row[name]) for row in rows]) for name in ("snr_db", "frames", "failed")
    )

    def cost(point: NDArray[np.float64]) -> float:
        steps = (snr - point[0]) / np.exp(point[1])
        return -float(failed @ norm.logsf(steps) + (frames - failed) @ norm.logcdf(steps))

    best = minimize(cost, [np.median(snr), np.log(0.1)], method="Nelder-Mead")
    return float(np.exp(best.x[1]))


@pytest.mark.parametrize(("block_bits", "width_db"), [(64800, WIDTH_64800_DB), (16200, WIDTH_16200_DB)])
def test_widths_are_those_of_the_simulated_codes(block_bits: int, width_db: float) -> None:
    """Every simulated QPSK waterfall of that length has this width to 15 %."""
    rows = [
        row for row in simulated() if row["block_bits"] == str(block_bits) and row["bits_per_symbol"] == "2"
    ]
    rates = sorted({row["rate"] for row in rows})
    assert len(rates) >= 2
    widths = [fitted_width_db([row for row in rows if row["rate"] == rate]) for rate in rates]
    assert np.allclose(widths, width_db, rtol=0.15)


@pytest.mark.parametrize(("rate", "limit"), [("1/3", 2 / 3), ("1/2", 1.0)])
def test_turbo_code_has_its_width_and_its_distance_from_the_limit(rate: str, limit: float) -> None:
    """Simulated LTE turbo code: 1 % of blocks lost between 0.8 and 1.0 dB above the limit, width to 25 %."""
    rows = [
        row
        for row in simulated()
        if (row["code"], row["rate"], row["bits_per_symbol"]) == ("turbo", rate, "2")
    ]
    width_db = fitted_width_db(rows)
    assert width_db == pytest.approx(WIDTH_TURBO_6144_DB, rel=0.25)
    below = max(
        (row for row in rows if int(row["failed"]) < int(row["frames"]) * 0.3), key=lambda row: row["failed"]
    )
    share = int(below["failed"]) / int(below["frames"])
    one_percent_db = float(below["snr_db"]) + width_db * (norm.isf(0.01) - norm.isf(share))
    assert one_percent_db - limit_db(limit, 2) == pytest.approx(0.9, abs=0.1)


def test_follows_the_normal_tail() -> None:
    """Against SciPy over the whole range, also far in the tail."""
    margin = np.linspace(-1.0, 1.4, 4001)
    ours = frame_error_probability(margin, 0.0)
    reference = norm.sf(margin / WIDTH_64800_DB + norm.isf(1e-4))
    assert np.allclose(ours, reference, rtol=5e-5, atol=1e-300)


def test_ends_and_the_requirement() -> None:
    """1 far below, 0 far above, the stated error at the requirement; scales with the width."""
    errors = frame_error_probability([-np.inf, -5.0, 3.0, 50.0, np.inf], 3.0, error_at_required=1e-2)
    assert errors == pytest.approx([1.0, 1.0, 1e-2, 0.0, 0.0], rel=1e-4)
    narrow = frame_error_probability(3.02, 3.0, width_db=0.02)
    wide = frame_error_probability(3.1, 3.0, width_db=0.1)
    assert narrow == pytest.approx(wide)


def test_users_and_configurations_broadcast() -> None:
    """Users by configurations in one call."""
    assert frame_error_probability(np.zeros((5, 1)), np.arange(3.0)).shape == (5, 3)


def test_packets_over_frames() -> None:
    """One bit: the frame error; one frame long: 1 - (1 - p)^(2 - 1/bits); much shorter: nearly p."""
    assert packet_loss_probability(0.1, packet_bits=1, frame_payload_bits=1000) == pytest.approx(0.1)
    full = packet_loss_probability(0.1, packet_bits=1000, frame_payload_bits=1000)
    assert full == pytest.approx(0.1 * 0.001 + 0.19 * 0.999)
    two = packet_loss_probability(0.1, packet_bits=1001, frame_payload_bits=1000)
    assert two == pytest.approx(0.19)
    assert packet_loss_probability([0.0, 1.0], packet_bits=9000, frame_payload_bits=1000) == pytest.approx(
        [0, 1]
    )


def test_packets_by_simulation() -> None:
    """Uniform start in the frame, independent frame errors; the test would see an error of 2 %."""
    rng = np.random.default_rng(3)
    packets, packet_bits, frame_bits, error = 400_000, 1500, 1000, 0.05
    start = rng.integers(0, frame_bits, packets)
    touched = (start + packet_bits - 1) // frame_bits + 1
    lost = (rng.random((packets, 3)) < error) & (np.arange(3) < touched[:, None])
    share = lost.any(axis=1).mean()
    expected = packet_loss_probability(error, packet_bits=packet_bits, frame_payload_bits=frame_bits)
    four_errors = 4 * np.sqrt(expected * (1 - expected) / packets)
    assert four_errors < 0.02 * expected
    assert abs(share - expected) < four_errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"snr_db": [0.0, np.nan], "required_db": 0.0}, r"snr_db\[1\]"),
        ({"snr_db": 0.0, "required_db": np.nan}, r"required_db\[0\]"),
        ({"snr_db": 0.0, "required_db": 0.0, "width_db": 0.0}, "width_db"),
        ({"snr_db": 0.0, "required_db": 0.0, "error_at_required": 0.5}, "error_at_required"),
    ],
)
def test_bad_margins_are_refused(arguments: dict[str, object], message: str) -> None:
    """Each names what is wrong."""
    with pytest.raises(ValueError, match=message):
        frame_error_probability(**arguments)  # type: ignore[arg-type]


def test_bad_packets_are_refused() -> None:
    """A probability outside its range, and no bits."""
    with pytest.raises(ValueError, match=r"frame_error\[1\] = 1.5"):
        packet_loss_probability([0.1, 1.5], packet_bits=10, frame_payload_bits=10)
    with pytest.raises(ValueError, match="packet_bits = 0"):
        packet_loss_probability(0.1, packet_bits=0, frame_payload_bits=10)

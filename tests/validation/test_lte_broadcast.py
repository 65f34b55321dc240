"""LTE-based 5G broadcast against the numerology of 36.211 and the reference channels of 36.101."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from netgen.broadcast.lte_broadcast import McsTable, MulticastConfig, numerologies

TABLES = Path(__file__).parent / "tables"
SPEED_OF_LIGHT_M_PER_S = 299_792_458.0


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a reference table, without its comments."""
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def test_symbol_and_prefix_of_every_spacing() -> None:
    """Useful time, prefix, its overhead and the path difference that it covers."""
    table = rows("lte_5g_numerology.csv")
    assert len(table) == 5
    for row in table:
        name = "0.37kHz-sl2" if row["spacing_khz"].startswith("0.37") else f"{row['spacing_khz']}kHz"
        shape = numerologies()[name]
        assert shape.useful_symbol_s * 1e6 == pytest.approx(float(row["useful_us"]), abs=1e-3)
        assert shape.prefix_s * 1e6 == pytest.approx(float(row["prefix_us"]), abs=1e-3)
        assert shape.subcarriers == int(row["subcarriers_per_block"])
        overhead = shape.prefix_s / (shape.prefix_s + shape.useful_symbol_s)
        assert overhead * 100 == pytest.approx(float(row["prefix_overhead_percent"]), abs=0.05)
        distance_km = shape.prefix_s * SPEED_OF_LIGHT_M_PER_S / 1e3
        assert distance_km == pytest.approx(float(row["prefix_distance_km"]), abs=0.06)


@pytest.mark.parametrize(("name", "mcs"), [("R.40", 4), ("R.37", 4), ("R.38", 12)])
def test_reference_channels_of_36_101(name: str, mcs: int) -> None:
    """Payload, coded bits and code blocks of the MBMS reference channels."""
    (row,) = (row for row in rows("lte_5g_reference_channels.csv") if row["name"] == name)
    config = MulticastConfig(
        "15kHz", int(row["resource_blocks"]), mcs, McsTable.UP_TO_64QAM, control_symbols=2
    )
    assert config.bits_per_symbol == int(row["bits_per_symbol"])
    assert config.transport_block_bits == int(row["payload_bits"])
    assert config.channel_bits == int(row["channel_bits"])
    assert config.code_blocks == int(row["code_blocks"])


def test_cell_acquisition_leaves_97_5_percent() -> None:
    """5G-MAG: up to 97.5 % of the carrier is left for the multicast channel."""
    config = MulticastConfig("1.25kHz", 40, 10)
    assert config.net_bit_rate_bps == pytest.approx(config.transport_block_bits / 1e-3 * 0.975)

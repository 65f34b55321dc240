"""The table of live runs against profiles says what was measured."""

import importlib.util
import json
import sys
from dataclasses import asdict

import pyarrow.parquet as pq
import pytest

from netgen.report.rate_quality import shipped_records
from netgen.run import run


@pytest.fixture(scope="module")
def program(root):
    """docs/live_table.py as a module."""
    spec = importlib.util.spec_from_file_location("live_table", root / "docs" / "live_table.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


TIMED = (
    {"contract": [0.2, 0.2, 0.2], "expand": [0.8, 0.8, 0.8]},
    {"contract": [0.2, 0.2, 0.2], "expand": [1.2, 1.2, 1.2]},
)


def row(bits, psnr_db, contract_s, expand_s, fidelity, index=0):
    """A segment, as far as the table reads it."""
    return {
        "index": index,
        "psnr_db": psnr_db,
        "ms_ssim": 0.95,
        "measured_fidelity": fidelity,
        "stages": [
            {"kind": "contract", "start_s": 1.0, "end_s": 1.0 + contract_s, "bits": bits},
            {"kind": "expand", "start_s": 2.0, "end_s": 2.0 + expand_s},
        ],
    }


@pytest.fixture
def within(program):
    """Live takes 4 % more bits and 5 % more time to contract, and half as much to expand."""
    pairs = [(row(bits, 30.3, 0.21, 0.5, 0.81), row(1000, 30.0, 0.2, 1.0, None)) for bits in (1000, 1080)]
    return program._difference("clip", "action", True, pairs, TIMED, (0.8, 0.82))


def test_a_difference_is_live_over_profile(within):
    assert within.bits == pytest.approx(1.04)
    assert (within.contract, within.expand) == pytest.approx((1.05, 0.5))
    assert (within.contract_timed, within.expand_timed) == pytest.approx((1.05, 0.5))
    assert (within.contract_machine, within.expand_machine) == pytest.approx((1.0, 1.5))
    assert within.psnr_db == pytest.approx(0.3)
    assert within.ms_ssim == pytest.approx(0.0)
    assert within.in_interval
    assert within.segments == 2


def test_the_table_counts_what_is_within_the_limits(program, within):
    outside = program._difference(
        "clip",
        "other",
        False,
        [(row(1200, 31.0, 0.2, 1.0, 0.5), row(1000, 30.0, 0.2, 1.0, None))],
        TIMED,
        (0.8, 0.82),
    )
    lines = program.table([asdict(within), asdict(outside)]).splitlines()
    assert lines[2] == "| calibrated (first three seconds) | 1 | 0 | 2 of 2 | 1 of 2 | 0 | 1 of 1 | 0 |"
    assert lines[3] == "| held out (the rest) | 1 | 1 | 1 of 2 | 1 of 2 | 1 | 1 of 1 | 1 |"
    assert (
        "| clip | `other` | calibrated (1) | 1.200 | 1.00 | 1.00 | 1.00 | 1.00 | +1.00 | +0.0000 | OUTSIDE |"
        in lines
    )


def test_its_scenario_contracts_at_one_node_and_expands_at_the_next(program, tmp_path):
    """By profile, which is quick: the live side differs in the fidelity alone."""
    records = [
        record
        for record in shipped_records()
        if record["profile"] == "x265-half" and record["content"]["clip"] == "portrait"
    ]
    (tmp_path / "one.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    (tmp_path / "scenario.yaml").write_text(
        program.SCENARIO.format(
            duration_s=3, end_s=9, fidelity="profile", device="AMD-EPYC-2-cores", profile="one.jsonl",
            action="x265-half", path=program.ROOT / "scenarios" / "clips" / "portrait.mkv",
            content_class="talking-face", bits_per_pixel=0.02, program=program.__file__,
        ),
        encoding="utf-8",
    )  # fmt: skip
    folder = run(tmp_path / "scenario.yaml", out=tmp_path / "run").folder
    rows = pq.read_table(folder / "segments.parquet").to_pylist()
    assert [row["outcome"] for row in rows] == ["delivered"] * 3
    for row in rows:
        places = [(stage["kind"], stage["where"]) for stage in row["stages"]]
        assert ("contract", "A") in places
        assert ("expand", "B") in places
    rows = [row | {"measured_fidelity": 0.9} for row in rows]
    same = program._difference(
        "portrait", "x265-half", False, list(zip(rows, rows, strict=True)), TIMED, (0, 1)
    )
    assert (same.bits, same.contract, same.expand, same.psnr_db) == (1, 1, 1, 0)

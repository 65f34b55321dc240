"""Every number of the shipped published tables against a transcription of the papers' own tables."""

import csv
import re
from importlib.resources import files

import pytest

from netgen.generative.device import find_device
from netgen.generative.profile import load_profiles

# Ma et al., Generative Coding: Promise and Challenges, APSIPA Trans. 14, 2025, Table 4, in its columns:
# method | params | bpp | encoding time | decoding time | platform | config
TABLE_4 = """
VTM     | -      | 0.406 | 60.871 ± 22.461 | 0.158 ± 0.014 | Intel Xeon Silver 4310 | QP = 32
ELIC    | 34M    | 0.497 | 2.878 ± 0.188   | 2.792 ± 0.173 | NVIDIA RTX 3090        | -
HiFiC   | 185M   | 0.303 | 0.660 ± 0.164   | 1.435 ± 0.210 | NVIDIA RTX 3090        | -
MS-ILLM | 181.5M | 0.433 | 0.171 ± 0.388   | 0.086 ± 0.024 | NVIDIA RTX 3090        | -
CDC     | 850M   | 0.485 | -               | 3.324 ± 0.031 | NVIDIA RTX 3090        | denoising steps = 50
DiffEIC | 950M   | 0.123 | 0.330 ± 0.383   | 6.854 ± 0.128 | NVIDIA RTX 3090        | denoising steps = 50
"""
# The same, Table 5: compared with | rate-DISTS | rate-LPIPS | rate-FID.
TABLE_5 = """
VVC          | -78.84% | -73.00% | -77.72%
FOMM         | -64.19% | -65.80% | -64.85%
FOMM2.0      | -43.54% | -46.28% | -43.02%
Face_vid2vid | -24.70% | -30.80% | -25.67%
CFTE         | -24.32% | -25.80% | -28.13%
"""
# The same, Table 6, transposed as printed: one column for each of these methods.
TABLE_6_METHODS = ("VVC", "FOMM", "FOMM2.0", "Face_vid2vid", "CFTE", "CTTR")
TABLE_6 = """
encode Params | -        | 14.215 | 14.147 | 72.195  | 14.131 | 14.131
encode MAdd   | -        | 1.277  | 1.059  | 317.324 | 0.989  | 0.989
encode Time   | 1323.495 | 21.065 | 19.648 | 18.829  | 16.402 | 16.095
decode Params | -        | 45.575 | 45.575 | 53.101  | 43.885 | 43.910
decode MAdd   | -        | 53.643 | 53.643 | 178.282 | 54.822 | 189.858
decode Time   | 0.650    | 14.274 | 14.257 | 20.093  | 13.232 | 22.880
"""
# Yin et al., Generative Video Semantic Communication via Multimodal Semantic Fusion with Large Model,
# sections III.A and IV.A-B: scheme | CBR | visual CBR | visual symbols | all symbols.
GVSC = """
Desc. Only       | 0.0007 | -      | -    | -
Sketch+Desc.     | 0.001  | -      | 1024 | 2171.56
Sketches+Desc.   | 0.003  | 0.0026 | -    | -
First Frame+Desc. | 0.0057 | -      | -    | -
"""
GVSC_BASELINES = {"h264-ldpc": 0.008, "h265-ldpc": 0.008, "dvst": 0.004}
DESCRIPTION_BITS, DESCRIPTION_SYMBOLS = 765.04, 1147.56

NAMES = {
    "VTM": "vtm",
    "ELIC": "elic",
    "HiFiC": "hific",
    "MS-ILLM": "ms-illm",
    "CDC": "cdc",
    "DiffEIC": "diffeic",
    "VVC": "vvc",
    "FOMM": "fomm",
    "FOMM2.0": "fomm2",
    "Face_vid2vid": "face-vid2vid",
    "CFTE": "cfte",
    "CTTR": "cttr",
    "Desc. Only": "gvsc-description",
    "Sketch+Desc.": "gvsc-sketch-description",
    "Sketches+Desc.": "gvsc-sketches-description",
    "First Frame+Desc.": "gvsc-first-frame-description",
}
TEXT_COLUMNS = {"profile", "mode", "learned", "playable", "representation", "task", "content_class", "device"}
# Numbers that the free text of a row may carry, besides those of "Table 4", "section 5.2" and the year.
NOTE_NUMBERS = {
    "vtm": {"23.0"},
    "vvc": {"100", "15"},
    "gvsc-description": {"1", "3", "4"},
    "gvsc-first-frame-description": {"0.92", "0"},
    "h264-ldpc": {"4"},
    "h265-ldpc": {"4"},
} | {name: {"100"} for name in ("fomm", "fomm2", "face-vid2vid", "cfte", "cttr")}
SOURCE_NUMBERS = {
    "Table 4": {"14", "2025", "4", "5.2"},
    "Table 6": {"14", "2025", "6", "5.1.1"},
    "section 5.1.2": {"14", "2025", "5.1.2"},
    "Model": set(),
}


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def mean_and_std(prefix: str, cell: str) -> dict[str, float]:
    if cell == "-":
        return {}
    mean, std = cell.split("±")
    return {f"{prefix}_s": float(mean), f"{prefix}_std_s": float(std)}


def expected_rows() -> dict[str, dict[str, float | str]]:
    """What the papers say, keyed by profile, in the columns of the shipped table."""
    rows: dict[str, dict[str, float | str]] = {}
    kodak = {"width_px": 768, "height_px": 512, "frames": 1}
    for method, params, bpp, encode, decode, device, config in cells(TABLE_4):
        row = rows[NAMES[method]] = {**kodak, "bits_per_pixel": float(bpp), "device": device}
        row |= mean_and_std("encode", encode) | mean_and_std("decode", decode)
        row |= {"params_m": float(params.removesuffix("M"))} if params != "-" else {}
        row |= {"operating_point": config} if config != "-" else {}
    column = {"Params": "params_m", "MAdd": "madd_g", "Time": "s"}
    for method in TABLE_6_METHODS:
        device = "Intel Xeon Platinum 8369B" if method == "VVC" else "Tesla A100"
        rows[NAMES[method]] = {"width_px": 256, "height_px": 256, "frames": 250, "device": device}
        rows[NAMES[method]]["operating_point"] = "mean over QP 32, 37, 42, 47, 52"
    for label, *figures in cells(TABLE_6):
        direction, measure = label.split()
        for method, figure in zip(TABLE_6_METHODS, figures, strict=True):
            if figure != "-":
                rows[NAMES[method]][f"{direction}_{column[measure]}"] = float(figure)
    rows["cmvc-it2v"] = {"encode_s": 722.54, "decode_s": 211.25, "device": "4x NVIDIA GeForce RTX 3090"}
    webvid = {"width_px": 256, "height_px": 256, "frames": 8, "frame_rate_hz": 4}
    names = ("channel_bandwidth_ratio", "visual_channel_bandwidth_ratio", "visual_symbols", "channel_symbols")
    for scheme, *figures in cells(GVSC):
        row = rows[NAMES[scheme]] = {**webvid, "description_bits": DESCRIPTION_BITS}
        row["description_symbols"] = DESCRIPTION_SYMBOLS
        row |= {name: float(text) for name, text in zip(names, figures, strict=True) if text != "-"}
    for name, ratio in GVSC_BASELINES.items():
        rows[name] = {**webvid, "channel_bandwidth_ratio": ratio}
    return rows


def shipped(name: str) -> list[dict[str, str]]:
    text = (files("netgen.generative") / "profiles" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


EXPECTED = expected_rows()


def test_the_table_has_exactly_the_profiles_of_the_papers():
    assert sorted(row["profile"] for row in shipped("published.csv")) == sorted(EXPECTED)


@pytest.mark.parametrize("row", shipped("published.csv"), ids=lambda row: row["profile"])
def test_every_figure_of_a_row_is_the_papers_and_none_is_missing_or_added(row):
    expected = dict(EXPECTED[row["profile"]])
    assert row["device"] == expected.pop("device", "")
    assert row["operating_point"] == expected.pop("operating_point", "")
    free_text = TEXT_COLUMNS | {"operating_point", "source", "note"}
    figures = {name: float(cell) for name, cell in row.items() if cell and name not in free_text}
    assert figures == expected


@pytest.mark.parametrize("row", shipped("published.csv"), ids=lambda row: row["profile"])
def test_free_text_carries_no_number_that_the_papers_do_not_have(row):
    number = re.compile(r"(?<![A-Za-z_.\d])\d+(?:\.\d+)*|(?<=\b[A-Z])\d+|(?<=VTM-)[\d.]+")
    known = NOTE_NUMBERS.get(row["profile"], set())
    assert set(number.findall(row["note"])) <= known
    place = next(key for key in SOURCE_NUMBERS if key in row["source"])
    assert set(number.findall(row["source"])) == SOURCE_NUMBERS[place]
    named = ("mode", "learned", "playable", "representation", "task", "content_class")
    assert not re.search(r"\d", "".join(row[name] for name in named))


def test_bitrate_savings_are_table_5():
    rows = shipped("published_bitrate_savings.csv")
    found = {
        row["compared_with"]: tuple(float(row[f"rate_{m}_percent"]) for m in ("dists", "lpips", "fid"))
        for row in rows
    }
    expected = {
        NAMES[method]: tuple(float(cell.removesuffix("%")) for cell in figures)
        for method, *figures in cells(TABLE_5)
    }
    assert found == expected
    assert len(rows) == len(expected)
    shared = {(row["profile"], row["sequences"], row["width_px"], row["height_px"]) for row in rows}
    assert shared == {("cttr", "40", "256", "256")}


def test_loaded_profiles_carry_the_papers_figures():
    profiles = load_profiles()
    for name, row in EXPECTED.items():
        point = profiles[name].at(None)
        for direction, work in (("encode", point.encode), ("decode", point.decode)):
            assert (work.seconds if work else None) == row.get(f"{direction}_s")
            assert (work.std_s if work else None) == row.get(f"{direction}_std_s")
            if work is not None:
                assert work.frames == row.get("frames")
                assert work.device == find_device(str(row["device"])).name
        assert point.channel_bandwidth_ratio == row.get("channel_bandwidth_ratio")
        assert (point.psnr_db, point.ms_ssim, point.semantic_fidelity) == (None, None, None)


def test_channel_bandwidth_ratios_follow_from_the_symbols():
    """CBR = K / (C_in H W F), K = 1.5 bits (turbo 1/3, 4-QAM) plus half of 32 x 32 x 2 for a sketch."""
    samples = 3 * 256 * 256 * 8
    assert pytest.approx(1.5 * DESCRIPTION_BITS) == DESCRIPTION_SYMBOLS
    rows = {row["profile"]: row for row in shipped("published.csv")}
    sketch = rows["gvsc-sketch-description"]
    symbols = float(sketch["description_symbols"]) + float(sketch["visual_symbols"])
    assert symbols == pytest.approx(float(sketch["channel_symbols"]))
    assert round(symbols / samples, 3) == float(sketch["channel_bandwidth_ratio"])
    assert round(DESCRIPTION_SYMBOLS / samples, 4) == float(
        rows["gvsc-description"]["channel_bandwidth_ratio"]
    )
    sketches = rows["gvsc-sketches-description"]
    total = float(sketches["visual_channel_bandwidth_ratio"]) + DESCRIPTION_SYMBOLS / samples
    assert round(total, 3) == float(sketches["channel_bandwidth_ratio"])


def test_only_a_bits_only_description_gets_a_rate_from_its_bits():
    profiles = load_profiles()
    assert profiles["gvsc-description"].at(None).bits_per_pixel == pytest.approx(765.04 / (8 * 256 * 256))
    for name in ("gvsc-sketch-description", "gvsc-sketches-description", "gvsc-first-frame-description"):
        assert profiles[name].at(None).bits_per_pixel is None

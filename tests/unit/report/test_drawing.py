"""Drawings of scenarios: what they show, what they refuse, and that they repeat."""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from netgen.errors import InputError, MissingDependencyError
from netgen.report.drawing import _layout, capacity_text, draw_scenario, in_lines, rate_text
from netgen.scenario import Scenario, load_scenario

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"
BEGINS = {"png": b"\x89PNG\r\n", "svg": b"<?xml", "pdf": b"%PDF-"}


def scenario_of(folder: Path, **sections) -> Scenario:
    """A scenario of these sections."""
    path = folder / "drawn.yaml"
    path.write_text(yaml.safe_dump({"name": "drawn", "duration": "10 s", **sections}), encoding="utf-8")
    return load_scenario(path)


@pytest.fixture
def small(tmp_path) -> Scenario:
    """One chain, one cell with users, one link in both directions, one that changes."""
    content = {
        "kind": "parametric",
        "format": "720p25",
        "rate": "1 Mbit/s",
        "class": "natural",
        "semantic_bits": 9,
    }
    return scenario_of(
        tmp_path,
        nodes={
            "studio": "server",
            "edge": "edge",
            "spot": {"kind": "cell", "radio": {"capacity": "9 Mbit/s", "peak_rate": "3 Mbit/s"}},
        },
        links={
            "studio -> edge": {"capacity": "7 Mbit/s"},
            "edge -> spot": {
                "capacity": {"kind": "steps", "steps": {"0 s": "4 Mbit/s", "3 s": "500 kbit/s"}}
            },
        },
        contents={"clip": content},
        services={"play": {"content": "clip", "from": "studio", "to": "spot"}},
        audiences={"crowd": {"count": 12, "cells": ["spot"], "watches": ["play"]}},
    )


@pytest.mark.parametrize("suffix", list(BEGINS))
def test_the_suffix_decides_and_the_bytes_repeat(small, tmp_path, suffix):
    one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
    draw_scenario(small, one)
    draw_scenario(small, other)
    assert one.read_bytes().startswith(BEGINS[suffix])
    assert one.read_bytes() == other.read_bytes()
    assert b"CreationDate" not in one.read_bytes()
    assert b"dc:date" not in one.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_it_shows_names_devices_capacities_and_users(small, tmp_path):
    out = tmp_path / "small.svg"
    draw_scenario(small, out)
    text = out.read_text(encoding="utf-8")
    for word in (
        "studio",
        "edge",
        "L4",
        "7 Mbit/s",
        "500 kbit/s to 4 Mbit/s",
        "edge with GPU",
        "crowd: 12 users at spot",
    ):
        assert f"<!-- {word} -->" in text, word


def extents(scenario, monkeypatch, tmp_path):
    """Every text of a drawing with its box, and the box of the picture, as they come out in a PNG."""
    kept = []
    monkeypatch.setattr("netgen.report.drawing.save_figure", lambda figure, _out: kept.append(figure))
    draw_scenario(scenario, tmp_path / "boxes.png")
    figure = kept[0]
    figure.dpi = 110
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    return figure.bbox, {text.get_text(): text.get_window_extent(renderer) for text in texts}


@pytest.mark.parametrize("name", ["regional", "addition_stadium", "city_57", "elastic_small"])
def test_nothing_is_cut_off_and_title_legend_and_foot_are_apart(name, monkeypatch, tmp_path):
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    whole, boxes = extents(scenario, monkeypatch, tmp_path)
    for text, box in boxes.items():
        assert whole.x0 <= box.x0, text
        assert box.x1 <= whole.x1, text
        assert whole.y0 <= box.y0, text
        assert box.y1 <= whole.y1, text
    title = boxes[scenario.name]
    foot = next(box for text, box in boxes.items() if " users at " in text)
    for text, box in boxes.items():
        if box is not title:
            assert box.y1 <= title.y0, text
        if box is not foot:
            assert foot.y1 <= box.y0, text


def test_long_names_go_on_further_lines(monkeypatch, tmp_path):
    node = "n" * 64
    audience = {"count": 12, "cells": [node], "watches": ["play"]}
    content = {
        "kind": "parametric", "format": "720p25", "rate": "1 Mbit/s", "class": "natural", "semantic_bits": 9,
    }  # fmt: skip
    scenario = scenario_of(
        tmp_path,
        nodes={
            "a": "server",
            node: {"kind": "cell", "radio": {"capacity": "9 Mbit/s", "peak_rate": "3 Mbit/s"}},
        },
        links={f"a -> {node}": {"capacity": "7 Mbit/s"}},
        contents={"clip": content},
        services={"play": {"content": "clip", "from": "a", "to": node}},
        audiences={f"crowd-{'m' * 50}": audience},
    )
    whole, boxes = extents(scenario, monkeypatch, tmp_path)
    foot = next(box for text, box in boxes.items() if " users at" in text.replace("\n", " "))
    assert foot.x1 <= whole.x1


def test_words_are_broken_only_when_they_are_too_long_alone():
    assert in_lines("one two three", 100.0, size_pt=9) == ["one two three"]
    assert in_lines("one two three", 0.6, size_pt=9) == ["one two", "three"]
    broken = in_lines("a " + "w" * 40, 0.6, size_pt=9)
    assert broken[0] == "a"
    assert len(broken) > 2
    assert "".join(broken[1:]) == "w" * 40
    assert in_lines("", 1.0, size_pt=9) == []


def test_it_leaves_capacities_out_when_links_are_many(tmp_path):
    topology = {"kind": "grid", "rows": 4, "columns": 5, "link": {"capacity": "7 Mbit/s"}}
    out = tmp_path / "grid.svg"
    draw_scenario(scenario_of(tmp_path, topology=topology), out)
    text = out.read_text(encoding="utf-8")
    assert "<!-- n3_4 -->" in text
    assert "7 Mbit/s" not in text


@pytest.mark.parametrize(
    "topology",
    [
        {"kind": "circulant", "nodes": 30, "offsets": [1, 5]},
        {"kind": "grid", "rows": 5, "columns": 6},
        {"kind": "circulant", "nodes": 700},
    ],
)
def test_every_node_has_a_place_of_its_own(tmp_path, topology):
    scenario = scenario_of(tmp_path, topology=topology | {"link": {"capacity": "1 Mbit/s"}})
    positions, _ = _layout(scenario)
    places = np.array(list(positions.values()))
    assert set(positions) == set(scenario.nodes)
    assert np.isfinite(places).all()
    gaps = np.hypot(*(places[:, None] - places[None]).T) + np.eye(len(places))
    assert gaps.min() > 1e-3


def test_links_that_run_one_way_are_drawn_from_left_to_right(small):
    positions, _ = _layout(small)
    assert positions["studio"][0] < positions["edge"][0] < positions["spot"][0]


@pytest.mark.parametrize("name", ["network.gif", "network", "network.pngg"])
def test_other_pictures_are_refused_with_what_is_accepted(small, tmp_path, name):
    with pytest.raises(InputError, match=r"accepted: \.pdf, \.png, \.svg"):
        draw_scenario(small, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_missing_folder_and_a_folder_are_refused(small, tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        draw_scenario(small, tmp_path / "absent" / "network.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        draw_scenario(small, tmp_path / "folder.png")


def test_a_scenario_without_nodes_is_refused(tmp_path):
    with pytest.raises(InputError, match="no nodes"):
        draw_scenario(scenario_of(tmp_path), tmp_path / "empty.png")


def test_without_matplotlib_the_extra_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'netgen\[plot\]'"):
        draw_scenario(small, tmp_path / "network.png")


def test_a_failure_leaves_the_old_picture_alone(small, tmp_path, monkeypatch):
    out = tmp_path / "network.png"
    out.write_bytes(b"old")

    def fail(self, path, **_):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        draw_scenario(small, out)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drawn.yaml", "network.png"]


@pytest.mark.parametrize(
    ("rate_bps", "text"), [(2e9, "2 Gbit/s"), (15e6, "15 Mbit/s"), (1500.0, "1.5 kbit/s"), (12.0, "12 bit/s")]
)
def test_rates_are_written_as_a_person_would(rate_bps, text):
    assert rate_text(rate_bps) == text


def test_a_trace_is_named_as_such(tmp_path):
    scenario = load_scenario(SCENARIOS / "ring_of_relays.yaml")
    assert capacity_text(scenario.links["n17->n22"]) == "by trace"
    assert capacity_text(scenario.links["n05->n10"]) == "3 Mbit/s to 20 Mbit/s"

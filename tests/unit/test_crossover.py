"""The audience from which on broadcast takes less than unicast, against the hand-computed one."""

import math

import pytest
import yaml

from netgen.crossover import Question, Spent, Tried, audience_of, find_crossover, sent_only_by, smallest
from netgen.errors import CheckFailedError, InputError
from netgen.run import load

TEXT = """
name: constant
seed: 1
duration: 4 s
warmup: 1 s
nodes:
  core: server
  mast: {kind: tower, radio: {capacity: 10 Mbit/s}}
  c1: {kind: cell, radio: {capacity: 50 Mbit/s, peak_rate: 50 Mbit/s}}
  c2: {kind: cell, radio: {capacity: 50 Mbit/s, peak_rate: 50 Mbit/s}}
links:
  core -> mast: {capacity: 1 Gbit/s}
  core -> c1: {capacity: 1 Gbit/s}
  core -> c2: {capacity: 1 Gbit/s}
contents: {v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}}
services:
  live: {content: v, from: core, to: [mast, c1, c2], deadline: 2 s}
  talk: {content: v, from: core, to: [mast, c1], deadline: 2 s}
audiences:
  fans: {count: 3, tower: mast, cells: [c1, c2], watches: [live]}
  few: {count: 2, tower: mast, cells: [c1], watches: [talk], terminal: {tuner: 0}}
collaboration:
  admission: 0.8
  continuation: {services: [live]}
  offloading: {services: [live, talk]}
"""


@pytest.fixture
def constant(tmp_path):
    """Load the scenario with some overrides."""

    def go(*overrides, text=TEXT):
        path = tmp_path / "constant.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path, overrides=overrides)

    return go


@pytest.mark.parametrize("threshold", [1, 2, 3, 4, 5, 8, 9, 31, 63, 64, 100])
def test_the_smallest_size_is_found_without_trying_all(threshold):
    asked = []

    def wins(size):
        asked.append(size)
        return size >= threshold

    assert smallest(wins, most=100) == threshold
    assert max(asked) <= min(2 * threshold, 100)
    assert len(asked) == len(set(asked)) <= 2 * math.ceil(math.log2(threshold + 1)) + 1


@pytest.mark.parametrize("most", [1, 5, 64])
def test_there_may_be_no_such_size(most):
    asked = []
    assert smallest(lambda size: bool(asked.append(size)), most=most) is None
    assert asked[-1] == most
    assert smallest(lambda size: size >= most, most=most) == most


@pytest.mark.parametrize(
    ("cell_mbps", "tower_mbps", "worth"),
    [(50, 10, 1.0), (50, 10, 2.0), (30, 12, 1.0), (24, 9, 1.5), (8, 40, 1.0), (50, 10, 0.5)],
)
def test_the_crossover_of_constant_rates_is_the_hand_computed_one(constant, cell_mbps, tower_mbps, worth):
    """N users take N r / C cells, the tower W r / B whatever N: less from floor(C W / B) + 1 on."""
    document = yaml.safe_load(TEXT)
    del document["audiences"]["few"], document["services"]["talk"]
    document["collaboration"]["offloading"]["services"] = ["live"]
    for name, rate_mbps in (("c1", cell_mbps), ("c2", cell_mbps), ("mast", tower_mbps)):
        document["nodes"][name]["radio"]["capacity"] = f"{rate_mbps} Mbit/s"
    scenario = constant("contents.v.rate=500 kbit/s", text=yaml.safe_dump(document))
    found = find_crossover(scenario, Question("live", "fans", worth, 64))
    expected = math.floor(cell_mbps * worth / tower_mbps) + 1
    assert found.users == expected
    rate_mbps = 0.5
    for tried in found.tried:
        assert tried.by_cells.cost == pytest.approx(tried.users * rate_mbps / cell_mbps, rel=1e-9)
        assert tried.by_tower.cost == pytest.approx(worth * rate_mbps / tower_mbps, rel=1e-9)
        assert tried.by_cells.late_or_lost == tried.by_tower.late_or_lost == 0.0
    assert {expected} <= {tried.users for tried in found.tried}
    assert expected == 1 or expected - 1 in {tried.users for tried in found.tried}
    assert found.as_dict()["crossover"] == expected


def test_what_others_take_is_the_same_both_ways(constant):
    """Two users of another service have their cell: 2 * 2 / 50 of it, beside either."""
    seen = []
    found = find_crossover(constant(), Question("live", "fans", 1.0, 16), tell=seen.append)
    assert found.users == 6
    assert sorted(tried.users for tried in seen) == [tried.users for tried in found.tried]
    for tried in found.tried:
        assert tried.by_cells.cells == pytest.approx((tried.users + 2) * 2 / 50, rel=1e-9)
        assert tried.by_tower.cells == pytest.approx(2 * 2 / 50, rel=1e-9)
        assert (tried.by_cells.channels, tried.by_tower.channels) == pytest.approx((0.0, 0.2))


def test_where_there_is_none_the_check_fails(constant):
    found = find_crossover(constant(), Question("live", "fans", 1.0, 3))
    assert found.users is None
    with pytest.raises(
        CheckFailedError, match=r"nowhere up to 3 users: there it costs 0\.28 cells \(0\.0%.*0\.2 \("
    ):
        found.check()


def test_full_cells_show_in_late_segments(constant):
    """Forty users want 80 Mbit/s of 2 * 20: the cells are full, and what they cost is bounded."""
    overrides = ("nodes.c1.radio.capacity=20 Mbit/s", "nodes.c2.radio.capacity=20 Mbit/s", "duration=8 s")
    scenario = constant(*overrides, "audiences.fans.count=40")
    found = find_crossover(scenario, Question("live", "fans", 100.0, 40))
    last = found.tried[-1]
    assert found.users is None
    assert last.by_cells.cells <= 2.0
    assert last.by_cells.late_or_lost > 0.3
    assert last.by_tower.late_or_lost == 0.0


def test_equal_costs_are_no_win():
    spent = Spent(cells=0.2, channels=0.0, cost=0.2, late=0.0, lost=0.0)
    assert not Tried(5, spent, spent).broadcast_wins
    rounded = Spent(cells=0.0, channels=0.2, cost=0.2 * (1 - 1e-12), late=None, lost=None)
    assert not Tried(5, spent, rounded).broadcast_wins
    assert Tried(5, spent, Spent(0.0, 0.1, 0.1, None, None)).broadcast_wins
    assert rounded.late_or_lost == 0.0


def test_a_service_is_taken_out_of_collaboration_alone(constant):
    scenario = constant()
    cells, tower = (sent_only_by(scenario, "live", way) for way in ("cells", "tower"))
    assert cells.services["live"].receivers == ("c1", "c2")
    assert tower.services["live"].receivers == ("mast",)
    for made in (cells, tower):
        assert made.services["talk"] == scenario.services["talk"]
        assert made.collaboration.continuation is None
        assert made.collaboration.offloading.services == ("talk",)
        assert made.collaboration.admission == 0.8
    neither = sent_only_by(sent_only_by(scenario, "live", "cells"), "talk", "cells")
    assert neither.collaboration is None
    assert sent_only_by(neither, "talk", "cells").collaboration is None
    assert scenario.services["live"].receivers == ("mast", "c1", "c2")


def test_given_paths_to_the_others_are_left_out(constant):
    document = yaml.safe_load(TEXT)
    document["services"]["live"]["route"] = {"paths": [["core", "mast"], ["core", "c1"], ["core", "c2"]]}
    scenario = constant(text=yaml.safe_dump(document))
    assert sent_only_by(scenario, "live", "tower").services["live"].route.paths == (("core", "mast"),)
    assert len(sent_only_by(scenario, "live", "cells").services["live"].route.paths) == 2


def test_networks_send_it_by_unicast(constant):
    text = TEXT.replace(
        "c1: {kind: cell, radio: {capacity: 50 Mbit/s, peak_rate: 50 Mbit/s}}",
        "c1: {kind: ran, radio: {layout: {kind: hexagonal, sites: 1, spacing: 500 m}, environment: uma, "
        "carrier: 3.5 GHz, bandwidth: 20 MHz, multicast: [live]}}",
    )
    document = yaml.safe_load(text)
    document["nodes"].pop("c2")
    document["links"].pop("core -> c2")
    document["services"]["live"]["to"] = ["mast", "c1"]
    document["audiences"]["fans"]["cells"] = ["c1"]
    scenario = constant(text=yaml.safe_dump(document))
    assert sent_only_by(scenario, "live", "cells").nodes["c1"].radio.multicast == ()
    assert sent_only_by(scenario, "live", "tower").nodes["c1"].radio.multicast == ("live",)
    assert scenario.nodes["c1"].radio.multicast == ("live",)


def test_a_wrong_question_is_refused(constant):
    scenario = constant()

    def read(**given):
        words = {"service": "live", "audience": None, "channel_worth": "1", "most": "9"}
        return Question.read(scenario, **words | given)

    assert read() == Question("live", "fans", 1.0, 9)
    assert read(audience="few").audience == "few"
    for words, told in (
        ({"service": "lives"}, 'no service is called "lives"; accepted: live, talk; did you mean "live"'),
        ({"channel_worth": "0"}, '--channel-worth "0" is not a number above 0'),
        ({"channel_worth": "much"}, "is not a number above 0"),
        ({"channel_worth": "inf"}, "is not a number above 0"),
        ({"most": "0"}, '--most "0" is not a whole number; accepted: 1 to 10,000,000'),
        ({"most": "1.5"}, "is not a whole number"),
        ({"most": "-1"}, "is not a whole number"),
    ):
        with pytest.raises(InputError) as caught:
            read(**words)
        assert told in str(caught.value)
    for audience, told in (
        ("fens", 'no audience is called "fens"; accepted: fans, few; did you mean "fans"'),
        ("few", "audiences.few does not watch live"),
    ):
        with pytest.raises(InputError) as caught:
            find_crossover(scenario, read(audience=audience))
        assert told in str(caught.value)


def test_a_service_that_many_watch_needs_the_audience_named(constant):
    scenario = constant("audiences.few.watches=[live, talk]")
    assert audience_of(scenario, "talk") == "few"
    with pytest.raises(
        InputError, match=r"2 audiences watch live \(fans, few\); accepted: one of them as --audience"
    ):
        audience_of(scenario, "live")


def test_a_service_that_nobody_watches_names_those_that_somebody_does(constant):
    document = yaml.safe_load(TEXT)
    document["nodes"]["desk"] = "terminal"
    document["links"]["core -> desk"] = {"capacity": "1 Gbit/s"}
    document["services"]["wired"] = {"content": "v", "from": "core", "to": "desk"}
    scenario = constant(text=yaml.safe_dump(document))
    told = r"services\.wired: nobody watches it over a tower or cells; accepted: one that .* watches \(live, talk\)$"
    with pytest.raises(InputError, match=told):
        audience_of(scenario, "wired")
    alone = {name: document[name] for name in ("name", "seed", "duration", "contents")}
    alone["nodes"], alone["links"] = (
        {"core": "server", "desk": "terminal"},
        {"core -> desk": {"capacity": "1 Gbit/s"}},
    )
    alone["services"] = {"wired": document["services"]["wired"]}
    with pytest.raises(InputError, match=r"services\.wired: nobody .* \(none of this scenario\)$"):
        audience_of(constant(text=yaml.safe_dump(alone)), "wired")


def test_an_audience_with_a_trace_cannot_be_scaled(constant, tmp_path):
    rows = "".join(f"0,u{k},{k},0\n" for k in range(3))
    (tmp_path / "walk.csv").write_text(f"time_s,user,x_m,y_m\n{rows}", encoding="utf-8")
    document = yaml.safe_load(TEXT)
    document["audiences"]["fans"]["mobility"] = {"kind": "trace", "path": "walk.csv"}
    scenario = constant(text=yaml.safe_dump(document))
    told = r"audiences\.fans cannot be scaled, its trace has 3 users; accepted: .*audiences\.fans\.mobility=static"
    with pytest.raises(InputError, match=told):
        find_crossover(scenario, Question("live", "fans"))
    fans = scenario.audiences["fans"]
    assert fans.count == 3


def test_every_run_is_announced_and_tells_how_far_it_is(constant):
    begun, seen = [], []

    def begin(users, way):
        begun.append((users, way))
        return lambda time_s, end_s: seen.append((users, way, time_s, end_s))

    find_crossover(constant(), Question("live", "fans", 1.0, 2), begin=begin)
    assert begun == [(1, "cells"), (1, "tower"), (2, "cells"), (2, "tower")]
    assert seen == [(*run, float(time_s), 4.0) for run in begun for time_s in (1, 2, 3, 4)]


def test_clearly_more_is_one_in_a_hundred():
    cheap, dear = Spent(0.0, 0.1, 0.1, 0.0, 0.02), Spent(0.2, 0.0, 0.2, 0.005, 0.01)
    assert not Tried(5, dear, cheap).winner_loses_more
    assert Tried(5, dear, Spent(0.0, 0.1, 0.1, 0.01, 0.015)).winner_loses_more
    assert Tried(5, cheap, dear).winner_loses_more is False
    assert Tried(5, Spent(0.1, 0.0, 0.1, 0.5, 0.0), dear).winner_loses_more


def test_what_cannot_be_sent_both_ways_is_refused(constant):
    text = TEXT.replace("collaboration:", "ignored:").partition("ignored:")[0]
    only_air = constant("services.live.to=[mast]", text=text)
    with pytest.raises(InputError, match=r"services\.live\.to has no cells; accepted: a cell"):
        find_crossover(only_air, Question("live", "fans"))
    only_cells = constant("services.live.to=[c1, c2]", text=text)
    with pytest.raises(InputError, match=r"services\.live\.to has no tower; accepted: a tower"):
        find_crossover(only_cells, Question("live", "fans"))
    no_tower = constant("audiences.fans.tower=null", "audiences.few.watches=[live, talk]", text=text)
    with pytest.raises(InputError, match=r"audiences\.fans needs a tower and cells to which live is sent"):
        find_crossover(no_tower, Question("live", "fans"))
    personal = constant("services.live.personal=true", "services.live.to=[c1, c2]", text=text)
    with pytest.raises(InputError, match=r"services\.live is personal"):
        find_crossover(personal, Question("live", "fans"))

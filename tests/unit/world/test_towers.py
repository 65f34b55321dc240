"""Broadcast networks built from scenarios: rates of channels, and reception that belongs to the user."""

import numpy as np
import pytest

from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.errors import InputError
from netgen.rng import Streams
from netgen.schema.collaboration import LearnedPredictor, NoisyPredictor, PerfectPredictor
from netgen.topology.outages import Outages
from netgen.world.audiences import build_columns
from netgen.world.cellular import build_layouts
from netgen.world.crowd import build_crowd
from netgen.world.towers import (
    build_channels,
    build_losses,
    build_predictor,
    build_timing,
    build_transmitters,
    tower_pipes,
)

TEXT = """
name: towers
duration: 20 s
nodes:
  S: server
  mast:
    kind: tower
    radio:
      kind: atsc3
      carrier: 600 MHz
      transmitters:
        main: {at: [0 m, 0 m], height: 100 m, power: 1 kW}
      pipes:
        robust: {constellation: QPSK, code_rate: 6/15, share: 40 %}
        rich: {constellation: 256QAM, code_rate: 11/15, share: 60 %}
links: {S -> mast: {capacity: 50 Mbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  one: {content: v, from: S, to: mast}
  two: {content: v, from: S, to: mast, pipe: rich}
audiences:
  people:
    {count: 300, tower: mast, watches: [one, two], place: {kind: disc, radius: 20 km},
     terminal: {receiver: portable-indoor}}
"""

LTE = """{kind: 5g-broadcast, carrier: 600 MHz, transmitters: {main: {at: [0 m, 0 m], height: 100 m, power: 1 kW}}}"""


@pytest.fixture
def channels(scenario_of):
    def go(*overrides, text=TEXT, seed=1):
        scenario, streams = scenario_of(text, *overrides), Streams(seed)
        columns = build_columns(scenario, streams)
        located = build_crowd(scenario, streams, build_layouts(scenario))
        return build_channels(scenario, streams, columns=columns, located=located), columns

    return go


def levels(built, pipe="mast:rich", audience="people"):
    """SINR of the users of an audience by their number."""
    found, columns = built
    first = 0
    for viewers in columns.viewers:
        end = first + len(viewers.numbers)
        if viewers.node == pipe and viewers.audience == audience:
            channel = found[pipe]
            rows = np.arange(first, end)
            return dict(
                zip(viewers.numbers.tolist(), channel.network.sinr_db(channel._place[rows], 0.0), strict=True)
            )
        first = end
    raise AssertionError(pipe)


def test_every_pipe_is_a_channel_of_one_network(channels):
    found, _ = channels()
    assert set(found) == {"mast:robust", "mast:rich"}
    assert found["mast:robust"].network is found["mast:rich"].network
    assert found["mast:robust"].key != found["mast:rich"].key


def test_pipes_share_the_frame_and_pay_for_repair(scenario_of):
    """A dense constellation on 1.5 times the cells; repair symbols take their share of the rate."""
    node = scenario_of(TEXT).nodes["mast"]
    pipes = tower_pipes("mast", node)
    ratio = pipes["rich"].rate_bps / pipes["robust"].rate_bps
    assert ratio == pytest.approx(1.5 * (8 * 11) / (2 * 6), rel=0.05)
    assert pipes["rich"].required_db > pipes["robust"].required_db + 10
    bare = tower_pipes("mast", scenario_of(TEXT, "nodes.mast.radio.repair=0 %").nodes["mast"])
    assert bare["rich"].rate_bps == pytest.approx(1.05 * pipes["rich"].rate_bps)
    alone = "nodes.mast.radio.pipes={robust: {constellation: QPSK, code_rate: 6/15}}"
    whole = tower_pipes("mast", scenario_of(TEXT.replace(", pipe: rich", ""), alone).nodes["mast"])
    assert whole["robust"].rate_bps == pytest.approx(pipes["robust"].rate_bps / 0.4, rel=0.01)


def test_5g_broadcast_is_one_channel(scenario_of, channels):
    text = TEXT.replace(", pipe: rich", "")
    (pipe,) = tower_pipes("mast", scenario_of(text, f"nodes.mast.radio={LTE}").nodes["mast"]).items()
    assert pipe[0] is None
    assert 1e6 < pipe[1].rate_bps < 40e6
    found, _ = channels(f"nodes.mast.radio={LTE}", text=text)
    assert set(found) == {"mast:air"}


def test_transmitters_are_those_given(scenario_of):
    two = "nodes.mast.radio.transmitters={a: {at: [1 km, 2 km], height: 150 m, power: 100 W}, "
    two += "b: {at: [0 m, 0 m], height: 30 m, power: 1 MW, delay: 20 us}}"
    radio = scenario_of(TEXT, two).nodes["mast"].radio
    first, second = build_transmitters(radio)
    assert (first.x_m, first.y_m, first.height_m, first.delay_s) == (1000, 2000, 150, 0)
    assert (first.eirp_dbm, second.eirp_dbm) == pytest.approx((50, 90))
    assert second.delay_s == pytest.approx(20e-6)
    assert [loss.base_height_m for loss in build_losses(radio, receiver_class(Reception("mobile")))] == [
        150,
        30,
    ]
    timing, bandwidth_hz = build_timing(radio)
    assert bandwidth_hz == 6e6
    assert timing.useful_s == pytest.approx(16384 / 6.912e6)
    assert timing.guard_s == pytest.approx(1024 / 6.912e6)


@pytest.mark.parametrize("model", ["hata", "free-space"])
def test_losses_follow_the_model(scenario_of, model):
    radio = scenario_of(TEXT, f"nodes.mast.radio.propagation={model}").nodes["mast"].radio
    (loss,) = build_losses(radio, receiver_class(Reception("portable-outdoor")))
    free_db = 20 * np.log10(4 * np.pi * np.hypot(10_000, 98.5) * 600e6 / 299_792_458.0)
    over_db = loss.loss_db(np.array([10_000.0]))[0] - free_db
    assert (abs(over_db) < 1e-6) == (model == "free-space")
    assert over_db > 20 or model == "free-space"


def test_a_mast_as_low_as_its_receivers_is_refused_by_name(channels):
    with pytest.raises(InputError, match=r"^nodes\.mast\.radio: .*"):
        channels("nodes.mast.radio.propagation=free-space", "nodes.mast.radio.transmitters.main.height=1.5 m")


def test_reception_is_part_of_the_world(channels):
    once, again, other = (levels(channels(seed=seed)) for seed in (1, 1, 2))
    assert once == again
    assert np.mean([once[number] != other[number] for number in once]) == 1.0


def test_reception_belongs_to_the_user(channels):
    """Another audience before, another service, more users: the first ones receive what they received."""
    before = levels(channels())
    text = TEXT.replace(
        "audiences:\n",
        "audiences:\n  first: {count: 7, tower: mast, watches: [one, more], place: {kind: disc, radius: 1 km}}\n",
    ).replace("services:\n", "services:\n  more: {content: v, from: S, to: mast}\n")
    assert levels(channels(text=text)) == before
    more = levels(channels("audiences.people.count=311"))
    assert {number: more[number] for number in before} == before
    chosen = levels(channels("audiences.people.choice=zipf"))
    assert 0 < len(chosen) < 300
    assert {number: before[number] for number in chosen} == chosen


def test_walls_are_the_users_and_the_class_is_the_audiences(channels):
    """Indoors is 11 dB less in the middle, and 6 dB of deviation from user to user."""
    many = ["audiences.people.count=2000"]
    indoors, outdoors = (
        np.array([*levels(channels(f"audiences.people.terminal.receiver={name}", *many)).values()])
        for name in ("portable-indoor", "portable-outdoor")
    )
    walls_db = outdoors - indoors
    assert abs(walls_db.mean() - 11) < 4 * 6 / np.sqrt(2000)
    assert abs(walls_db.std() - 6) < 0.5


# Holes, outages, tuners -------------------------------------------------------------------------------------------

LINE = """
name: line
duration: 100 s
nodes:
  S: server
  mast:
    kind: tower
    radio:
      capacity: 50 Mbit/s
      segment_loss: 2 %
      lost_share: 25 %
      holes:
        - {kind: rectangle, from: [300 m, -10 m], to: [500 m, 10 m]}
        - {kind: disc, centre: [1 km, 0 m], radius: 50 m}
links: {S -> mast: {capacity: 50 Mbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services: {one: {content: v, from: S, to: mast}}
audiences:
  train:
    {count: 200, tower: mast, watches: [one],
     mobility: {kind: line, points: [[0 m, 0 m], [2 km, 0 m]], speed: 20 m/s}}
"""
ROWS = np.arange(200)


def losses(channel, time_s, rows=ROWS):
    return channel.loss_now(rows, time_s=time_s, size_bits=1000)


def test_a_tower_of_fixed_rate_is_not_received_in_its_holes(channels, scenario_of):
    (channel,) = channels(text=LINE)[0].values()
    crowd = channel.availability.crowd
    for time_s in (0.0, 10.0, 37.5):
        found = losses(channel, time_s)
        hidden = ((crowd.x_m >= 300) & (crowd.x_m <= 500)) | (np.abs(crowd.x_m - 1000) <= 50)
        assert 10 < hidden.sum() < 60
        assert found.tolist() == np.where(hidden, 1.0, 0.02).tolist()
    covered, _ = channel.chances(ROWS, time_s=40.0, size_bits=1000)
    missing = channel.missing_bits(ROWS, np.zeros(200), time_s=40.0, size_bits=1000)
    assert missing.tolist() == np.where(covered, 250, 1000).tolist()


def test_a_broadcast_network_is_not_received_in_its_holes(channels):
    disc = "nodes.mast.radio.holes=[{kind: disc, centre: [3 km, 0 m], radius: 8 km}]"
    plain, holed = channels()[0]["mast:robust"], channels(disc)[0]["mast:robust"]
    rows = np.arange(300)
    before, after = losses(plain, 0.0, rows), losses(holed, 0.0, rows)
    crowd = holed.network.crowd
    hidden = np.hypot(crowd.x_m - 3000, crowd.y_m) <= 8000
    assert 20 < hidden.sum() < 100
    assert (before[hidden] < 1.0).any()
    assert after.tolist() == np.where(hidden, 1.0, before).tolist()


def test_towers_are_off_air_during_their_own_outages(scenario_of):
    scenario, streams = (
        scenario_of(LINE, "nodes.other={kind: tower, radio: {capacity: 1 Mbit/s}}"),
        Streams(1),
    )
    columns = build_columns(scenario, streams)
    located = build_crowd(scenario, streams, build_layouts(scenario))
    built = build_channels(
        scenario, streams, columns=columns, located=located, outages={"mast": Outages.of([(5.0, 6.0)])}
    )
    assert losses(built["mast:air"], 4.0).min() == 0.02
    assert losses(built["mast:air"], 5.5).min() == 1.0
    assert not built["other:air"].availability.outages


def test_a_share_of_the_users_has_a_tuner_whatever_they_watch(channels):
    share = "audiences.people.terminal={receiver: portable-indoor, tuner: 40 %}"
    found, columns = channels(share, "audiences.people.count=2000")
    rows = np.arange(columns.count)
    tuned = found["mast:rich"].tuned(rows)
    assert abs(tuned[:2000].mean() - 0.4) < 4 * np.sqrt(0.24 / 2000)
    assert tuned[:2000].tolist() == tuned[2000:].tolist() == found["mast:robust"].tuned(rows)[:2000].tolist()
    assert not (losses(found["mast:robust"], 0.0, rows)[~tuned] < 1.0).any()
    fewer = channels(share)[0]["mast:rich"].tuned(np.arange(300))
    assert fewer.tolist() == tuned[:300].tolist()
    assert channels()[0]["mast:rich"].tuned(np.arange(600)).all()


# Predictors -------------------------------------------------------------------------------------------------------


@pytest.fixture
def predictor(scenario_of):
    """Make the channel of a tower and what predicts its reception."""

    def go(spec, *overrides, text=LINE, pipe="mast:air"):
        scenario, streams = scenario_of(text, *overrides), Streams(1)
        columns, layouts = build_columns(scenario, streams), build_layouts(scenario)
        located = build_crowd(scenario, streams, layouts)
        outages = {"mast": Outages.of([(20.0, 30.0)])}
        channel = build_channels(scenario, streams, columns=columns, located=located, outages=outages)[pipe]
        made = build_predictor(
            spec, channel, scenario, streams, columns=columns, located=located, layouts=layouts
        )
        return channel, made

    return go


WALK = (
    "audiences.people.mobility={kind: random-waypoint, speed: [1 m/s, 50 m/s]}",
    "audiences.people.place.radius=4 km",
    "nodes.mast.radio.transmitters.main.power=100 W",
)


@pytest.mark.parametrize(("text", "pipe", "overrides"), [(LINE, "mast:air", ()), (TEXT, "mast:robust", WALK)])
@pytest.mark.parametrize(
    "spec",
    [PerfectPredictor(kind="perfect"), NoisyPredictor(kind="noisy", error="0 m")],
    ids=["perfect", "noisy"],
)
def test_what_is_predicted_comes_but_for_outages(predictor, spec, text, pipe, overrides):
    """Eight seconds ahead, to the last bit; from 20 to 30 s the tower is off air, which nobody foresees."""
    channel, made = predictor(spec, *overrides, text=text, pipe=pipe)
    rows = np.arange(200)
    ahead, changes = {}, 0
    for second in range(45):
        ahead[second + 8] = made.loss_ahead(rows, at_s=second + 8.0, size_bits=1000)
        channel.chances(rows[::2], time_s=second + 0.0, size_bits=1000)
        if second >= 8:
            now = losses(channel, second + 0.0, rows)
            assert (now == 1.0).all() if 20 <= second < 30 else now.tolist() == ahead[second].tolist()
            changes += int((ahead[second + 8] != ahead[second + 7]).sum())
    assert changes > 10


def test_errors_of_the_place_are_errors_of_the_prediction(predictor):
    """A tunnel wide enough, with two ends, at each of which 200 users have a density of one in 10 m."""
    tunnel = "nodes.mast.radio.holes=[{kind: rectangle, from: [300 m, -1 km], to: [500 m, 1 km]}]"
    channel, made = predictor(NoisyPredictor(kind="noisy", error="20 m"), tunnel)
    wrong = np.zeros(50)
    for second in range(50):
        ahead = made.loss_ahead(ROWS, at_s=second + 100.0, size_bits=1000)
        wrong[second] = (ahead != losses(channel, second + 100.0)).sum()
    # At a distance d from an end with the probability of an error beyond d: on both sides 20 m / sqrt(2 pi) of line.
    wanted = 2 * 0.1 * 2 * 20 / np.sqrt(2 * np.pi)
    assert abs(wrong.mean() - wanted) < 0.3 * wanted


def test_what_is_learned_is_the_tunnel(predictor):
    """After 50 s of 200 users' reports the squares of 10 m are known, but for those that an end of a hole cuts.

    Knowing the mean alone, one would be right about nobody.
    """
    channel, made = predictor(LearnedPredictor(kind="learned", bin="10 m"))
    for second in range(31, 81):
        made.observe(ROWS, losses(channel, float(second)), time_s=float(second))
    ahead = made.loss_ahead(ROWS, at_s=83.0, size_bits=1000)
    now = losses(channel, 83.0)
    assert (now == 1.0).sum() > 10
    assert np.mean(np.abs(ahead - now) < 0.1) > 0.9
    assert not (np.abs(made.map.mean - now) < 0.1).any()

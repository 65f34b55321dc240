"""Broadcast networks built from scenarios: rates of channels, and reception that belongs to the user."""

import numpy as np
import pytest

from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.build.audiences import build_columns
from netgen.build.cellular import build_layouts
from netgen.build.crowd import build_crowd
from netgen.build.towers import build_channels, build_losses, build_timing, build_transmitters, tower_pipes
from netgen.errors import InputError
from netgen.rng import Streams

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

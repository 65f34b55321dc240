"""The policies of scalable transmission: what they choose at their thresholds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.policy import Contract, Drop, Expand, Forward, policy_factory
from netgen.policy.checking import sample_views
from netgen.policy.views import Option

FOLDER = Path(__file__).resolve().parents[3] / "policies"
WIDTH, HEIGHT, FRAMES = 1000, 500, 20
PIXEL_RATE = WIDTH * HEIGHT * FRAMES  # pixels in a second: thresholds are 500 kbit/s and 50 kbit/s


def make(name, **parameters):
    return policy_factory(f"{FOLDER}/scaling.py:{name}", parameters)()


def option(decision, bits, fidelity, mode, *, playable=False, expandable=True, total_s=1.0):
    return Option(decision, bits, fidelity, mode, playable, 0.0, 0.0, total_s, True, expandable)


FORWARD = option(Forward(), 6_000_000, 1.0, "source", playable=True, expandable=False)
DROP = option(Drop(), 0, 0.0, "source", expandable=False, total_s=0.0)
SEMI = option(Contract("semi"), 300_000, 0.95, "semi-reference")
SEMI_SMALL = option(Contract("semi-small"), 100_000, 0.9, "semi-reference")
NONE = option(Contract("none"), 20_000, 0.8, "no-reference")
EXPAND = option(Expand(), 6_000_000, 0.8, "source", playable=True, expandable=False)


def view(available_bps, options=(FORWARD, SEMI, SEMI_SMALL, NONE, DROP), **segment):
    """A view of a second of video with one link that can spare so much."""
    base = sample_views()[0]
    link = replace(base.links[0], available_bps=available_bps)
    changed = replace(
        base.segment, width_px=WIDTH, height_px=HEIGHT, frames=FRAMES, duration_s=1.0, **segment
    )
    return replace(base, links=(link,), segment=changed, options=options)


def chosen(policy, seen):
    return policy.decide(seen, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("spare_bpp", "decision"),
    [
        (0.06, Forward()),
        (0.0501, Forward()),
        (0.05, Contract("semi")),  # on the threshold the link cannot spare more than it
        (0.0301, Contract("semi")),
        (0.0299, Contract("semi-small")),  # 300 kbit no longer fit
        (0.0099, Contract("semi-small")),  # nothing of the wanted mode fits: the smallest of it
        (0.00501, Contract("semi-small")),
        (0.005, Contract("none")),
        (0.001, Contract("none")),
        (0.0, Contract("none")),
    ],
)
def test_the_mode_follows_the_bits_per_pixel_that_the_link_can_spare(spare_bpp, decision):
    assert chosen(make("BppThreshold"), view(spare_bpp * PIXEL_RATE)) == decision


def test_the_narrowest_link_counts():
    seen = view(10 * PIXEL_RATE)
    narrow = replace(seen.links[0], available_bps=0.001 * PIXEL_RATE)
    both = replace(seen, links=(seen.links[0], narrow))
    assert chosen(make("BppThreshold"), seen) == Forward()
    assert chosen(make("BppThreshold"), both) == Contract("none")
    assert chosen(make("BppThreshold"), replace(seen, links=())) == Forward()


def test_the_share_and_the_copies_divide_what_is_spared():
    assert chosen(make("BppThreshold"), view(0.08 * PIXEL_RATE)) == Forward()
    assert chosen(make("BppThreshold", share=0.5), view(0.08 * PIXEL_RATE)) == Contract("semi")
    assert chosen(make("BppThreshold"), view(0.08 * PIXEL_RATE, copies=2)) == Contract("semi")


def test_thresholds_are_parameters():
    policy = make("BppThreshold", full_bpp=0.2, none_bpp=0.1)
    assert chosen(policy, view(0.15 * PIXEL_RATE)) == Contract("semi")
    assert chosen(policy, view(0.09 * PIXEL_RATE)) == Contract("none")
    assert chosen(policy, view(0.21 * PIXEL_RATE)) == Forward()


def test_another_mode_is_taken_when_the_wanted_one_is_not_on_the_menu():
    seen = view(0.001 * PIXEL_RATE, options=(FORWARD, SEMI, SEMI_SMALL, DROP))
    assert chosen(make("BppThreshold"), seen) == Contract("semi-small")
    assert chosen(make("BppThreshold"), replace(seen, options=(FORWARD, DROP))) == Forward()


def test_what_nobody_could_show_or_nobody_wants_is_never_chosen():
    useless = replace(SEMI, expandable_downstream=False)
    assert (
        chosen(make("BppThreshold"), view(0.03 * PIXEL_RATE, options=(FORWARD, useless, DROP))) == Forward()
    )
    shown = replace(useless, playable=True)
    assert chosen(make("BppThreshold"), view(0.03 * PIXEL_RATE, options=(FORWARD, shown, DROP))) == Contract(
        "semi"
    )
    strict = view(0.04 * PIXEL_RATE, required_fidelity=0.92)
    assert chosen(make("BppThreshold"), strict) == Contract("semi")
    assert chosen(make("BppThreshold"), view(0.04 * PIXEL_RATE, required_fidelity=0.97)) == Forward()


def test_a_contracted_segment_is_expanded_at_the_last_node_that_can():
    here = view(
        1e9, options=(replace(FORWARD, expandable_downstream=False), EXPAND, DROP), contracted_by="semi"
    )
    later = view(
        1e9, options=(replace(FORWARD, expandable_downstream=True), EXPAND, DROP), contracted_by="semi"
    )
    nowhere = view(1e9, options=(FORWARD, DROP), contracted_by="semi")
    assert chosen(make("BppThreshold"), here) == Expand()
    assert chosen(make("BppThreshold"), later) == Forward()
    assert chosen(make("BppThreshold"), nowhere) == Forward()


@pytest.mark.parametrize(
    "parameters",
    [{"full_bpp": 0.001}, {"none_bpp": 0.0}, {"none_bpp": -1.0}, {"share": 0.0}, {"full_bpp": float("nan")}],
)
def test_impossible_thresholds_are_wrong_input(parameters):
    with pytest.raises(InputError, match="BppThreshold"):
        make("BppThreshold", **parameters)


def test_greedy_takes_the_fastest_and_of_equals_the_truest():
    slow = replace(FORWARD, transmit_s=2.0)
    seen = view(1e6, options=(slow, replace(SEMI, transmit_s=0.5), replace(NONE, transmit_s=0.4), DROP))
    assert chosen(make("GreedyDelay"), seen) == Contract("none")
    equal = view(1e6, options=(slow, replace(SEMI, transmit_s=0.4), replace(NONE, transmit_s=0.4), DROP))
    assert chosen(make("GreedyDelay"), equal) == Contract("semi")
    quick = view(1e6, options=(replace(FORWARD, transmit_s=0.1), SEMI, NONE, DROP))
    assert chosen(make("GreedyDelay"), quick) == Forward()


def test_greedy_counts_waiting_and_computing():
    busy = replace(SEMI, wait_s=0.9, compute_s=0.3, transmit_s=0.1)
    seen = view(1e6, options=(replace(FORWARD, transmit_s=1.2), busy, DROP))
    assert chosen(make("GreedyDelay"), seen) == Forward()
    assert chosen(
        make("GreedyDelay"), replace(seen, options=(seen.options[0], replace(busy, wait_s=0.7), DROP))
    ) == (Contract("semi"))


def test_greedy_keeps_to_the_least_fidelity_and_to_what_can_be_shown():
    options = (
        replace(FORWARD, transmit_s=9.0),
        replace(SEMI, transmit_s=2.0),
        replace(NONE, transmit_s=1.0),
        DROP,
    )
    assert chosen(make("GreedyDelay", least_fidelity=0.9), view(1e6, options=options)) == Contract("semi")
    assert chosen(make("GreedyDelay"), view(1e6, options=options, required_fidelity=0.97)) == Forward()
    unseen = tuple(replace(o, expandable_downstream=False) for o in options)
    assert chosen(make("GreedyDelay"), view(1e6, options=unseen)) == Forward()
    hopeless = view(1e6, options=(replace(FORWARD, semantic_fidelity=0.1), DROP), required_fidelity=0.9)
    assert chosen(make("GreedyDelay"), hopeless) == Forward()


@pytest.mark.parametrize("fidelity", [-0.1, 1.1, float("nan")])
def test_an_impossible_fidelity_is_wrong_input(fidelity):
    with pytest.raises(InputError, match="GreedyDelay"):
        make("GreedyDelay", least_fidelity=fidelity)

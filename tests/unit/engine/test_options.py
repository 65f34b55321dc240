"""What a policy is shown, and what it may choose."""

import pytest

from netgen.engine.options import largest_backlog_bits, smallest_share_bps


def kinds(view):
    return [type(option.decision).__name__ for option in view.options]


def test_without_a_gpu_one_may_forward_or_drop(ran):
    done = ran(nodes={"A": {"policy": "script"}})
    view = done.views("A")[0]
    assert kinds(view) == ["Forward", "Drop"]
    assert view.gpu is None
    assert (view.node, view.kind, view.time_s) == ("A", "server", 0.0)


def test_the_segment_at_hand_is_described(ran):
    view = ran(nodes={"A": {"policy": "script"}}, services={"s": {"deadline": "2 s"}}).views("A")[1]
    segment = view.segment
    assert (segment.service, segment.content, segment.index, segment.receivers) == ("s", "film", 1, ("C",))
    assert (segment.frames, segment.width_px, segment.source_bits, segment.bits) == (
        10,
        100,
        100_000,
        100_000,
    )
    assert segment.bits_per_pixel == pytest.approx(1.0)
    assert (segment.semantic_bits, segment.contracted_by, segment.playable) == (40.0, None, True)
    assert (segment.age_s, segment.time_left_s) == (0.0, 2.0)


def test_contractions_are_those_that_make_it_smaller(ran, gpu_spec, declared):
    done = ran(
        nodes={"A": {"gpu": gpu_spec}},
        actions={
            "small": declared(),
            "large": declared(bits_per_pixel=2.0),
            "equal": declared(bits_per_pixel=1.0),
        },
    )
    view = done.views("A")[0]
    assert [option.decision.action for option in view.contractions] == ["small"]
    assert view.contractions[0].bits == 10_000
    assert view.contractions[0].semantic_fidelity == 0.9


def test_what_is_contracted_may_only_be_expanded_where_that_can_be_done(ran, gpu_spec, declared):
    done = ran(
        plan={"A": ["contract"]},
        nodes={
            "A": {"gpu": gpu_spec},
            "B": {"gpu": gpu_spec, "actions": ["other"]},
            "C": {"kind": "edge", "gpu": gpu_spec},
        },
        actions={"one": declared(), "other": declared()},
    )
    assert kinds(done.views("B")[0]) == ["Forward", "Drop"]
    assert kinds(done.views("C")[0]) == ["Forward", "Expand", "Drop"]
    first = done.views("A")[0].contractions[0]
    assert first.expandable_downstream
    assert not done.views("C")[0].forward.expandable_downstream


def test_times_are_expected_by_hand(ran, gpu_spec, declared):
    """Cold start 0.1 s, 10 ms of computing; 10,000 bit over 1 Mbit/s and then 0.5, two delays of 1 ms."""
    done = ran(
        nodes={"A": {"gpu": gpu_spec}},
        links={"B -> C": {"capacity": "500 kbit/s"}},
        actions={"a": declared()},
    )
    forward, contract = done.views("A")[0].forward, done.views("A")[0].contractions[0]
    assert contract.compute_s == pytest.approx(0.11)
    assert contract.transmit_s == pytest.approx(0.02 + 0.002)
    assert forward.transmit_s == pytest.approx(0.2 + 0.002)
    assert contract.total_s == pytest.approx(0.132)
    assert (contract.wait_s, forward.compute_s) == (0.0, 0.0)


def test_the_model_is_warm_the_second_time(ran, gpu_spec, declared):
    done = ran(
        plan={"A": ["contract"]},
        nodes={"A": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}},
        actions={"a": declared()},
    )
    later = done.views("A")[1]
    assert later.contractions[0].compute_s == pytest.approx(0.01)
    assert later.gpu.resident == ("a/contract",)
    assert later.gpu.free_bytes == 3 * 10**9


def test_deadlines_are_met_or_not(ran, gpu_spec, declared):
    done = ran(
        nodes={"A": {"gpu": gpu_spec}}, actions={"a": declared()}, services={"s": {"deadline": "120 ms"}}
    )
    view = done.views("A")[0]
    assert [option.meets_deadline for option in view.options] == [True, False, True]


def test_backlog_and_share_of_the_next_link_are_seen(ran):
    done = ran(
        duration="2 s",
        nodes={"A": {"policy": "script"}},
        services={"s": {"start": "50 ms"}, "t": {"content": "film", "from": "A", "to": "B"}},
    )
    (link,) = done.views("A")[0].links
    assert (link.name, link.to, link.capacity_bps, link.queue_bits) == ("A->B", "B", 1e6, 8_000_000)
    assert link.backlog_bits == 50_000
    assert (link.services, link.available_bps) == (2, 5e5)
    assert done.views("A")[0].forward.transmit_s == pytest.approx(0.05 + 0.1 + 0.002)


def test_a_dead_link_takes_for_ever(ran):
    capacity = {"kind": "steps", "steps": {"0 s": "0 bit/s", "1 s": "1 Mbit/s"}}
    view = ran(nodes={"A": {"policy": "script"}}, links={"A -> B": {"capacity": capacity}}).views("A")[0]
    assert view.forward.transmit_s == float("inf")
    assert view.links[0].available_bps == 0.0


def test_the_longest_way_of_a_multicast_counts(ran):
    done = ran(nodes={"A": {"policy": "script"}}, services={"s": {"to": ["B", "C"], "cast": "multicast"}})
    view = done.views("A")[0]
    assert len(view.links) == 1
    assert view.forward.transmit_s == pytest.approx(0.1 + 0.002)


def test_the_radio_of_a_cell_is_a_link_to_its_users(ran):
    done = ran(
        nodes={
            "C": {
                "kind": "cell",
                "policy": "script",
                "radio": {"capacity": "2 Mbit/s", "peak_rate": "1 Mbit/s"},
            }
        },
        audiences={"crowd": {"count": 3, "cells": "C", "watches": "s"}},
    )
    (radio,) = done.views("C")[0].links
    assert (radio.to, radio.capacity_bps, radio.services) == ("users", 2e6, 1)


def test_nothing_is_largest_or_smallest_without_links():
    assert largest_backlog_bits(()) == 0
    assert smallest_share_bps(()) is None

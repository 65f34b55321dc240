"""A personal segment travels as one train of copies, and every copy is complete or lost on its own."""

import pytest

CELL = {"kind": "cell", "radio": {"capacity": "1 Gbit/s", "peak_rate": "100 Mbit/s"}}


def town(ran, users: int, **changes):
    """A chain A-B to a cell C with so many users, each with 10 packets of 10 kbit a segment."""
    return ran(
        nodes={"C": CELL},
        duration="40 s",
        links={
            "A -> B": {"capacity": "1 Gbit/s"},
            "B -> C": {"capacity": "1 Gbit/s", **changes.pop("link", {})},
        },
        services={"s": {"to": "C", "personal": True, **changes.pop("service", {})}},
        audiences={"crowd": {"count": users, "cells": ["C"], "watches": ["s"]}},
        **changes,
    )


def delivered_share(done) -> float:
    rows = done.rows("users")
    return sum(row["segments_delivered"] for row in rows) / sum(row["segments_offered"] for row in rows)


@pytest.mark.parametrize("users", [5, 50])
def test_what_a_user_loses_does_not_depend_on_how_many_others_there_are(ran, users):
    """1% loss and 10 packets: 0.99^10 = 0.904 of the segments come through; four standard errors of room."""
    share = delivered_share(town(ran, users, link={"loss": 0.01}))
    segments = users * 40
    assert abs(share - 0.99**10) < 4 * (0.904 * 0.096 / segments) ** 0.5


def test_a_full_queue_hits_all_users_in_turn(ran):
    """The queue holds 7 of 10 copies: each user has about 7 of 10 segments, nobody none and nobody all."""
    done = town(
        ran,
        10,
        link={"queue": "700 kbit", "capacity": "2 Mbit/s"},
    )
    shares = [row["segments_delivered"] / row["segments_offered"] for row in done.rows("users")]
    assert min(shares) > 0.6
    assert max(shares) < 0.8


def test_tolerated_loss_is_counted_per_copy(ran):
    done = town(ran, 20, link={"loss": 0.01}, service={"loss_tolerance": 0.2})
    # Three or more of ten packets lost: 1.1e-4.
    assert delivered_share(done) > 0.99


def test_an_action_goes_on_with_the_copies_that_are_complete(ran, gpu_spec, declared):
    done = ran(
        plan={"B": ["contract"]},
        duration="40 s",
        nodes={"B": {"kind": "edge", "gpu": gpu_spec}, "C": CELL},
        links={"A -> B": {"capacity": "1 Gbit/s", "loss": 0.01}, "B -> C": {"capacity": "1 Gbit/s"}},
        actions={"key": declared(mode="full-reference")},
        services={"s": {"to": "C", "personal": True}},
        audiences={"crowd": {"count": 10, "cells": ["C"], "watches": ["s"]}},
    )
    assert abs(delivered_share(done) - 0.99**10) < 0.06
    contracted = [row for row in done.rows("segments") if row["contracted_by"] == "key"]
    assert {row["users"] for row in contracted} == {10}
    assert min(row["users_delivered"] for row in contracted) < 10

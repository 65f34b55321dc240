"""What happens to segments at their receivers."""

import pytest

CELL = {"kind": "cell", "radio": {"capacity": "1 Mbit/s", "peak_rate": "1 Mbit/s"}}


def crowd(count=4, **changes):
    return {"crowd": {"count": count, "watches": "s", **changes}}


def users(done):
    return sorted(done.rows("users"), key=lambda row: row["user"])


def test_a_wired_receiver_is_a_user_of_its_own(ran):
    done = ran()
    (user,) = users(done)
    assert (user["user"], user["node"], user["source_kind"], user["audience"]) == ("C", "C", "wired", "")
    assert (user["segments_delivered"], user["bits_received"]) == (3, 300_000)


def test_a_segment_on_the_deadline_to_the_nanosecond_is_in_time(ran):
    """0.112 s by hand; instants of many segments, whose differences in seconds are not exactly that."""
    done = ran(duration="30 s", services={"s": {"deadline": "112 ms"}})
    assert {row["outcome"] for row in done.rows("segments")} == {"delivered"}
    late = ran(duration="30 s", services={"s": {"deadline": "111.999999 ms"}})
    assert {row["outcome"] for row in late.rows("segments")} == {"late"}


def test_users_of_a_cell_each_get_a_copy_and_share_the_downlink(ran):
    done = ran(nodes={"C": CELL}, audiences=crowd(count=4, cells="C"))
    row = done.segment()
    assert (row["users"], row["users_delivered"], row["source_kind"]) == (4, 4, "cellular")
    assert row["delay_s"] == pytest.approx(0.112 + 4 * 0.1, abs=1e-6)
    assert [user["bits_received"] for user in users(done)] == [300_000] * 4
    assert sum(link["carried_bits"] for link in done.rows("links", link="A->B")) == 300_000
    assert sum(link["carried_bits"] for link in done.rows("links", link="C:downlink")) == 1_200_000


def test_personal_copies_travel_all_the_way(ran):
    done = ran(nodes={"C": CELL}, audiences=crowd(count=4, cells="C"), services={"s": {"personal": True}})
    assert sum(link["carried_bits"] for link in done.rows("links", link="A->B")) == 1_200_000
    assert sum(link["semantic_bits"] for link in done.rows("links", link="A->B")) == pytest.approx(3 * 4 * 40)


def test_the_end_of_a_run_finds_some_users_served_and_others_waiting(ran):
    """Users who joined later have less before them; what the others still wait for is in flight."""
    done = ran(
        duration="4.05 s", nodes={"C": CELL},
        audiences=crowd(count=12, cells="C", join={"kind": "uniform", "over": "4 s"}),
    )  # fmt: skip
    offered = sum(user["segments_offered"] for user in users(done))
    flying = sum(user["segments_in_flight"] for user in users(done))
    assert flying == sum(row["users"] for row in done.rows("segments", outcome="in-flight")) > 0
    assert offered == sum(row["users"] for row in done.rows("segments"))


TOWER = {"kind": "tower", "radio": {"capacity": "1 Mbit/s", "delay": "1 ms"}}


def test_a_broadcast_is_sent_once_for_all(ran):
    done = ran(nodes={"C": TOWER}, audiences=crowd(count=50, tower="C"))
    assert sum(link["carried_bits"] for link in done.rows("links", link="C->C:air")) == 300_000
    assert {user["segments_delivered"] for user in users(done)} == {3}
    row = done.segment()
    assert (row["receiver"], row["source_kind"], row["users_delivered"]) == ("C", "broadcast", 50)
    assert row["delay_s"] == pytest.approx(0.1 + 3 * 0.001 + 2 * 0.01, abs=1e-9)


def test_users_out_of_coverage_get_nothing_and_others_lose_now_and_then(ran):
    tower = {"kind": "tower", "radio": {"capacity": "1 Mbit/s", "coverage": 0.5, "segment_loss": 0.2}}
    done = ran(duration="20 s", nodes={"C": tower}, audiences=crowd(count=200, tower="C"))
    got = [user["segments_delivered"] for user in users(done)]
    covered = [count for count in got if count]
    assert 70 <= len(covered) <= 130
    assert sum(covered) / len(covered) == pytest.approx(16, abs=0.6)
    assert len(set(covered)) > 3


def test_the_luck_of_a_receiver_is_its_own_and_the_same_again(ran):
    tower = {"kind": "tower", "radio": {"capacity": "1 Mbit/s", "segment_loss": 0.5}}
    same = []
    for seed in (1, 1, 2):
        done = ran(nodes={"C": tower}, duration="9 s", seed=seed, audiences=crowd(count=30, tower="C"))
        same.append([user["segments_delivered"] for user in users(done)])
    assert same[0] == same[1] != same[2]


def test_a_segment_that_comes_when_nobody_is_there_is_neither_late_nor_lost(ran):
    audience = crowd(count=2, cells="C", join={"kind": "uniform", "over": "9 s"})
    done = ran(duration="9 s", nodes={"C": CELL}, audiences=audience, services={"s": {"deadline": "900 ms"}})
    empty = [row for row in done.rows("segments") if not row["users"]]
    assert empty
    assert {(row["outcome"], row["completed_s"]) for row in empty} == {("delivered", None)}


def test_the_warmup_is_left_out_of_the_counts_but_not_of_the_bits(ran):
    done = ran(warmup="1.5 s")
    (user,) = users(done)
    assert (user["segments_offered"], user["segments_delivered"], user["bits_received"]) == (1, 1, 300_000)
    assert [row["warmup"] for row in done.rows("segments")] == [True, True, False]

import numpy as np
import pytest

from netgen.engine.population import Join, Population


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


def population():
    """Two users of a common stream, three of its enhancement; one has no common stream."""
    return Population(
        users=["u0", "u1", "u0", "u1", "u2"], nodes=["mast", "mast", "c1", "c1", "c2"], audiences=["a"] * 5,
        services=["common", "common", "better", "better", "better"], source_kinds=["broadcast"] * 2 + ["cellular"] * 3,
        join_s=np.array([0.0, 5.0, 0.0, 5.0, 0.0]),
    )  # fmt: skip


def deliver(people, who, *, delay_s, deadline_s=2.0, **changes):
    fields = {"duration_s": 1.0, "semantic_bits": 10.0, "generated": False, "ms_ssim": None}
    return people.deliver(who, delay_s=np.array(delay_s), deadline_s=deadline_s, **{**fields, **changes})


def column(people, name):
    values = people.columns()[name]
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def test_a_receiver_reaches_its_own_rows_and_those_who_have_joined():
    people = population()
    assert people.reach("better", "c1").rows.tolist() == [2, 3]
    assert people.reach("better", "c1").active(4.9).tolist() == [2]
    assert people.reach("better", "c1").active(5.0).tolist() == [2, 3]
    assert people.reach("common", "c1").rows.tolist() == []


def test_what_is_offered_is_delivered_late_lost_or_in_flight():
    people = population()
    everybody = rows(0, 1, 2, 3, 4)
    for _ in range(4):
        people.offer(everybody, 10.0)
    assert deliver(people, rows(0, 1), delay_s=[1.0, 2.5]) == 1
    people.lose(rows(0), duration_s=1.0)
    parts = ["segments_offered", "segments_delivered", "segments_late", "segments_lost", "segments_in_flight"]
    assert [column(people, part)[:2] for part in parts] == [[4, 4], [1, 0], [0, 1], [1, 0], [2, 3]]
    assert column(people, "semantic_fidelity")[:3] == [0.25, 0.25, 0.0]


def test_on_the_deadline_is_in_time():
    people = population()
    assert deliver(people, rows(0), delay_s=[2.0]) == 0
    assert deliver(people, rows(0), delay_s=[9.0], deadline_s=None) == 0
    assert column(people, "delay_mean_s")[0] == 5.5


@pytest.mark.parametrize(("delay_s", "stall"), [(1.0, 0.0), (2.25, 0.25), (9.0, 1.0)])
def test_a_late_segment_stops_the_picture_for_its_lateness_and_at_most_its_duration(delay_s, stall):
    people = population()
    deliver(people, rows(0), delay_s=[delay_s])
    assert column(people, "stall_ratio")[0] == pytest.approx(stall)


def test_a_lost_segment_stops_the_picture_for_its_duration():
    people = population()
    deliver(people, rows(0), delay_s=[1.0])
    people.lose(rows(0), duration_s=3.0)
    assert column(people, "stall_ratio")[:2] == [0.75, None]


def test_quality_is_a_mean_where_all_of_it_is_known():
    people = population()
    for known in (0.9, 0.7):
        deliver(people, rows(0, 1), delay_s=[1.0, 1.0], ms_ssim=known, generated=known == 0.7)
    deliver(people, rows(1), delay_s=[1.0])
    assert column(people, "quality")[:3] == [pytest.approx(0.8), None, None]
    assert column(people, "segments_generated")[:3] == [1, 1, 0]


def test_bits_count_whatever_becomes_of_them():
    people = population()
    people.receive_bits(rows(0, 3), 500)
    people.receive_bits(rows(3), 1)
    assert column(people, "bits_received") == [500, 0, 0, 501, 0]


def test_an_enhancement_joins_its_common_stream_per_user_and_segment():
    people = population()
    people.follow("better", "common", 3)
    people.mark_on_time("common", 0, rows(0, 1))
    people.mark_on_time("better", 0, rows(2, 4))
    people.mark_on_time("common", 1, rows(1))
    people.mark_on_time("better", 1, rows(2, 3))
    people.mark_on_time("better", 2, rows(2))
    people.mark_on_time("better", 7, rows(2))  # beyond what is followed
    # u0 had both of segment 0, u1 both of segment 1, u2 has no common stream.
    assert people.joined() == [1, 1, 1, 1, 0]


def test_users_are_matched_by_name():
    join = Join.of(["u1", "u0", "u0"], ["common", "common", "better"], "better", "common", 2)
    assert join.common_row.tolist() == [-1, -1, 1]


def test_who_may_serve_instead_and_when_users_are_there():
    people = Population(
        users=["u0", "u1"], nodes=["c1", "mast:air"], audiences=["a", "a"], services=["live", "live"],
        source_kinds=["cellular", "broadcast"], join_s=np.array([0.5, np.inf]), leave_s=np.array([9.0, np.inf]),
        others=["mast:air", ""],
    )  # fmt: skip
    assert column(people, "other_node") == ["mast:air", ""]
    assert column(people, "join_s") == [0.5, None]
    assert column(people, "leave_s") == [9.0, None]

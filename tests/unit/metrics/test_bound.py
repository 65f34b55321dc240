"""The most that offloading could free, by hand and against every choice of contents."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.ledger import DecisionRecord, Figure, OptionSeen
from netgen.metrics.bound import freed_of_bound, most_freed


def content(share, rate_bps, channel=0):
    return {"channel": channel, "rate_bps": rate_bps, "share": share}


def test_channels_are_filled_by_share_per_bit_to_the_brim():
    """2 bit/s free 3, then half of what frees 4 in 4 bit/s; the other channel has room for all of its one content."""
    contents = [content(4.0, 4.0), content(3.0, 2.0), content(1.0, 2.0), content(0.5, 1.0, channel=1)]
    assert most_freed(contents, [4.0, 9.0]) == pytest.approx(3.0 + 2.0 + 0.5, abs=1e-12)


CONTENTS = st.lists(
    st.builds(
        content, st.floats(0, 5), st.integers(1, 6).map(float), channel=st.integers(0, 1)
    ),
    max_size=6,
)  # fmt: skip


@given(contents=CONTENTS, capacity_bps=st.lists(st.integers(0, 12).map(float), min_size=2, max_size=2))
def test_no_choice_that_fits_frees_more(contents, capacity_bps):
    most = most_freed(contents, capacity_bps)
    for count in range(len(contents) + 1):
        for some in combinations(contents, count):
            used = [sum(each["rate_bps"] for each in some if each["channel"] == k) for k in (0, 1)]
            if all(rate <= room for rate, room in zip(used, capacity_bps, strict=True)):
                assert sum(each["share"] for each in some) <= most + 1e-9


def test_a_run_is_judged_over_all_its_decisions(record, ledger_of):
    """At 1 s a content that frees 0.5 of 0.8 is on the tower, at 2 s both are, of which only 1.5 bit/s of 2 fit."""

    def option(service, share, rate_bps):
        values = {"channel": 0.0, "audience": 9.0, "rate_bps": rate_bps, "share": share}
        return OptionSeen(
            "tower", service, None, None, None, None, tuple(Figure(*pair) for pair in values.items())
        )

    def decision(number, time_s, on_tower, *options, capacity_bps=2.0, mode="offloading"):
        saw = (Figure("c1.load", 0.5), Figure("mast:air.capacity_bps", capacity_bps))
        return record(
            DecisionRecord,
            decision=number,
            mode=mode,
            time_s=time_s,
            action=on_tower,
            options=options,
            saw=saw,
        )

    both = option("a", 0.5, 1.0), option("b", 0.3, 1.0)
    ledger = ledger_of(
        decision(0, 0.0, "", *both),
        decision(1, 1.0, "a", *both),
        decision(2, 1.5, "x", option("x", 9.0, 1.0), mode="addition"),
        decision(3, 2.0, "a, b", *both, capacity_bps=1.5),
    )
    assert freed_of_bound(ledger, 1.0) == pytest.approx((0.5 + 0.8) / (0.8 + 0.65), abs=1e-12)
    assert freed_of_bound(ledger, 5.0) is None

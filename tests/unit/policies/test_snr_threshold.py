"""What is sent over a radio link by its SNR."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.policy import Contract, Drop, Expand, Forward, policy_factory
from netgen.policy.checking import sample_views
from netgen.policy.views import Option

FILE = Path(__file__).resolve().parents[3] / "policies" / "snr_threshold.py"


def option(decision, bits=1000, *, expandable=True):
    return Option(decision, bits, 0.9, "semi-reference", False, 0.0, 0.0, 1.0, True, expandable)


FORWARD, DROP = option(Forward(), expandable=False), option(Drop(), expandable=False)
TEXT, VISUAL, EXPAND = option(Contract("text"), 60), option(Contract("visual"), 9000), option(Expand())


def chosen(snr_db, options, *, contracted_by=None, **parameters):
    base = sample_views()[0]
    seen = replace(
        base,
        links=(replace(base.links[0], snr_db=snr_db),),
        options=options,
        segment=replace(base.segment, contracted_by=contracted_by),
    )
    policy = policy_factory(f"{FILE}:SnrThreshold", {"above": "visual", "below": "text", **parameters})()
    return policy.decide(seen, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("snr_db", "decision"),
    [(5.0, Contract("visual")), (30.0, Contract("visual")), (4.99, Contract("text")), (None, Forward())],
)
def test_the_visual_part_goes_at_or_above_the_threshold(snr_db, decision):
    assert chosen(snr_db, (FORWARD, TEXT, VISUAL, DROP)) == decision


def test_the_threshold_can_be_set():
    assert chosen(8.0, (FORWARD, TEXT, VISUAL, DROP), threshold_db=9) == Contract("text")
    with pytest.raises(InputError, match="finite"):
        chosen(8.0, (FORWARD,), threshold_db=float("nan"))


@pytest.mark.parametrize(("snr_db", "decision"), [(9.0, Contract("visual")), (0.0, Contract("text"))])
def test_without_names_it_takes_the_most_and_the_fewest_bits(snr_db, decision):
    unusable = option(Contract("huge"), 10**6, expandable=False)
    assert chosen(snr_db, (FORWARD, VISUAL, TEXT, unusable, DROP), above=None, below=None) == decision


def test_what_cannot_be_done_is_left():
    assert chosen(9.0, (FORWARD, TEXT, DROP)) == Forward()


def test_it_is_expanded_at_the_last_node_that_can():
    assert chosen(9.0, (FORWARD, EXPAND, DROP), contracted_by="text") == Expand()
    later = replace(FORWARD, expandable_downstream=True)
    assert chosen(9.0, (later, EXPAND, DROP), contracted_by="text") == Forward()

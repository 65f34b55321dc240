"""Which segments are rated, and why."""

import pytest

from netgen.evaluation.trigger import Trigger

ADAPTIVE = Trigger(fidelity=0.8, after_bad=3, share=0.1)


@pytest.mark.parametrize(
    ("fidelity", "since_bad", "luck", "reason"),
    [
        (0.79, None, 0.99, "fidelity"),
        (0.8, None, 0.99, ""),
        (0.9, 1, 0.99, "after-bad"),
        (0.9, 3, 0.99, "after-bad"),
        (0.9, 4, 0.99, ""),
        (0.9, None, 0.09, "share"),
        (0.7, 1, 0.0, "fidelity"),
    ],
)
def test_reasons_of_doubt(fidelity, since_bad, luck, reason):
    assert ADAPTIVE.reason(fidelity=fidelity, since_bad=since_bad, luck=luck) == reason


def test_always_and_never():
    assert Trigger(always=True).reason(fidelity=1.0, since_bad=None, luck=0.9) == "always"
    assert Trigger().reason(fidelity=0.0, since_bad=1, luck=0.0) == ""

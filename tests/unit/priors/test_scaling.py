"""The law from priors that were measured."""

import pytest

pytest.importorskip("torch")

from netgen.priors.scaling import MeasuredPrior, measured_priors, table
from netgen.rng import generator_from
from netgen.semantics.scaling_law import fit_scaling_law


def test_every_size_learns_from_every_amount():
    pytest.importorskip("skimage")
    told: list[str] = []
    found = measured_priors(1, told.append, widths=(2, 4), examples=(300, 600), steps=100)
    assert [(one.parameters, one.examples) for one in found] == [
        (101, 300),
        (195, 300),
        (101, 600),
        (195, 600),
    ]
    assert len(told) == 4
    assert all(0 < one.remaining_bits < 9 for one in found)


def test_the_table_has_every_prior_and_the_law():
    priors = [
        MeasuredPrior(size, count, 2 + 40 * size**-0.6 + 90 * count**-0.5)
        for size in (100, 400, 1600) for count in (1000, 8000, 64_000)
    ]  # fmt: skip
    law = fit_scaling_law(
        [one.parameters for one in priors], [one.examples for one in priors],
        [one.remaining_bits for one in priors], generator_from(1), resamples=5,
    )  # fmt: skip
    lines = table(priors, law).splitlines()
    assert lines[0].count("parameters") == 3
    assert lines[2].startswith("| 1,000 | 7.37")
    assert "2.000 + " in lines[-1]
    assert "N^-0.60" in lines[-1]

"""The users' table gets its rating."""

import numpy as np
import pytest

from netgen.metrics.users import rated_users


def columns(**changes):
    return {
        "user": ["a", "b", "c"],
        "semantic_fidelity": [1.0, 0.5, None],
        "stall_ratio": [0.0, 0.2, None],
        "quality": [1.0, None, None],
        **changes,
    }


def test_who_was_offered_something_is_rated():
    rated, levels = rated_users(columns())
    assert rated["utility"][0] == 5.0
    assert rated["utility"][1] == pytest.approx(1 + 4 * (0.5 + 0.8) / 2)
    assert rated["utility"].tolist()[2] is None
    assert "quality" not in rated
    assert rated["user"] == ["a", "b", "c"]
    # Position 2.6 of the second one: 0.4 fair and 0.6 good; the mean over the two.
    assert levels == pytest.approx([0, 0, 0.2, 0.3, 0.5])


def test_nobody_to_rate():
    rated, levels = rated_users(columns(semantic_fidelity=[None] * 3))
    assert rated["utility"].tolist() == [None] * 3
    assert levels.tolist() == [0.0] * 5


def test_the_given_columns_are_left_alone():
    given = columns()
    rated_users(given)
    assert given == columns()


def test_no_rows():
    rated, levels = rated_users({"semantic_fidelity": [], "stall_ratio": [], "quality": [], "user": []})
    assert rated["utility"].tolist() == []
    assert np.array(levels).shape == (5,)

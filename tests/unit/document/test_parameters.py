"""Parameters against the signature of a class: what is accepted is said in plain words."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from netgen.document.parameters import checked_parameters


class Chosen:
    """Parameters of many kinds."""

    def __init__(
        self,
        *,
        limit: float = 1.0,
        count: int = 1,
        share: Annotated[float, Field(gt=0, le=1)] = 0.5,
        cast: Literal["unicast", "multicast"] = "unicast",
        leave: float | None = None,
        quick: bool = False,
        names: list[str] | None = None,
        anything: Any = None,
        exact: complex = 0j,
    ) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("limit", "much", "is not accepted; accepted: a number without a unit"),
        ("count", 1.5, "is not accepted; accepted: a whole number without a unit"),
        ("share", 0, "is out of range; accepted: > 0.0"),
        ("share", 2, "is out of range; accepted: <= 1.0"),
        ("share", "2", "is out of range; accepted: <= 1.0"),
        ("cast", "any", "is not accepted; accepted: unicast, multicast"),
        ("leave", "late", "is not accepted; accepted: a number without a unit or null"),
        ("quick", 7, "is not accepted; accepted: true or false"),
        ("names", 7, "is not accepted; accepted: a list or null"),
    ],
)
def test_a_wrong_value(name, value, reason):
    arguments, defects = checked_parameters(Chosen, {name: value})
    assert [(defect.name, defect.kind, defect.reason) for defect in defects] == [(name, "value", reason)]
    assert arguments == {}
    assert defects[0].told({name: value}) == f'parameter "{name}" = {value!r}: {reason}'


def test_what_has_no_words_is_told_in_those_of_the_check():
    _, (defect,) = checked_parameters(Chosen, {"exact": "i"})
    assert "complex" in defect.reason


def test_every_defect_is_found_and_the_rest_is_returned():
    arguments, defects = checked_parameters(Chosen, {"limt": 1, "count": "x", "limit": 2, "anything": [3]})
    assert [defect.name for defect in defects] == ["limt", "count"]
    assert defects[0].reason.endswith('did you mean "limit"?')
    assert arguments == {"limit": 2.0, "anything": [3]}

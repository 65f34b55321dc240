"""Exit codes and hints."""

import inspect

import pytest

from netgen import errors
from netgen.errors import InputError, NetgenError, did_you_mean, exit_code_of

EXIT_CODES = {
    "NetgenError": 1,
    "InputError": 2,
    "ScenarioError": 2,
    "ModelRangeError": 2,
    "MissingDependencyError": 2,
    "PolicyError": 1,
    "PolicySetupError": 2,
    "ConservationError": 1,
    "CheckFailedError": 3,
}


def test_every_error_is_a_netgen_error_with_the_exit_code_of_the_contract():
    """0 done, 1 the run failed, 2 the input is wrong, 3 a check that was asked for failed."""
    found = {
        name: error
        for name, error in inspect.getmembers(errors, inspect.isclass)
        if issubclass(error, Exception)
    }
    assert {name: error.exit_code for name, error in found.items()} == EXIT_CODES
    assert all(issubclass(error, NetgenError) for error in found.values())


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("tower_nroth", ["tower_south", "tower_north"], '; did you mean "tower_north"?'),
        ("cell1", ["cell2", "cell12"], '; did you mean "cell12"?'),
        ("Forward", ["forward"], '; did you mean "forward"?'),
        ("xyz", ["tower_north"], ""),
        ("", ["a"], ""),
        ("a", [], ""),
    ],
)
def test_the_nearest_name_is_suggested(name, known, hint):
    assert did_you_mean(name, known) == hint


def test_the_suggestion_does_not_depend_on_the_order_of_the_names():
    names = ["cell2", "cell3", "cell4"]
    assert did_you_mean("cell1", names) == did_you_mean("cell1", reversed(names))
    assert did_you_mean("cell1", iter(names)) == did_you_mean("cell1", set(names))


def test_a_command_ends_in_one_message_and_its_exit_code(capsys):
    def refuse() -> int:
        raise InputError("scenes: 3; accepted: at least 40")

    assert exit_code_of(refuse) == 2
    assert capsys.readouterr().err == "scenes: 3; accepted: at least 40\n"
    assert exit_code_of(lambda: 0) == 0

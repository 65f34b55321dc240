"""Names to extensions."""

import pytest

from netgen.errors import InputError
from netgen.registry import Registry


@pytest.fixture
def actions() -> Registry[int]:
    registry: Registry[int] = Registry("action")
    registry.add("x265", 1)
    registry.add("cttr", 2)
    return registry


def test_entries_are_found_and_listed_by_name(actions):
    assert (actions.get("x265"), actions.get("cttr")) == (1, 2)
    assert list(actions) == ["cttr", "x265"]
    assert len(actions) == 2


def test_add_returns_the_entry_so_that_it_can_decorate(actions):
    def action() -> None: ...

    assert Registry("action").add("own", action) is action


def test_a_taken_name_is_an_error_and_keeps_the_first_entry(actions):
    with pytest.raises(ValueError, match='action "x265" is already registered as 1'):
        actions.add("x265", 3)
    assert actions.get("x265") == 1


def test_an_unknown_name_names_the_nearest_and_all(actions):
    with pytest.raises(InputError) as error:
        actions.get("x256")
    assert str(error.value) == 'no action is called "x256"; did you mean "x265"? (known: cttr, x265)'
    assert error.value.exit_code == 2


def test_an_empty_registry_says_so():
    with pytest.raises(InputError, match=r'^no metric is called "psnr" \(known: none\)$'):
        Registry("metric").get("psnr")


def test_registries_are_separate(actions):
    assert len(Registry("action")) == 0

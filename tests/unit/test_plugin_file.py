"""Classes in files of users: found, loaded, and told of in one message when not."""

import inspect

import pytest

from netgen.errors import InputError, PolicySetupError
from netgen.plugin_file import class_in_file


@pytest.fixture
def load(tmp_path):
    def go(text, name, **more):
        (tmp_path / "own.py").write_text(text, encoding="utf-8")
        return class_in_file("policy", f"own.py:{name}", (tmp_path,), is_one=inspect.isclass, **more)

    return go


def test_the_class_is_returned(load):
    assert load("class Mine: pass", "Mine").__name__ == "Mine"


def test_a_missing_class_names_those_that_are_there(load):
    with pytest.raises(InputError, match=r'has no class "Mien"; did you mean "Mine"\? \(it has: Mine\)'):
        load("class Mine: pass\nnumber = 3", "Mien")


@pytest.mark.parametrize("text", ["1 / 0", "raise SystemExit(0)", "def ("])
def test_a_file_that_fails_to_load_is_the_error_that_is_asked_for(load, text):
    with pytest.raises(PolicySetupError, match="failed to load"):
        load(text, "Mine", failure=PolicySetupError)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(InputError, match="no such file") as told:
        class_in_file("action", "none.py:Mine", (tmp_path,), is_one=inspect.isclass)
    assert str(tmp_path / "none.py") in str(told.value)

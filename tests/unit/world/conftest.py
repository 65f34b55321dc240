"""Scenarios as text for the tests of what is built from them."""

import pytest

from netgen.scenario import load_scenario


@pytest.fixture
def scenario_of(tmp_path):
    """Load a scenario given as text, with files beside it."""

    def go(text, *overrides, files=None):
        for name, content in (files or {}).items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        path = tmp_path / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        return load_scenario(path, overrides)

    return go

"""Finding a policy class and validating its parameters."""

import dataclasses
import importlib.metadata
import sys
from pathlib import Path

import pytest

from netgen.errors import InputError, PolicyError
from netgen.policy import (
    AdditionPolicy,
    ContinuationPolicy,
    OffloadingPolicy,
    RelayPolicy,
    kinds_of,
    load_policy_class,
    policy_factory,
    policy_kinds,
)
from netgen.policy.builtin import ForwardOnly, NeverCollaborate
from netgen.policy.checking import sample_views

PLUGIN = """
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netgen.policy import NodeView, RelayPolicy


@dataclass
class Memory:
    seen: int = 0


class Threshold(RelayPolicy):
    name = "threshold"

    def __init__(self, *, limit: float, repeats: int = 1, mode: Literal["semi", "none"] = "semi") -> None:
        if limit < 0:
            raise ValueError(f"limit = {limit} must not be negative")
        self.limit, self.repeats, self.mode, self.memory = limit, repeats, mode, Memory()

    def decide(self, view, rng):
        self.memory.seen += 1
        return view.forward.decision


class Unfinished(RelayPolicy):
    name = "unfinished"


class NotAPolicy:
    pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(PLUGIN, encoding="utf-8")
    return tmp_path


def message_of(reference: str, *, folders: tuple[Path, ...] = ()) -> str:
    with pytest.raises((InputError, PolicyError)) as error:
        load_policy_class(reference, folders=folders)
    return str(error.value)


def install(monkeypatch, name: str, load) -> None:
    """Pretend that a package is installed whose entry point is `name`."""

    @dataclasses.dataclass
    class EntryPoint:
        name: str

        def load(self):
            return load()

    def entry_points(*, group: str):
        assert group == "netgen.policies"
        return [EntryPoint(name)]

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)


def test_the_built_in_policy_has_a_name():
    assert load_policy_class("forward") is ForwardOnly


def test_a_class_in_a_file_is_found_in_the_given_folders_in_order(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "own.py").write_text(PLUGIN.replace('"threshold"', '"other"'), encoding="utf-8")
    assert load_policy_class("own.py:Threshold", folders=(folder, other)).name == "threshold"
    assert load_policy_class("own.py:Threshold", folders=(other, folder)).name == "other"
    assert load_policy_class(f"{folder}/own.py:Threshold").name == "threshold"


def test_a_relative_file_is_found_from_the_current_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert load_policy_class("own.py:Threshold").name == "threshold"


def test_an_installed_entry_point_is_found(monkeypatch):
    class Installed(ForwardOnly):
        name = "installed"

    install(monkeypatch, "installed", lambda: Installed)
    assert load_policy_class("installed") is Installed


def test_a_package_that_fails_to_load_is_named(monkeypatch):
    def load():
        raise ImportError("no module named nowhere")

    install(monkeypatch, "installed", load)
    assert message_of("installed") == (
        "policy \"installed\": its package failed to load: ImportError('no module named nowhere')"
    )


def test_an_entry_point_that_is_no_policy_is_an_error(monkeypatch):
    install(monkeypatch, "installed", lambda: dict)
    assert message_of("installed") == (
        "policy \"installed\": <class 'dict'> is not a policy "
        "(RelayPolicy, ContinuationPolicy, OffloadingPolicy, AdditionPolicy) with a decide() method"
    )


def test_a_package_that_leaves_while_it_is_loaded_is_an_error(monkeypatch):
    install(monkeypatch, "installed", lambda: sys.exit(0))
    assert message_of("installed") == 'policy "installed": its package failed to load: SystemExit(0)'


def test_a_package_cannot_take_the_name_of_a_built_in_policy(monkeypatch):
    install(monkeypatch, "forward", lambda: ForwardOnly)
    assert message_of("forward").startswith('policy "forward" is already registered as ')
    assert "has the same name: rename or remove one" in message_of("installed")


@pytest.mark.parametrize("code", ["0", "1", "'done'"])
def test_a_policy_that_leaves_when_it_is_made_is_an_error(tmp_path, code):
    (tmp_path / "own.py").write_text(
        "import sys\nfrom netgen.policy import RelayPolicy\n\nclass Own(RelayPolicy):\n"
        f"    def __init__(self): sys.exit({code})\n"
        "    def decide(self, view, rng): return view.forward.decision\n",
        encoding="utf-8",
    )
    with pytest.raises(PolicyError, match=rf'^policy "own.py:Own" with {{}}: SystemExit\({code}\)'):
        policy_factory("own.py:Own", {}, folders=(tmp_path,))


def test_an_interruption_while_a_file_is_loaded_stays_one(tmp_path):
    (tmp_path / "own.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        load_policy_class("own.py:Own", folders=(tmp_path,))
    assert not [
        name for name in sys.modules if name.startswith("netgen_policy_own") and tmp_path.name in name
    ]


def test_an_unknown_name_names_the_nearest_and_all_of_both_kinds(monkeypatch):
    install(monkeypatch, "greedy", lambda: ForwardOnly)
    assert message_of("forwrad") == (
        'policy "forwrad" is neither built in, an installed entry point, nor "file.py:Class"; '
        'did you mean "forward"? (known: forward, greedy, never-collaborate)'
    )


def test_a_missing_file_lists_where_it_was_looked_for(folder, monkeypatch):
    monkeypatch.chdir(folder)
    places = f"{folder / 'sub' / 'gone.py'}, {folder / 'gone.py'}"
    message = message_of("gone.py:Threshold", folders=(folder / "sub",))
    assert message == f'policy "gone.py:Threshold": no such file (looked for {places})'


def test_a_file_that_is_not_python_is_an_error(tmp_path):
    (tmp_path / "own.txt").write_text(PLUGIN, encoding="utf-8")
    message = message_of("own.txt:Threshold", folders=(tmp_path,))
    assert message == f'policy "own.txt:Threshold": {tmp_path / "own.txt"} is not a Python file'


def test_a_missing_class_names_the_nearest(folder):
    message = message_of("own.py:Treshold", folders=(folder,))
    assert f'{folder / "own.py"} has no class "Treshold"; did you mean "Threshold"?' in message
    assert "Unfinished" in message


@pytest.mark.parametrize("class_name", ["Unfinished", "NotAPolicy", "PLUGIN"])
def test_a_class_that_cannot_decide_is_an_error(folder, class_name):
    with (folder / "own.py").open("a", encoding="utf-8") as file:
        file.write("\nPLUGIN = 3\n")
    message = message_of(f"own.py:{class_name}", folders=(folder,))
    assert message.endswith(
        "is not a policy (RelayPolicy, ContinuationPolicy, OffloadingPolicy, AdditionPolicy) with a decide() method"
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("1 / 0", "ZeroDivisionError('division by zero')"),
        ("import no_such_package_anywhere", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(0)", "SystemExit(0)"),
    ],
)
def test_a_file_that_fails_to_load_says_why_and_leaves_no_trace(tmp_path, text, cause):
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    before = set(sys.modules)
    message = message_of("own.py:Threshold", folders=(tmp_path,))
    assert message.startswith(f'policy "own.py:Threshold": {tmp_path / "own.py"} failed to load: {cause}')
    assert {name for name in set(sys.modules) - before if name.startswith("netgen_policy_")} == set()


def test_parameters_reach_the_policy_with_their_types(folder):
    make = policy_factory("own.py:Threshold", {"limit": 1, "mode": "none"}, folders=(folder,))
    policy = make()
    assert isinstance(policy, RelayPolicy)
    assert (policy.limit, policy.repeats, policy.mode) == (1.0, 1, "none")
    assert isinstance(policy.limit, float)


def test_each_instance_has_its_own_memory(folder):
    make = policy_factory("own.py:Threshold", {"limit": 1}, folders=(folder,))
    first, second = make(), make()
    first.decide(sample_views()[0], None)
    assert (first.memory.seen, second.memory.seen) == (1, 0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"limit": 1, "repeat": 2},
            'no parameter "repeat"; accepted: limit, repeats, mode; did you mean "repeats"?',
        ),
        ({}, 'parameter "limit" is missing and has no default'),
        (
            {"limit": "much"},
            "parameter \"limit\" = 'much': is not accepted; accepted: a number without a unit",
        ),
        (
            {"limit": 1, "repeats": 1.5},
            'parameter "repeats" = 1.5: is not accepted; accepted: a whole number without a unit',
        ),
        ({"limit": 1, "mode": "full"}, "parameter \"mode\" = 'full': is not accepted; accepted: semi, none"),
    ],
)
def test_wrong_parameters_are_errors(folder, parameters, message):
    with pytest.raises(InputError) as error:
        policy_factory("own.py:Threshold", parameters, folders=(folder,))
    assert str(error.value) == f'policy "own.py:Threshold": {message}'


def test_a_policy_without_parameters_accepts_none():
    with pytest.raises(InputError, match=r'^policy "forward": no parameter "limit"; accepted: none$'):
        policy_factory("forward", {"limit": 1})
    assert isinstance(policy_factory("forward", {})(), ForwardOnly)


def test_a_policy_that_refuses_its_parameters_is_named(folder):
    with pytest.raises(InputError) as error:
        policy_factory("own.py:Threshold", {"limit": -1}, folders=(folder,))
    assert str(error.value) == (
        "policy \"own.py:Threshold\" with {'limit': -1.0}: ValueError('limit = -1.0 must not be negative')"
    )


@pytest.mark.parametrize("annotation", ["Nowhere", "types.ModuleType"])
def test_an_annotation_that_cannot_be_checked_names_the_policy_and_the_parameter(tmp_path, annotation):
    """A class imported only for type checking, or one that pydantic has no check for: no traceback."""
    (tmp_path / "own.py").write_text(
        "from __future__ import annotations\n"
        "import types\n"
        "from netgen.policy import RelayPolicy\n\n"
        "class Own(RelayPolicy):\n"
        f"    def __init__(self, limit: {annotation}) -> None: ...\n"
        "    def decide(self, view, rng): return view.forward.decision\n",
        encoding="utf-8",
    )
    with pytest.raises((InputError, PolicyError), match=r'^policy "own.py:Own"'):
        policy_factory("own.py:Own", {"limit": 1}, folders=(tmp_path,))


SERVICE_PLUGIN = """
from netgen.policy import ContinuationDecision, ContinuationPolicy, OffloadingPolicy, RelayPolicy


class Stay(ContinuationPolicy):
    def __init__(self, *, least: int = 1) -> None:
        self.least = least

    def decide(self, view, rng):
        return ContinuationDecision(view.served)


class Both(OffloadingPolicy, RelayPolicy):
    def decide(self, view, rng):
        raise NotImplementedError
"""


@pytest.fixture
def services(tmp_path: Path) -> Path:
    (tmp_path / "service.py").write_text(SERVICE_PLUGIN, encoding="utf-8")
    return tmp_path


def test_a_service_policy_is_made_when_its_kind_is_wanted(services):
    make = policy_factory("service.py:Stay", {"least": 3}, folders=(services,), base=ContinuationPolicy)
    assert isinstance(make(), ContinuationPolicy)
    assert make().least == 3
    assert make() is not make()


@pytest.mark.parametrize(
    ("reference", "wanted", "by", "message"),
    [
        (
            "forward",
            ContinuationPolicy,
            "collaboration.continuation",
            'policy "forward" is a RelayPolicy; collaboration.continuation wants a ContinuationPolicy',
        ),
        (
            "service.py:Stay",
            AdditionPolicy,
            "collaboration.addition",
            'policy "service.py:Stay" is a ContinuationPolicy; collaboration.addition wants an AdditionPolicy',
        ),
        (
            "service.py:Both",
            ContinuationPolicy,
            "",
            'policy "service.py:Both" is a RelayPolicy and an OffloadingPolicy; a ContinuationPolicy is wanted here',
        ),
    ],
)
def test_a_policy_of_another_kind_is_wrong_input(services, reference, wanted, by, message):
    with pytest.raises(InputError) as error:
        policy_factory(reference, {}, folders=(services,), base=wanted, wanted_by=by)
    assert str(error.value) == message


def test_a_relay_policy_is_wanted_unless_it_is_said_otherwise(services):
    with pytest.raises(InputError, match="is a ContinuationPolicy; a RelayPolicy is wanted here"):
        policy_factory("service.py:Stay", {}, folders=(services,))
    assert policy_factory("service.py:Stay", {}, folders=(services,), base=None)().least == 1


def test_the_kinds_of_a_policy_are_told(services):
    assert kinds_of("forward") == (RelayPolicy,)
    assert kinds_of("never-collaborate") == (ContinuationPolicy, OffloadingPolicy, AdditionPolicy)
    assert kinds_of("service.py:Both", folders=(services,)) == (RelayPolicy, OffloadingPolicy)
    assert policy_kinds(dict) == ()


@pytest.mark.parametrize("kind", [ContinuationPolicy, OffloadingPolicy, AdditionPolicy])
def test_the_built_in_baseline_is_of_every_kind_of_service_policy(kind):
    assert isinstance(policy_factory("never-collaborate", {}, base=kind)(), NeverCollaborate)


def test_a_missing_class_is_hinted_at_among_service_policies_and_not_among_base_classes(services):
    message = message_of("service.py:Sta", folders=(services,))
    assert message.endswith('has no class "Sta"; did you mean "Stay"? (it has: Stay, Both)')

import importlib.metadata
import importlib.util
import pickle

import pytest

from netgen.actions.codecs import X265Action
from netgen.actions.contract import VideoAction
from netgen.catalogue.loading import ENTRY_POINT_GROUP, action_factory, find_action, known_actions
from netgen.catalogue.starting_point import action_text
from netgen.catalogue.variants import VARIANTS, Variant
from netgen.errors import InputError, MissingDependencyError

pytest.importorskip("av")


@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_variant_can_be_made(name):
    variant = VARIANTS[name]
    action = find_action(name)
    assert isinstance(action, VideoAction)
    assert {key: action.values[key] for key in variant.parameters} == variant.parameters


def test_domains_of_variants_differ_unless_only_the_receiver_differs():
    domains = [
        find_action(name).domain
        for name in ("x264", "x265", "x265-half", "vp9", "svtav1-drop2", "svtav1-mci2")
    ]
    assert len(set(domains)) == 5


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(InputError, match='did you mean "x265-half"'):
        find_action("x265-hafl")


def test_a_shipped_variant_takes_no_parameters():
    with pytest.raises(InputError, match="takes no parameters; got: scale"):
        find_action("x265-half", {"scale": 4})


def test_a_missing_package_is_told_with_its_extra(tmp_path, monkeypatch):
    (tmp_path / "needs_torch.py").write_text("raise ImportError('no', name='torch')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingDependencyError, match=r"needs torch.*pip install netgen\[actions\]"):
        Variant("own", "needs_torch", "Own").make()
    (tmp_path / "broken.py").write_text("import no_such_module_at_all")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        Variant("own", "broken", "Own").make()


def test_a_class_in_a_file(tmp_path):
    (tmp_path / "own.py").write_text(action_text("own"))
    factory = action_factory("own.py:Own", {"side_px": 4}, folders=(tmp_path,))
    assert factory().values == {"side_px": 4}
    assert type(factory()) is type(factory())
    again = pickle.loads(pickle.dumps(factory))  # noqa: S301  (our own bytes)
    assert again().domain == factory().domain
    with pytest.raises(InputError, match="side_px = 5; accepted: 4, 8, 16"):
        find_action("own.py:Own", {"side_px": 5}, folders=(tmp_path,))


@pytest.mark.parametrize(
    ("text", "reference", "message"),
    [
        (None, "own.py:Own", "no such file"),
        ("x = (", "own.py:Own", "failed to load: SyntaxError"),
        ("import sys; sys.exit(0)", "own.py:Own", "failed to load: SystemExit"),
        (action_text("own"), "own.py:Onw", 'has no class "Onw"; did you mean "Own"'),
        ("Own = 3", "own.py:Own", "3 is not a subclass of"),
        (
            "from netgen.actions.contract import VideoAction as Own",
            "own.py:Own",
            "does not define .*contract_at",
        ),
        (
            action_text("own") + "\n    def __init__(self): raise SystemExit(0)",
            "own.py:Own",
            "cannot be made: System",
        ),
        (
            action_text("own") + "\n    def __init__(self): 1 / 0",
            "own.py:Own",
            "cannot be made: ZeroDivision",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_input_error(tmp_path, text, reference, message):
    if text is not None:
        (tmp_path / "own.py").write_text(text)
    with pytest.raises(InputError, match=message):
        find_action(reference, folders=(tmp_path,))


def test_an_entry_point_of_an_installed_package(monkeypatch):
    offered = [
        importlib.metadata.EntryPoint("mine", "netgen.actions.codecs:X265Action", ENTRY_POINT_GROUP),
        importlib.metadata.EntryPoint("gone", "no_such_module:Own", ENTRY_POINT_GROUP),
    ]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda *, group: offered * (group == ENTRY_POINT_GROUP)
    )
    assert {"mine", "gone", "svtav1"} <= set(known_actions())
    assert isinstance(find_action("mine"), X265Action)
    with pytest.raises(InputError, match='action "gone": its package failed to load: ModuleNotFound'):
        find_action("gone")
    offered.append(importlib.metadata.EntryPoint("x265", "a:B", ENTRY_POINT_GROUP))
    with pytest.raises(InputError, match=r"already registered.*rename or remove one"):
        known_actions()

import subprocess
import sys

import pytest

from netgen.catalogue.loading import find_action
from netgen.catalogue.starting_point import action_text, class_name_of, file_name_of, write_action
from netgen.errors import InputError


@pytest.mark.parametrize(
    ("name", "class_name", "file_name"),
    [
        ("edge-sketch", "EdgeSketch", "edge_sketch.py"),
        ("EdgeSketch", "EdgeSketch", "edge_sketch.py"),
        ("own", "Own", "own.py"),
        ("my codec 2", "MyCodec2", "my_codec_2.py"),
    ],
)
def test_a_name_makes_a_class_and_a_file(tmp_path, name, class_name, file_name):
    assert (class_name_of(name), file_name_of(name)) == (class_name, file_name)
    path = write_action(name, tmp_path)
    assert path == tmp_path / file_name
    action = find_action(f"{path}:{class_name}")
    assert action.name == f"plugin.{file_name.removesuffix('.py').replace('_', '-')}"
    assert f"netgen actions check {file_name}:{class_name}" in path.read_text()


@pytest.mark.parametrize("name", ["", "9lives", "a/b", "class", "-", "é", "../up", "x;y"])
def test_a_name_that_makes_no_module_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="makes no name of an action"):
        write_action(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays(tmp_path):
    write_action("own", tmp_path).write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        write_action("own", tmp_path)
    assert (tmp_path / "own.py").read_text() == "mine"
    with pytest.raises(InputError, match="cannot be written"):
        write_action("own", tmp_path / "nowhere")


def test_the_text_is_formatted_and_clean(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(action_text("own"))
    for command in (
        ("check", "--select", "E,F,I,W,UP,B", "--line-length", "120"),
        ("format", "--diff", "--line-length", "110"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, str(path)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

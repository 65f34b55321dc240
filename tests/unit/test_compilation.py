"""Compiled kernels are kept on disk for exactly the sources they were made of."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

numba = pytest.importorskip("numba", reason="numba is not installed (an optional extra)")

from netgen import compilation  # noqa: E402  (imports numba)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder of the user, and a fresh look at it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    compilation.cache_folder.cache_clear()
    yield tmp_path / "cache" / "netgen" / "kernels"
    compilation.cache_folder.cache_clear()


def doubled(number):
    return 2 * number


def test_machine_code_is_kept_and_numba_is_left_as_it_was(cache):
    assert compilation.kernel()(doubled)(21) == 42
    folder = compilation.cache_folder()
    assert folder.parent == cache
    assert list(folder.rglob("*doubled*.nbc"))
    assert numba.config.CACHE_DIR == ""
    again = compilation.kernel()(doubled)
    assert again(4) == 8
    assert sum(again.stats.cache_hits.values()) == 1


def test_the_folder_that_numba_was_given_is_used(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "own"))
    assert compilation.cache_folder().parent == tmp_path / "own"
    compilation.kernel()(doubled)
    assert str(tmp_path / "own") == numba.config.CACHE_DIR


@pytest.mark.parametrize("change", ["edit", "new file", "another numba"])
def test_other_sources_have_another_folder(cache, tmp_path, monkeypatch, change):
    package = tmp_path / "package"
    package.mkdir()
    (package / "constants.py").write_text("SLOPE = 22.0\n")
    monkeypatch.setattr(compilation, "_PACKAGE", package)
    before = compilation.cache_folder()
    compilation.cache_folder.cache_clear()
    assert compilation.cache_folder() == before
    if change == "edit":
        (package / "constants.py").write_text("SLOPE = 21.0\n")
    elif change == "new file":
        (package / "more.py").write_text("")
    else:
        monkeypatch.setattr(numba, "__version__", "0.0")
    compilation.cache_folder.cache_clear()
    assert compilation.cache_folder() != before


def test_without_a_folder_that_can_be_written_there_is_no_cache(cache):
    cache.parent.parent.mkdir()
    cache.parent.write_text("a file where the folder would be")
    assert compilation.cache_folder() is None
    compiled = compilation.kernel()(doubled)
    assert compiled(3) == 6
    assert not compiled.stats.cache_path


def test_the_folders_unused_for_longest_are_removed(cache):
    others = [cache / f"netgen-{number}" for number in range(12)]
    for number, other in enumerate(others):
        (other / "radio").mkdir(parents=True)
        os.utime(other, (number, number))
    (cache / "somebody else").mkdir()
    folder = compilation.cache_folder()
    assert sorted(cache.iterdir()) == sorted([*others[5:], folder, cache / "somebody else"])


def test_a_constant_changed_in_another_file_is_seen(tmp_path):
    """What numba's own cache would miss: the kernel's file is the same."""
    package = tmp_path / "netgen"
    package.mkdir()
    shutil.copy(compilation.__file__, package / "compilation.py")
    (package / "__init__.py").write_text("")
    (package / "law.py").write_text(
        "from netgen.compilation import kernel\nfrom netgen.constants import SLOPE\n\n\n"
        "@kernel()\ndef loss(octaves):\n    return SLOPE * octaves\n"
    )
    found = []
    for slope in (22.0, 22.0, 35.0):
        (package / "constants.py").write_text(f"SLOPE = {slope}\n")
        shown = subprocess.run(
            [
                sys.executable,
                "-c",
                "from netgen.law import loss; print(loss(2.0), sum(loss.stats.cache_hits.values()))",
            ],
            cwd=tmp_path,
            env={
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "PYTHONPATH": str(tmp_path),
                "PATH": os.environ["PATH"],
                "PYTHONDONTWRITEBYTECODE": "1",  # its time stamps are too coarse for this test
            },
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(shown.stdout.split())
    assert found == [["44.0", "0"], ["44.0", "1"], ["70.0", "0"]]
    assert len(list(Path(tmp_path / "cache" / "netgen" / "kernels").iterdir())) == 2

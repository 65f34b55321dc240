"""No pattern of .gitignore hides a source file: what is not in the repository is missing in every clone."""

import shutil
import subprocess

import pytest

SOURCES = ("netgen", "policies", "scenarios", "tests", "docs")


def ignored(folder, names: list[str]) -> list[str]:
    """Which of the names git would leave out."""
    run = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=folder,
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in {0, 1}, run.stderr  # 1: none is ignored
    return run.stdout.split("\n")[:-1]


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@needs_git
def test_no_source_file_is_ignored(root):
    if not (root / ".git").exists():
        pytest.skip("not a git repository")
    names = [
        path.relative_to(root).as_posix()
        for folder in SOURCES
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert len(names) > 100
    assert ignored(root, names) == []


@needs_git
def test_an_ignored_file_is_found(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("build/\n", encoding="utf-8")
    assert ignored(tmp_path, ["netgen/build/network.py", "netgen/run.py"]) == ["netgen/build/network.py"]

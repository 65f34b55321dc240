"""Notebooks run from their first cell to their last, and are stored without what they print."""

import os

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read by nbformat")
nbclient = pytest.importorskip("nbclient", reason="notebooks are run by nbclient")


def notebooks(root):
    """All notebooks of the repository."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks_and_they_hold_no_output(root):
    found = notebooks(root)
    assert found
    for path in found:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            assert not cell.get("outputs"), path.name
            assert cell.get("execution_count") is None, path.name


def test_notebooks_run(root, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH", ""))))
    )
    for path in notebooks(root):
        notebook = nbformat.read(path, as_version=4)
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        said = "".join(
            output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
        )
        assert "netgen" in said
        if path.stem == "semantic_capacity":
            assert "C   = 0.000000 bit per use" in said
            assert "C_s = 2.000000 bit per use, proven to within" in said
            assert "meaning    0.000 bit" in said or "meaning   -0.000 bit" in said

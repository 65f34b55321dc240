"""What `netgen doctor` finds, and what it says about what is missing."""

import collections
import dataclasses
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import netgen
from netgen import doctor
from netgen.doctor import Finding, State, examine

CORE = {"networkx", "numpy", "pint", "pyarrow", "pydantic", "PyYAML", "rich", "simpy"}


def found(findings: tuple[Finding, ...], name: str) -> Finding:
    (finding,) = [finding for finding in findings if finding.name == name]
    return finding


@pytest.fixture
def hide(monkeypatch):
    """Makes packages look as if they were not installed."""

    def hide_packages(*packages: str) -> None:
        version = metadata.version

        def hidden(name: str) -> str:
            if name in packages:
                raise metadata.PackageNotFoundError(name)
            return version(name)

        monkeypatch.setattr(doctor.metadata, "version", hidden)

    return hide_packages


@pytest.fixture
def torch(monkeypatch, tmp_path, hide):
    """Installs a package called torch that runs `body` when it is imported."""

    def install(body: str) -> None:
        (tmp_path / "torch.py").write_text(body, encoding="utf-8")
        (tmp_path / "torch-9.8.dist-info").mkdir()
        (tmp_path / "torch-9.8.dist-info" / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: torch\nVersion: 9.8\n", encoding="utf-8"
        )
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return install


CUDA = """
class cuda:
    is_available = staticmethod(lambda: {there})
    get_device_name = staticmethod(lambda number: ["NVIDIA L4"][number])
"""


def test_this_machine_has_what_netgen_needs(tmp_path):
    findings = examine(tmp_path / "runs")
    needed = {finding.name: finding for finding in findings if finding.state is not State.OPTIONAL}
    assert {"Python", "netgen", "runs folder", "disk"} | CORE <= set(needed)
    assert [finding for finding in findings if finding.state is State.MISSING] == []
    assert found(findings, "netgen").found.startswith(f"{netgen.__version__} ")
    assert found(findings, "numpy").found == metadata.version("numpy")


def test_everything_in_order_needs_no_mending_and_everything_else_says_how(tmp_path, hide):
    hide("numpy", "av", "torch", "ray", "netgen")
    for finding in examine(tmp_path):
        assert bool(finding.mend) == (finding.state is not State.OK), finding


def test_names_are_unique_and_nothing_is_written(tmp_path):
    names = collections.Counter(finding.name for finding in examine(tmp_path / "runs"))
    assert max(names.values()) == 1
    assert list(tmp_path.iterdir()) == []


def test_findings_are_values():
    with pytest.raises(dataclasses.FrozenInstanceError):
        examine()[0].state = State.MISSING


def test_looking_imports_nothing_heavy():
    program = (
        "import sys; from netgen.doctor import examine; examine(); "
        "print({'torch', 'av', 'matplotlib', 'numpy', 'skimage', 'simpy', 'pyarrow'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_a_missing_core_package_is_missing_and_named_with_its_range(tmp_path, hide):
    hide("numpy")
    finding = found(examine(tmp_path), "numpy")
    assert (finding.state, finding.found) == (State.MISSING, "not installed")
    assert re.fullmatch(r".*python.* -m pip install 'numpy>=[\d.]+'", finding.mend)


@pytest.mark.parametrize(
    ("package", "extra"), [("av", "video"), ("scikit-image", "video"), ("matplotlib", "plot")]
)
def test_a_missing_extra_is_optional_and_names_its_extra(tmp_path, hide, package, extra):
    hide(package)
    finding = found(examine(tmp_path), f"{package} ({extra})")
    assert (finding.state, finding.found) == (State.OPTIONAL, "not installed")
    assert f"pip install '{package}>=" in finding.mend


def test_a_package_that_is_too_old_is_told_from_one_that_is_missing(tmp_path, monkeypatch):
    version = metadata.version
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "1.9" if name == "numpy" else version(name))
    finding = found(examine(tmp_path), "numpy")
    assert (finding.state, finding.found) == (State.MISSING, "1.9, older than 1.26")
    assert "'numpy>=1.26'" in finding.mend


@pytest.mark.parametrize(
    ("older", "newer"), [("1.9", "1.26"), ("2.9.9", "2.10"), ("1.26rc1", "1.27"), ("4", "4.0.1")]
)
def test_versions_are_compared_as_numbers(older, newer):
    assert doctor._numbers(older) < doctor._numbers(newer)


def test_a_short_version_equals_its_long_form():
    assert doctor._numbers("4") == doctor._numbers("4.0.0") == doctor._numbers("4.0.0.dev1")


def test_a_copy_that_was_never_installed_says_so(tmp_path, monkeypatch):
    def absent(name: str):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", absent)
    monkeypatch.setattr(doctor.metadata, "requires", absent)
    finding = found(examine(tmp_path), "netgen")
    assert (finding.state, finding.found) == (State.MISSING, "not installed")
    assert "make test" in finding.mend


def test_an_old_python_is_missing(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    finding = doctor._python()
    assert (finding.state, finding.found) == (State.MISSING, "3.10.4")
    assert "Python 3.11 or newer" in finding.mend


def test_without_torch_the_mend_installs_it(tmp_path, hide):
    hide("torch")
    finding = found(examine(tmp_path), "torch")
    assert finding.state is State.OPTIONAL
    assert "pip install torch" in finding.mend


@pytest.mark.parametrize(("there", "device"), [(True, "NVIDIA L4"), (False, "CPU only")])
def test_torch_tells_its_device(torch, there, device):
    torch(CUDA.format(there=there))
    assert doctor._torch() == Finding("torch", State.OK, f"9.8, {device}")


def test_torch_that_does_not_start_is_optional_and_says_why(torch):
    torch("raise ImportError('libcudart.so.12: cannot open shared object file')")
    finding = doctor._torch()
    assert finding.state is State.OPTIONAL
    assert finding.found == (
        "9.8, but it does not start: ImportError: libcudart.so.12: cannot open shared object file"
    )
    assert "--force-reinstall torch" in finding.mend


def test_torch_that_hangs_is_given_up(torch, monkeypatch):
    torch("import threading; threading.Event().wait()")
    monkeypatch.setattr(doctor, "_ANSWER_WITHIN_S", 0.2)
    finding = doctor._torch()
    assert finding.state is State.OPTIONAL
    assert finding.found == "9.8, but it did not start within 0.2 s"


def test_ray_is_optional(tmp_path, hide):
    hide("ray")
    finding = found(examine(tmp_path), "ray")
    assert finding.state is State.OPTIONAL
    assert "pip install ray" in finding.mend


def test_a_compiler_is_looked_for_by_its_usual_names(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: "/opt/clang++" if name == "clang++" else None)
    assert doctor._compiler() == Finding("C++ compiler", State.OK, "/opt/clang++")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    finding = doctor._compiler()
    assert finding.state is State.OPTIONAL
    assert "apt-get install g++" in finding.mend


def test_the_compiler_that_the_environment_names_comes_first(monkeypatch):
    monkeypatch.setenv("CXX", "my-c++")
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert doctor._compiler().found == "/bin/my-c++"


def test_a_full_disk_is_missing(tmp_path, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 10**12, 5 * 10**8))
    finding = doctor._disk(tmp_path / "runs")
    assert (finding.state, finding.found) == (State.MISSING, "0.5 GB free")
    assert finding.mend == f"free 1 GB at {tmp_path}, or run with --out on another disk"


def test_runs_that_cannot_be_written_are_missing(tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("not a folder", encoding="utf-8")
    finding = doctor._folder(tmp_path / "runs")
    assert (finding.state, finding.found) == (State.MISSING, f"{tmp_path / 'runs'} is a file")
    assert "--out" in finding.mend

    monkeypatch.setattr(doctor.os, "access", lambda _path, _mode: False)
    finding = doctor._folder(tmp_path / "elsewhere" / "runs")
    assert (finding.state, finding.found) == (State.MISSING, f"{tmp_path} is read-only")


def test_a_runs_folder_that_does_not_exist_yet_is_fine(tmp_path):
    finding = doctor._folder(tmp_path / "new" / "runs")
    assert finding == Finding("runs folder", State.OK, f"{tmp_path / 'new' / 'runs'} is writable")


def test_requirements_are_read_with_their_extras():
    lines = ["numpy>=1.26", 'av>=14; extra == "video"', "torch ; extra == 'gpu'", "x.y_z-w<3,>=2.1"]
    read = [(r.package, r.version_range, r.extra) for r in doctor._parsed(lines)]
    assert read == [
        ("numpy", ">=1.26", ""),
        ("av", ">=14", "video"),
        ("torch", "", "gpu"),
        ("x.y_z-w", "<3,>=2.1", ""),
    ]
    with pytest.raises(ValueError, match="cannot be read"):
        list(doctor._parsed(["@nonsense"]))


def test_commands_survive_a_folder_with_spaces(monkeypatch):
    monkeypatch.setattr(sys, "executable", str(Path("/my work/.venv/bin/python")))
    assert doctor._pip_install("av>=14") == "'/my work/.venv/bin/python' -m pip install 'av>=14'"

"""The comparison with Sionna holds when it is installed, is left out with a line when not, and can fail."""

import sys

import pytest

from netgen.errors import MissingDependencyError
from netgen.verify import against_sionna, suite


def test_without_sionna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sionna", None)
    monkeypatch.setitem(sys.modules, "sionna.phy.channel.tr38901", None)
    with pytest.raises(MissingDependencyError, match=r"install the extra: pip install netgen\[sionna\]"):
        against_sionna.check_against_sionna()


def test_what_is_not_installed_is_left_out_with_a_line(monkeypatch):
    monkeypatch.setattr(suite, "find_spec", lambda name: None)
    assert suite.left_out(full=False) == ()
    assert suite.left_out(full=True) == (
        "radio epoch numba: left out, numba is not installed (pip install 'netgen[fast]')",
        "radio epoch torch: left out, torch is not installed (pip install 'netgen[torch]')",
        "against Sionna: left out, sionna is not installed (pip install 'netgen[sionna]')",
    )
    checks = suite.run_checks(full=True, only=("epoch numba", "handover"))
    assert [check.name[:11] for check in checks] == ["A3 handover"] * 2


def test_asking_only_for_what_is_not_installed_is_refused(monkeypatch):
    monkeypatch.setattr(suite, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="radio epoch numba: left out, numba is not installed"):
        suite.run_checks(full=False, only=("numba",))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_comparison_holds_and_every_part_of_it_can_fail(monkeypatch):
    pytest.importorskip("sionna.sys", reason="needs the extra sionna")
    assert [check.ok for check in against_sionna.check_against_sionna()] == [True] * 5
    for name in ("los_path_loss_db", "nlos_path_loss_db", "los_probability", "bler"):
        function = getattr(against_sionna, name)
        monkeypatch.setattr(
            against_sionna, name, lambda *args, f=function, **kwargs: 1.002 * f(*args, **kwargs)
        )
    for name in ("element_gain_dbi", "effective_sinr_db"):
        function = getattr(against_sionna, name)
        monkeypatch.setattr(
            against_sionna, name, lambda *args, f=function, **kwargs: 0.01 + f(*args, **kwargs)
        )
    assert [check.ok for check in against_sionna.check_against_sionna()] == [False] * 5

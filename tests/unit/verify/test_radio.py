"""The radio checks of `netgen verify` hold, are about the tables of the tests, and fail when the model is wrong."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from netgen.verify import radio
from netgen.verify.tables import reference_rows

TABLES = Path(__file__).parents[2] / "validation" / "tables"


def validation_rows(name):
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def verdicts(checks):
    return [check.ok for check in checks]


def shifted(function, by):
    """The function, with something added to its result."""
    return lambda *args, **kwargs: function(*args, **kwargs) + by


@pytest.mark.parametrize(
    ("shipped", "original", "rows"),
    [
        ("tr38901_path_loss.csv", "tr38901_path_loss.csv", 280),
        ("hata_test_vectors.csv", "hata_test_vectors.csv", 408),
        ("atsc3_bitrates.csv", "atsc3_bitrates.csv", 288),
        ("atsc3_published_cn.csv", "atsc3_modcod_cn.csv", 4),
        ("nr_sinr_at_10_percent_bler.csv", "nr_sinr_at_10_percent_bler.csv", 57),
    ],
)
def test_the_shipped_tables_are_those_of_the_validation_tests(shipped, original, rows):
    own = reference_rows(shipped)
    assert len(own) == rows
    theirs = [{name: row[name] for name in own[0]} for row in validation_rows(original)]
    assert own == [row for row in theirs if all(row.values()) or shipped.startswith("nr_")]


def test_path_loss_holds():
    loss, sight = radio.check_path_loss()
    assert loss.ok
    assert sight.ok
    assert (loss.tolerance, sight.tolerance) == (1e-3, 1e-6)


@pytest.mark.parametrize(
    ("name", "by", "expected"),
    [
        ("los_path_loss_db", 0.002, [False, True]),
        ("nlos_path_loss_db", -0.002, [False, True]),
        ("nlos_path_loss_db", np.nan, [False, True]),
        ("los_probability", 2e-6, [True, False]),
    ],
)
def test_a_wrong_path_loss_or_probability_is_found(monkeypatch, name, by, expected):
    monkeypatch.setattr(radio, name, shifted(getattr(radio, name), by))
    assert verdicts(radio.check_path_loss()) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("okumura_hata_loss_db", [False, True]), ("cost231_hata_loss_db", [True, False])]
)
def test_a_wrong_hata_loss_is_found(monkeypatch, name, expected):
    assert verdicts(radio.check_hata()) == [True, True]
    monkeypatch.setattr(radio, name, shifted(getattr(radio, name), 2e-4))
    assert verdicts(radio.check_hata()) == expected


def test_the_field_holds():
    alike, seeing = radio.check_field()
    assert alike.ok
    assert seeing.ok
    assert max(alike.tolerance, seeing.tolerance) < 0.03


def test_a_field_with_another_correlation_is_found(monkeypatch):
    """Shadow fading read at 75 % of the distance: exp(-0.75) instead of exp(-1)."""
    at = radio.CorrelatedField.at
    monkeypatch.setattr(radio.CorrelatedField, "at", lambda self, u, v: at(self, 0.75 * u, 0.75 * v))
    assert verdicts(radio.check_field()) == [False, True]


def test_a_biased_state_of_sight_is_found(monkeypatch):
    monkeypatch.setattr(
        radio, "sees_base", lambda chance, deviate: radio.normal_probability(deviate) < chance - 0.03
    )
    assert verdicts(radio.check_field()) == [True, False]


def test_a_field_known_too_little_is_not_enough(monkeypatch):
    monkeypatch.setattr(radio, "_WIDEST", 0.001)
    assert verdicts(radio.check_field()) == [False, False]


def test_the_reference_epoch_agrees_with_itself_and_a_wrong_one_is_found(monkeypatch):
    """Any twin is checked like this; the compiled and the tensor one follow below."""
    (check,) = radio.check_epoch("numpy")
    assert check.ok
    assert check.value == 0.0
    made = radio.make_signals

    def wrong(sectors, terminals, channel, *, noise_dbm, compute):
        return made(
            sectors, terminals, channel, noise_dbm=noise_dbm + 0.01 * (compute == "torch"), compute="numpy"
        )

    monkeypatch.setattr(radio, "make_signals", wrong)
    (check,) = radio.check_epoch("torch")
    assert check.value == pytest.approx(0.01, abs=1e-4)
    assert not check.ok


def test_an_epoch_that_gives_no_number_is_found(monkeypatch):
    made = radio.make_signals

    class Broken:
        snr = np.float32(np.nan)

        def move(self, x_m, y_m):
            self.snr = np.full((len(x_m), 1), np.nan)

    monkeypatch.setattr(
        radio,
        "make_signals",
        lambda *world, **how: Broken() if how["compute"] == "torch" else made(*world, **how),
    )
    assert verdicts(radio.check_epoch("torch")) == [False]


def test_links_on_the_threshold_must_be_few(monkeypatch):
    monkeypatch.setattr(radio, "_SIGHT_MARGIN", 0.01)
    assert verdicts(radio.check_epoch("numpy")) == [False]


@pytest.mark.slow
@pytest.mark.parametrize(
    "compute",
    [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                importlib.util.find_spec(name) is None, reason=f"{name} is not installed (an optional extra)"
            ),
        )
        for name in ("numba", "torch")
    ],
)
def test_the_installed_twins_hold(compute):
    assert verdicts(radio.check_epoch(compute)) == [True]

"""TR 38.901 against Sionna's channel models, on random inputs.

Sionna takes 299,792,458 m/s for the speed of light in the breakpoint distance, netgen the 3.0e8 m/s of the
report. Losses are compared twice: as they are (0.1 % of the loss, in fact 0.006 dB), and with Sionna's constant.
"""

import numpy as np
import pytest

from netgen.propagation import path_loss
from netgen.propagation.antenna import SectorAntenna, element_gain_dbi
from netgen.propagation.building_entry import car_loss_db, inside_loss_db, wall_loss_db, wall_sigma_db
from netgen.propagation.line_of_sight import los_correlation_distance_m, los_probability
from netgen.propagation.path_loss import (
    breakpoint_m,
    environment_height_m,
    los_path_loss_db,
    nlos_path_loss_db,
)
from netgen.propagation.shadow_fading import correlation_distance_m, sigma_db

# Importing Sionna takes ten seconds and warns on its own account.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SIONNA_LIGHT_M_S = 299_792_458.0
USERS = 2000
BASE_M = {"uma": 25.0, "umi": 10.0, "rma": 35.0}
FARTHEST_M = {"uma": 5000.0, "umi": 5000.0, "rma": 10000.0}
USER_M = {"uma": (1.5, 13.0), "umi": (1.5, 22.5), "rma": (1.0, 10.0)}
CARRIERS_HZ = (0.7e9, 3.5e9, 6.0e9, 28e9)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="Sionna's channel models need torch")


@pytest.fixture(scope="module")
def channels(torch):
    return pytest.importorskip("sionna.phy.channel.tr38901", reason="needs the sionna extra")


class Drop:
    """One base station and random users around it, in netgen's terms and as a Sionna scenario."""

    def __init__(
        self,
        channels,
        torch,
        environment,
        *,
        carrier_hz,
        sight,
        heights=None,
        model="low",
        release="19.2",
        rural_options=None,
    ):
        rng = np.random.default_rng([int(carrier_hz / 1e6), len(environment), ord(environment[0])])
        self.environment = environment
        self.distance_m = np.exp(rng.uniform(np.log(10.01), np.log(FARTHEST_M[environment]), USERS))
        turn = rng.uniform(0, 2 * np.pi, USERS)
        self.user_m = (
            rng.uniform(*USER_M[environment], USERS) if heights is None else rng.choice(heights, USERS)
        )
        self.where = {
            "base_height_m": BASE_M[environment],
            "user_height_m": self.user_m,
            "carrier_hz": carrier_hz,
        }
        array = channels.PanelArray(
            num_rows_per_panel=1,
            num_cols_per_panel=1,
            polarization="single",
            polarization_type="V",
            antenna_pattern="omni",
            carrier_frequency=carrier_hz,
            precision="double",
        )
        kinds = {"uma": channels.UMaScenario, "umi": channels.UMiScenario, "rma": channels.RMaScenario}
        options = {} if environment == "rma" else {"o2i_model": model}
        if environment == "rma":
            options.update(rural_options or {})
        self.scenario = kinds[environment](
            carrier_frequency=carrier_hz,
            ut_array=array,
            bs_array=array,
            direction="downlink",
            precision="double",
            spec_version=release,
            device="cpu",
            **options,
        )
        position = np.stack(
            [self.distance_m * np.cos(turn), self.distance_m * np.sin(turn), self.user_m], axis=-1
        )
        as_double = {"dtype": torch.float64}
        self.topology = {
            "ut_loc": torch.tensor(position[np.newaxis], **as_double),
            "bs_loc": torch.tensor([[[0.0, 0.0, BASE_M[environment]]]], **as_double),
            "ut_orientations": torch.zeros(1, USERS, 3, **as_double),
            "bs_orientations": torch.zeros(1, 1, 3, **as_double),
            "ut_velocities": torch.zeros(1, USERS, 3, **as_double),
            "in_state": torch.full((1, USERS), sight == "indoor"),
        }
        if sight != "indoor":
            self.topology["los"] = sight == "los"
        self.scenario.set_topology(**self.topology)

    @property
    def sionna_loss_db(self):
        return self.scenario.basic_pathloss.numpy().reshape(-1)


@pytest.mark.parametrize("carrier_hz", CARRIERS_HZ)
@pytest.mark.parametrize("sight", ["los", "nlos"])
@pytest.mark.parametrize("environment", ["uma", "umi", "rma"])
def test_path_loss(channels, torch, monkeypatch, environment, sight, carrier_hz):
    drop = Drop(channels, torch, environment, carrier_hz=carrier_hz, sight=sight)
    loss_db = los_path_loss_db if sight == "los" else nlos_path_loss_db
    expected = drop.sionna_loss_db
    found = loss_db(environment, distance_2d_m=drop.distance_m, **drop.where)
    assert found == pytest.approx(expected, rel=1e-3)
    assert found == pytest.approx(expected, abs=0.006)
    monkeypatch.setattr(path_loss, "SPEED_OF_LIGHT_M_S", SIONNA_LIGHT_M_S)
    found = loss_db(environment, distance_2d_m=drop.distance_m, **drop.where)
    assert found == pytest.approx(expected, abs=1e-9)
    if carrier_hz == CARRIERS_HZ[0]:
        beyond = drop.distance_m > breakpoint_m(environment, **drop.where)
        assert 0.05 < beyond.mean() < 0.95  # both slopes are met


@pytest.mark.parametrize("sight", ["los", "nlos"])
@pytest.mark.parametrize(("building_m", "street_m"), [(12.0, 8.0), (50.0, 40.0)])
def test_rural_path_loss_in_other_surroundings(channels, torch, monkeypatch, sight, building_m, street_m):
    theirs = {"average_building_height": building_m, "average_street_width": street_m}
    drop = Drop(channels, torch, "rma", carrier_hz=0.7e9, sight=sight, rural_options=theirs)
    monkeypatch.setattr(path_loss, "SPEED_OF_LIGHT_M_S", SIONNA_LIGHT_M_S)
    where = {**drop.where, "distance_2d_m": drop.distance_m, "building_height_m": building_m}
    if sight == "los":
        found = los_path_loss_db("rma", **where)
    else:
        found = nlos_path_loss_db("rma", street_width_m=street_m, **where)
    assert found == pytest.approx(drop.sionna_loss_db, abs=1e-9)


@pytest.mark.parametrize("sight", ["los", "nlos"])
def test_path_loss_of_tall_users_in_drawn_surroundings(channels, torch, monkeypatch, sight):
    drop = Drop(channels, torch, "uma", carrier_hz=2e9, sight=sight, heights=np.arange(13.5, 23.0, 3.0))
    uniform = np.random.default_rng(6).random(USERS)
    surroundings = environment_height_m(uniform, distance_2d_m=drop.distance_m, user_height_m=drop.user_m)
    assert len(np.unique(surroundings)) == 5
    drawn = torch.tensor(surroundings.reshape(1, 1, USERS))
    monkeypatch.setattr(type(drop.scenario), "_sample_environment_height", lambda *_: drawn)
    drop.scenario.set_topology(**drop.topology)
    monkeypatch.setattr(path_loss, "SPEED_OF_LIGHT_M_S", SIONNA_LIGHT_M_S)
    loss_db = los_path_loss_db if sight == "los" else nlos_path_loss_db
    found = loss_db("uma", distance_2d_m=drop.distance_m, environment_height_m=surroundings, **drop.where)
    assert found == pytest.approx(drop.sionna_loss_db, abs=1e-9)


def test_surroundings_are_drawn_from_the_same_distribution(channels, torch):
    drop = Drop(channels, torch, "uma", carrier_hz=2e9, sight="los")
    distance = torch.full((1, 1, USERS), 250.0, dtype=torch.float64)
    height = torch.full((1, 1, USERS), 22.5, dtype=torch.float64)
    theirs = np.concatenate(
        [drop.scenario._sample_environment_height(distance, height).numpy().ravel() for _ in range(20)]
    )
    uniform = (np.arange(100_000) + 0.5) / 100_000
    ours = environment_height_m(uniform, distance_2d_m=250.0, user_height_m=22.5)
    assert set(np.unique(theirs)) == set(np.unique(ours)) == {1.0, 12.0, 15.0, 18.0, 21.0}
    for level in np.unique(ours):
        share = np.mean(ours == level)
        assert 3.3 * np.sqrt(share * (1 - share) / theirs.size) < 0.01
        assert np.mean(theirs == level) == pytest.approx(share, abs=3.3 * np.sqrt(share * (1 - share) / 4e4))


@pytest.mark.parametrize("environment", ["uma", "umi", "rma"])
def test_line_of_sight_probability(channels, torch, environment):
    heights = np.arange(1.5, 23.0, 0.7) if environment == "uma" else None
    drop = Drop(channels, torch, environment, carrier_hz=2e9, sight="los", heights=heights)
    # Sionna leaves the product of tall users above 1, where it is certain either way.
    expected = np.minimum(drop.scenario.los_probability.numpy().reshape(-1), 1.0)
    found = los_probability(environment, distance_2d_m=drop.distance_m, user_height_m=drop.user_m)
    assert found == pytest.approx(expected, rel=1e-9)
    state_m = float(drop.scenario._los_state_correlation_distance())
    assert los_correlation_distance_m(environment) == state_m


@pytest.mark.parametrize("release", ["16.1", "19.2"])
@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("environment", ["uma", "umi", "rma"])
def test_shadow_fading(channels, torch, environment, number, release):
    sight = ("los", "nlos", "indoor")[number]
    drop = Drop(channels, torch, environment, carrier_hz=0.7e9, sight=sight, release=release)
    beyond = (
        drop.distance_m
        > breakpoint_m(environment, **drop.where) * path_loss.SPEED_OF_LIGHT_M_S / SIONNA_LIGHT_M_S
    )
    assert 0.02 < beyond.mean() < 0.98
    expected = 10.0 * drop.scenario.lsp_log_std.numpy()[0, 0, :, 3]
    assert sigma_db(environment, number, beyond_breakpoint=beyond) == pytest.approx(expected, abs=1e-9)
    distance_m = np.unique(drop.scenario.get_param("corrDistSF").numpy())
    assert distance_m.tolist() == [correlation_distance_m(environment, number)]


@pytest.mark.parametrize("release", ["16.1", "19.2"])
@pytest.mark.parametrize("carrier_hz", [6.0e9, 28e9, 70e9])
@pytest.mark.parametrize("kind", ["low", "high"])
@pytest.mark.parametrize("environment", ["uma", "umi"])
def test_building_entry(channels, torch, environment, kind, carrier_hz, release):
    drop = Drop(
        channels, torch, environment, carrier_hz=carrier_hz, sight="indoor", model=kind, release=release
    )
    sigma, loss_db, depth_m = entry(channels, torch, drop)
    glass = "release-14" if release == "16.1" else "release-19"
    expected = wall_loss_db(kind, carrier_hz, glass=glass) + inside_loss_db(depth_m)
    assert loss_db == pytest.approx(expected, abs=1e-9)
    assert sigma == [wall_sigma_db(kind)]


def test_building_entry_below_6_ghz_is_fixed_in_sionna(channels, torch):
    drop = Drop(channels, torch, "uma", carrier_hz=2e9, sight="indoor", model="high")
    sigma, loss_db, depth_m = entry(channels, torch, drop)
    assert sigma == []
    assert loss_db == pytest.approx(wall_loss_db("fixed", 2e9) + inside_loss_db(depth_m), abs=1e-9)


@pytest.mark.parametrize("carrier_hz", [0.7e9, 3.5e9])
def test_rural_building_entry_is_the_low_loss_at_every_carrier(channels, torch, carrier_hz):
    drop = Drop(channels, torch, "rma", carrier_hz=carrier_hz, sight="indoor")
    sigma, loss_db, depth_m = entry(channels, torch, drop)
    assert sigma == [wall_sigma_db("low")]
    assert depth_m.max() < 10.0
    assert loss_db == pytest.approx(wall_loss_db("low", carrier_hz) + inside_loss_db(depth_m), abs=1e-9)


def entry(channels, torch, drop):
    """Sionna's entry loss with the random part taken out: its deviations asked for, the loss, the depths."""
    generator = channels.LSPGenerator(drop.scenario)
    asked = []

    def nothing(deviation):
        asked.append(deviation)
        return torch.zeros(1, 1, USERS, dtype=torch.float64)

    generator._sample_o2i_penetration_random = nothing
    total = getattr(generator, f"_o2i_{drop.scenario.o2i_model}_loss")()
    depth_m = drop.scenario.distance_2d_in.numpy().reshape(-1)
    return asked, total.numpy().reshape(-1), depth_m


def test_element(channels, torch):
    rng = np.random.default_rng(7)
    zenith, azimuth = rng.uniform(0, 180, 20_000), rng.uniform(-180, 180, 20_000)
    element = channels.AntennaElement("38.901", precision="double", device="cpu")
    field, cross = element.field(torch.tensor(np.deg2rad(zenith)), torch.tensor(np.deg2rad(azimuth)))
    expected = field.numpy() ** 2 + cross.numpy() ** 2
    assert 10 ** (element_gain_dbi(zenith, azimuth) / 10) == pytest.approx(expected, rel=1e-3)
    assert 10 ** (element_gain_dbi(zenith, azimuth) / 10) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("rows", "spacing", "tilt_deg"), [(10, 0.5, 12.0), (8, 0.8, 6.0), (4, 0.5, 0.0)])
def test_array(channels, torch, rows, spacing, tilt_deg):
    """Sionna's element positions and fields, fed with equal powers and the phases of the tilt."""
    carrier_hz = 2e9
    panel = channels.PanelArray(
        num_rows_per_panel=rows,
        num_cols_per_panel=1,
        polarization="single",
        polarization_type="V",
        antenna_pattern="38.901",
        carrier_frequency=carrier_hz,
        element_vertical_spacing=spacing,
        precision="double",
        device="cpu",
    )
    rng = np.random.default_rng(8)
    zenith, azimuth = rng.uniform(0, 180, 20_000), rng.uniform(-180, 180, 20_000)
    theta, phi = np.deg2rad(zenith), np.deg2rad(azimuth)
    field, cross = panel.ant_pol1.field(torch.tensor(theta), torch.tensor(phi))
    wavelengths = panel.ant_pos.numpy() / (SIONNA_LIGHT_M_S / carrier_hz)
    direction = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    beam = np.deg2rad(90 + tilt_deg)
    weights = np.exp(-2j * np.pi * wavelengths @ [np.sin(beam), 0, np.cos(beam)]) / np.sqrt(rows)
    sum_of_elements = weights @ np.exp(2j * np.pi * wavelengths @ direction)
    expected = np.abs(sum_of_elements) ** 2 * (field.numpy() ** 2 + cross.numpy() ** 2)
    found = 10 ** (
        SectorAntenna(elements=rows, spacing_wavelengths=spacing, tilt_deg=tilt_deg).gain_dbi(zenith, azimuth)
        / 10
    )
    shown = expected > 1e-7 * expected.max()  # nulls are compared as nulls
    assert shown.mean() > 0.9
    assert found[shown] == pytest.approx(expected[shown], rel=1e-3)
    assert (found[~shown] < 1e-6 * expected.max()).all()


@pytest.mark.parametrize(("window", "metallised"), [("ordinary", False), ("metallized", True)])
def test_cars(channels, torch, window, metallised):
    drop = Drop(
        channels, torch, "rma", carrier_hz=2e9, sight="los", rural_options={"car_window_type": window}
    )
    generator = channels.LSPGenerator(drop.scenario)
    loss_db = np.concatenate([generator._car_penetration_loss().numpy().ravel() for _ in range(10)])
    mean_db, above_db = car_loss_db([0.0, 1.0], metallised=metallised)
    assert float(drop.scenario.car_penetration_loss_mean) == mean_db
    # 20,000 cars: 3.3 standard errors are 0.12 dB of the mean and 0.08 dB of the deviation.
    assert loss_db.mean() == pytest.approx(mean_db, abs=0.12)
    assert loss_db.std() == pytest.approx(above_db - mean_db, abs=0.09)

"""TR 38.901 and the NR link on random inputs against Sionna, when it is installed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError
from netgen.nr.bler import Reading, bler, bler_curves
from netgen.nr.effective_sinr import effective_sinr_db
from netgen.nr.tables import mcs_table
from netgen.propagation.antenna import element_gain_dbi
from netgen.propagation.line_of_sight import los_probability
from netgen.propagation.path_loss import Environment, los_path_loss_db, nlos_path_loss_db
from netgen.rng import Streams
from netgen.verify.check import Check

Floats = NDArray[np.float64]

_SEED = 2026
_TOLERANCE = 1e-3
_SOURCE = "Sionna 2, on random inputs"
_USERS, _CARRIERS_HZ = 2000, (0.7e9, 3.5e9, 28e9)
_BASE_M = {Environment.UMA: 25.0, Environment.UMI: 10.0, Environment.RMA: 35.0}
_USER_M = {Environment.UMA: (1.5, 13.0), Environment.UMI: (1.5, 22.5), Environment.RMA: (1.0, 10.0)}
_FARTHEST_M = {Environment.UMA: 5000.0, Environment.UMI: 5000.0, Environment.RMA: 10000.0}
_ANGLES, _BLOCKS, _LINKS, _RESOURCES = 20_000, 20_000, 500, 200
_LAST_SIMULATED_DB = {1: 20.0, 2: 25.0}
_DOWNLINK = 1


def check_against_sionna() -> list[Check]:
    """Path loss, line of sight, antenna element, effective SINR and block errors: largest relative differences.

    Sionna computes the breakpoint with another speed of light than TR 38.901, which is 0.006 dB of the losses.
    Block errors are compared at the nodes of Sionna's look-up table; where both are near 0, to 1e-6.

    Raises
    ------
    MissingDependencyError          Sionna is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Sionna and what it imports warn on their own account
        try:
            import sionna.phy.channel.tr38901 as channels  # noqa: PLC0415  (optional and slow to import)
            import sionna.sys as system  # noqa: PLC0415
        except ImportError as error:
            raise MissingDependencyError(
                "the comparison with Sionna needs it; install the extra: pip install netgen[sionna]"
            ) from error
        loss, sight = _channel_off(channels)
        found = {
            "path loss": loss,
            "line-of-sight probability": sight,
            "antenna element gain": _element_off(channels),
            "effective SINR": _effective_sinr_off(system),
            "block error rate": _bler_off(system),
        }
    return [
        Check.within(f"{name} against Sionna, largest relative difference", off, 0.0, _TOLERANCE, _SOURCE)
        for name, off in found.items()
    ]


def _channel_off(channels: Any) -> tuple[float, float]:  # noqa: ANN401  (a module)
    """Differences of path loss and line-of-sight probability over all environments, carriers and states."""
    loss_off, sight_off = [], []
    for environment in Environment:
        rng = Streams(_SEED).get(f"world/verify/sionna-{environment.value}")
        distance_m = np.exp(rng.uniform(np.log(10.01), np.log(_FARTHEST_M[environment]), _USERS))
        user_m = rng.uniform(*_USER_M[environment], _USERS)
        for carrier_hz in _CARRIERS_HZ:
            for los in (True, False):
                scenario = _scenario(channels, environment, carrier_hz, distance_m, user_m, los=los)
                theirs_db = scenario.basic_pathloss.numpy().reshape(-1)
                loss_db = los_path_loss_db if los else nlos_path_loss_db
                ours_db = loss_db(
                    environment,
                    distance_2d_m=distance_m,
                    base_height_m=_BASE_M[environment],
                    user_height_m=user_m,
                    carrier_hz=carrier_hz,
                )
                loss_off.append(ours_db / theirs_db - 1.0)
        theirs = np.minimum(scenario.los_probability.numpy().reshape(-1), 1.0)
        ours = los_probability(environment, distance_2d_m=distance_m, user_height_m=user_m)
        sight_off.append(ours / theirs - 1.0)
    return _largest(loss_off), _largest(sight_off)


def _scenario(
    channels: Any,  # noqa: ANN401  (a module)
    environment: Environment,
    carrier_hz: float,
    distance_m: Floats,
    user_m: Floats,
    *,
    los: bool,
) -> Any:  # noqa: ANN401  (Sionna has no types)
    """Users along the x axis from one base station, as a scenario of Sionna."""
    import torch  # noqa: PLC0415  (optional and slow to import)

    precision = {"precision": "double"}
    array = channels.PanelArray(
        num_rows_per_panel=1,
        num_cols_per_panel=1,
        polarization="single",
        polarization_type="V",
        antenna_pattern="omni",
        carrier_frequency=carrier_hz,
        **precision,
    )
    kinds = {
        Environment.UMA: channels.UMaScenario,
        Environment.UMI: channels.UMiScenario,
        Environment.RMA: channels.RMaScenario,
    }
    options = {} if environment is Environment.RMA else {"o2i_model": "low"}
    scenario = kinds[environment](
        carrier_frequency=carrier_hz,
        ut_array=array,
        bs_array=array,
        direction="downlink",
        device="cpu",
        **precision,
        **options,
    )
    users = np.stack([distance_m, np.zeros(_USERS), user_m], axis=-1)[np.newaxis]
    still = torch.zeros(1, _USERS, 3, dtype=torch.float64)
    scenario.set_topology(
        ut_loc=torch.tensor(users, dtype=torch.float64),
        bs_loc=torch.tensor([[[0.0, 0.0, _BASE_M[environment]]]], dtype=torch.float64),
        ut_orientations=still,
        bs_orientations=torch.zeros(1, 1, 3, dtype=torch.float64),
        ut_velocities=still,
        in_state=torch.zeros(1, _USERS, dtype=torch.bool),
        los=los,
    )
    return scenario


def _element_off(channels: Any) -> float:  # noqa: ANN401  (a module)
    """Difference of the linear gain of one element over all directions."""
    import torch  # noqa: PLC0415  (optional and slow to import)

    rng = Streams(_SEED).get("world/verify/sionna-element")
    zenith_deg, azimuth_deg = rng.uniform(0.0, 180.0, _ANGLES), rng.uniform(-180.0, 180.0, _ANGLES)
    element = channels.AntennaElement("38.901", precision="double", device="cpu")
    field, cross = element.field(torch.tensor(np.deg2rad(zenith_deg)), torch.tensor(np.deg2rad(azimuth_deg)))
    theirs = field.numpy() ** 2 + cross.numpy() ** 2
    return _largest([10.0 ** (element_gain_dbi(zenith_deg, azimuth_deg) / 10.0) / theirs - 1.0])


def _effective_sinr_off(system: Any) -> float:  # noqa: ANN401  (a module)
    """Difference of the effective SINR over resources spread over 30 dB, a third of them unused."""
    import torch  # noqa: PLC0415  (optional and slow to import)

    off, mapping = [], system.EESM(precision="double", device="cpu")
    rng = Streams(_SEED).get("world/verify/sionna-sinr")
    for number in (1, 2):
        level_db = rng.uniform(-8.0, 22.0, _LINKS)[:, np.newaxis] + rng.normal(0.0, 4.0, (_LINKS, _RESOURCES))
        used = rng.random((_LINKS, _RESOURCES)) < 0.67
        mcs = rng.integers(0, len(mcs_table(number)), _LINKS)
        sinr = np.where(used, 10.0 ** (level_db / 10.0), 0.0)
        grid = torch.tensor(sinr.T[np.newaxis, :, :, np.newaxis])
        theirs = mapping(grid, torch.tensor(mcs), mcs_table_index=number).numpy()
        ours = 10.0 ** (effective_sinr_db(level_db, mcs, mcs_table_number=number, used=used) / 10.0)
        inside = (theirs > 1.01e-3) & (theirs < 999.0)  # Sionna limits the result to -30 to 30 dB
        off.append(ours[inside] / theirs[inside] - 1.0)
    return _largest(off)


def _bler_off(system: Any) -> float:  # noqa: ANN401  (a module)
    """Difference of block error rates at SINRs and block sizes that Sionna has in its look-up table."""
    import torch  # noqa: PLC0415  (optional and slow to import)

    off, abstraction = [], system.PHYAbstraction(precision="double", device="cpu")
    rng = Streams(_SEED).get("world/verify/sionna-bler")
    for number in (1, 2):
        mcs = rng.choice(np.flatnonzero(bler_curves(number).simulated), _BLOCKS)
        level_db = -5.0 + 0.1 * rng.integers(0, round((_LAST_SIMULATED_DB[number] + 5.0) / 0.1), _BLOCKS)
        bits = 24 + 100 * rng.integers(0, 85, _BLOCKS)
        ours = bler(mcs, level_db, code_block_bits=bits, mcs_table_number=number, reading=Reading.SIONNA)
        theirs = abstraction.get_bler(
            torch.tensor(mcs),
            number,
            _DOWNLINK,
            torch.tensor(bits),
            torch.tensor(10.0 ** (level_db / 10.0)),
        ).numpy()
        off.append((ours - theirs) / (theirs + _TOLERANCE))
    return _largest(off)


def _largest(differences: list[Floats]) -> float:
    """Largest absolute difference; not a number when one is not."""
    return float(np.max(np.abs(np.concatenate(differences))))

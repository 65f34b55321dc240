"""The path-loss model with everything that does not depend on the user taken out of the formulas.

The numba and torch twins compute with these numbers; the numpy reference computes with `netgen.propagation`
itself, so that a difference between the two shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.propagation.line_of_sight import los_correlation_distance_m
from netgen.propagation.path_loss import SPEED_OF_LIGHT_M_S, Environment
from netgen.propagation.shadow_fading import Sight, correlation_distance_m, sigma_db
from netgen.radio.channel import LOS_FIELD, Channel, Terminals
from netgen.radio.sectors import Sectors

Floats = NDArray[np.float64]

#: Half power beam width of an antenna element, degrees, and its largest attenuation, dB (Table 7.3-1).
BEAMWIDTH_DEG = 65.0
LARGEST_ATTENUATION_DB = 30.0
#: One decibel as a binary logarithm of power.
OCTAVES_PER_DB = float(np.log2(10.0)) / 10.0
#: Users above this height may draw an effective environment height in UMa.
TALL_USER_M = 13.0
#: ASSUMED: the surroundings of a high user in UMa end at least 1 m below the base station's antenna.
HEADROOM_M = 1.0

# dB at 1 m and 1 GHz in line of sight, slope; without: dB, slope, slope of the carrier, dB per metre of height.
_URBAN = {
    Environment.UMA: (28.0, 22.0, 9.0, 13.54, 39.08, 20.0, 0.6),
    Environment.UMI: (32.4, 21.0, 9.5, 22.4, 35.3, 21.3, 0.3),
}
_SURE_M = {Environment.UMA: 18.0, Environment.UMI: 18.0, Environment.RMA: 10.0}
_DECAY_M = {Environment.UMA: 63.0, Environment.UMI: 36.0, Environment.RMA: 1000.0}


@dataclass(frozen=True, slots=True, eq=False)
class LinkConstants:
    """Coefficients of one environment and carrier, with the sites' heights and the terminals' put in.

    With lg the decimal logarithm, d the distance in space, b the breakpoint and z the difference in height:
    line of sight    los_db + los_slope lg d + excess d, and beyond the breakpoint
                     (40 - los_slope) lg d - turning_slope lg(b^2 + drop z^2) + excess (b - d) more;
    without          the larger of that and nlos_db[site] + nlos_slope[site] lg d + user_db[user];
    breakpoint       b = turning_per_m (base - roof) (user - roof).

    Parameters
    ----------
    los_db, los_slope, turning_slope : float, dB        See above.
    excess_db_per_m : float, dB/m                       Rural only.
    drop : float                                        1 in urban cells, 0 in rural ones.
    turning_per_m : float, 1/m                          See above.
    roof_m : float, m                                   Effective environment height of low users.
    nlos_db, nlos_slope : (B,) float, dB                See above.
    user_db : (U,) float, dB                            See above.
    sure_m, decay_m : float, m                          Line of sight: certain up to, and decay beyond.
    sigma_db : (4,) float, dB                           Shadow fading: states of `Sight`, and line of sight
                                                        beyond the breakpoint; 0 without shadowing.
    per_m : (4,) float, 1/m                             Field coordinates per metre, as parts of the field's
                                                        period: states of `Sight`, line-of-sight state.
    starts : (B, 4, 2) float                            Offsets in parts of the period, same order.

    Source                          3GPP TR 38.901 Tables 7.4.1-1, 7.4.2-1 and 7.5-6.
    """

    los_db: float
    los_slope: float
    turning_slope: float
    excess_db_per_m: float
    drop: float
    turning_per_m: float
    roof_m: float
    nlos_db: Floats
    nlos_slope: Floats
    user_db: Floats
    sure_m: float
    decay_m: float
    sigma_db: Floats
    per_m: Floats
    starts: Floats


def link_constants(sectors: Sectors, terminals: Terminals, channel: Channel) -> LinkConstants:
    """Put the heights, the carrier and the environment into the formulas."""
    where = channel.environment
    sigma = sigma_db(where, [*Sight, Sight.LOS], beyond_breakpoint=[False, False, False, True])
    scale_m = np.append(correlation_distance_m(where, list(Sight)), los_correlation_distance_m(where))
    base_m = sectors.height_m[sectors.first_of_site]
    terms = _rural if where is Environment.RMA else _urban
    return LinkConstants(
        **terms(channel, base_m, terminals.height_m),  # type: ignore[arg-type]
        sure_m=_SURE_M[where],
        decay_m=_DECAY_M[where],
        sigma_db=sigma * channel.shadowing,
        per_m=1.0 / (scale_m * channel.field.period),
        starts=np.mod(channel.offsets / channel.field.period, 1.0)[:, : LOS_FIELD + 1],
    )


def _urban(channel: Channel, base_m: Floats, user_m: Floats) -> dict[str, float | Floats]:
    """Terms of UMa and UMi."""
    los_db, los_slope, turning, nlos_db, nlos_slope, nlos_carrier, per_m = _URBAN[channel.environment]
    log_carrier = float(np.log10(channel.carrier_hz * 1e-9))
    return {
        "los_db": los_db + 20.0 * log_carrier,
        "los_slope": los_slope,
        "turning_slope": turning,
        "excess_db_per_m": 0.0,
        "drop": 1.0,
        "turning_per_m": 4.0 * channel.carrier_hz / SPEED_OF_LIGHT_M_S,
        "roof_m": 1.0,
        "nlos_db": np.full(len(base_m), nlos_db + nlos_carrier * log_carrier),
        "nlos_slope": np.full(len(base_m), nlos_slope),
        "user_db": -per_m * (user_m - 1.5),
    }


def _rural(channel: Channel, base_m: Floats, user_m: Floats) -> dict[str, float | Floats]:
    """Terms of RMa."""
    building_m, log_base = channel.building_height_m, np.log10(base_m)
    carrier_ghz = channel.carrier_hz * 1e-9
    power = building_m**1.72
    los_slope = 20.0 + min(0.03 * power, 10.0)
    nlos_slope = 43.42 - 3.1 * log_base
    nlos_db = (
        161.04
        - 7.1 * np.log10(channel.street_width_m)
        + 7.5 * np.log10(building_m)
        - (24.37 - 3.7 * (building_m / base_m) ** 2) * log_base
        - 3.0 * nlos_slope
        + 20.0 * np.log10(carrier_ghz)
        + 4.97
    )
    return {
        "los_db": float(20.0 * np.log10(40.0 * np.pi * carrier_ghz / 3.0)) - min(0.044 * power, 14.77),
        "los_slope": los_slope,
        "turning_slope": (40.0 - los_slope) / 2.0,
        "excess_db_per_m": 0.002 * float(np.log10(building_m)),
        "drop": 0.0,
        "turning_per_m": 2.0 * np.pi * channel.carrier_hz / SPEED_OF_LIGHT_M_S,
        "roof_m": 0.0,
        "nlos_db": nlos_db,
        "nlos_slope": nlos_slope,
        "user_db": -3.2 * np.log10(11.75 * user_m) ** 2,
    }

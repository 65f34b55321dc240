"""Loss from a tower to receivers from its foot to 100 km and beyond, as a table against distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import ModelRangeError
from netgen.propagation import hata, terrain
from netgen.propagation.free_space import free_space_path_loss_db
from netgen.propagation.hata import City, Surroundings, okumura_hata_loss_db
from netgen.propagation.terrain import Terrain, irregular_terrain_loss_db

Floats = NDArray[np.float64]

_POINTS_PER_DECADE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class TowerLoss:
    """Median loss of one tower height, one receiver height and one carrier.

    The table holds the loss in excess of free space, never negative, so that the loss is never below free
    space; between its distances the excess is interpolated along the logarithm of the distance.

    Parameters
    ----------
    model : str                             Name of the model that filled the table.
    carrier_hz : float, Hz                  Carrier, > 0.
    base_height_m, mobile_height_m : float, m   Heights above the ground; they differ.
    distance_m : (n,) float, m              Distances of the table, > 0, increasing.
    excess_db : (n,) float, dB              Loss above free space at each distance, >= 0.

    Raises
    ------
    ValueError                              Heights or arrays break the rules above.
    """

    model: str
    carrier_hz: float
    base_height_m: float
    mobile_height_m: float
    distance_m: Floats
    excess_db: Floats

    def __post_init__(self) -> None:
        if self.base_height_m == self.mobile_height_m:
            raise ValueError(f"base and mobile are both at {self.base_height_m} m; a tower is higher")
        if (
            self.distance_m.shape != self.excess_db.shape
            or self.distance_m.ndim != 1
            or not self.distance_m.size
        ):
            raise ValueError("the table needs as many excess losses as distances, at least one")
        if not (self.distance_m[0] > 0 and np.all(np.diff(self.distance_m) > 0)):
            raise ValueError("the distances of the table must be positive and increase")
        if not np.all(self.excess_db >= 0):
            raise ValueError("an excess over free space is negative")
        for array in (self.distance_m, self.excess_db):
            array.flags.writeable = False

    @property
    def range_m(self) -> float:
        """Longest distance that the table covers."""
        return float(self.distance_m[-1])

    def loss_db(self, distance_m: ArrayLike) -> Floats:
        """Basic transmission loss at ground distances.

        Parameters
        ----------
        distance_m : (...) float, m     Distance along the ground, 0 to `range_m`.

        Returns
        -------
        (...) float, dB                 Never below free space over the slant distance.

        Raises
        ------
        ModelRangeError                 A distance is outside 0..`range_m`; names index and value.

        Valid for                       ASSUMED: nearer than the model's shortest distance (1 km, or five times
                                        the height) the excess over free space falls to zero at the tower's foot
                                        in proportion to the distance.
        """
        distance = np.asarray(distance_m, dtype=np.float64)
        wrong = np.flatnonzero(~((distance >= 0) & (distance <= self.range_m)))
        if wrong.size:
            raise ModelRangeError(
                f"distance {wrong[0]} = {distance.ravel()[wrong[0]]:g} m is outside 0..{self.range_m:g} m, the range "
                f"of the {self.model} table; use the irregular terrain model (itm) with a longer range"
            )
        nearest = self.distance_m[0]
        share = np.minimum(distance / nearest, 1.0)
        excess = np.interp(np.log(np.maximum(distance, nearest)), np.log(self.distance_m), self.excess_db)
        slant = np.hypot(distance, self.base_height_m - self.mobile_height_m)
        loss: Floats = free_space_path_loss_db(slant, self.carrier_hz) + excess * share
        return loss


def hata_tower_loss(
    carrier_hz: float,
    *,
    base_height_m: float,
    mobile_height_m: float,
    surroundings: Surroundings = Surroundings.SUBURBAN,
    city: City = City.SMALL_MEDIUM,
) -> TowerLoss:
    """Okumura-Hata with its extension to 100 km, not below free space; ModelRangeError outside its ranges."""
    low, high = hata.EXTENDED_DISTANCE_M
    distance = _grid_m(low, high)
    loss = okumura_hata_loss_db(
        distance,
        carrier_hz,
        base_height_m=base_height_m,
        mobile_height_m=mobile_height_m,
        surroundings=surroundings,
        city=city,
        extended=True,
    )
    return _table("okumura-hata", carrier_hz, base_height_m, mobile_height_m, distance, loss)


def terrain_tower_loss(
    carrier_hz: float,
    *,
    base_height_m: float,
    mobile_height_m: float,
    terrain_kind: Terrain,
    range_m: float = 300e3,
    time_percent: float = 50.0,
) -> TowerLoss:
    """Irregular terrain model in area mode, tabulated up to `range_m`, not below free space.

    Half of the locations and situations have less loss; `time_percent` of the time the loss is not exceeded
    (50 for the wanted signal, 1 for interference). Raises ModelRangeError outside the model's ranges and
    MissingDependencyError without itmlogic.
    """
    distance = _grid_m(terrain.least_distance_m(base_height_m, mobile_height_m), range_m)
    loss = irregular_terrain_loss_db(
        distance,
        carrier_hz,
        base_height_m=base_height_m,
        mobile_height_m=mobile_height_m,
        terrain=terrain_kind,
        time_percent=time_percent,
    )
    return _table("itm", carrier_hz, base_height_m, mobile_height_m, distance, loss)


def tower_loss(
    carrier_hz: float,
    *,
    base_height_m: float,
    mobile_height_m: float,
    surroundings: Surroundings = Surroundings.SUBURBAN,
    terrain_kind: Terrain | None = None,
) -> TowerLoss:
    """Median loss of a tower by the model that covers it.

    Parameters
    ----------
    carrier_hz : float, Hz                  Carrier.
    base_height_m, mobile_height_m : float, m   Heights above the ground.
    surroundings : Surroundings             What stands around the receivers; used by Okumura-Hata alone.
    terrain_kind : Terrain or None          Terrain of the area; given, the irregular terrain model is used
                                            at every height.

    Returns
    -------
    TowerLoss                               Okumura-Hata for towers of 30 to 200 m, receivers of 1 to 10 m and
                                            150 to 1500 MHz; otherwise the irregular terrain model with
                                            `Terrain()`. `model` says which.

    Raises
    ------
    ModelRangeError, MissingDependencyError As the two models.

    Valid for                               The two models differ where both apply, since Hata's medians hold the
                                            buildings of a town and the terrain model holds none; do not compare
                                            towers of different heights across the change at 200 m.
    """
    in_hata = (
        hata.BASE_HEIGHT_M[0] <= base_height_m <= hata.BASE_HEIGHT_M[1]
        and hata.MOBILE_HEIGHT_M[0] <= mobile_height_m <= hata.MOBILE_HEIGHT_M[1]
        and hata.OKUMURA_HATA_HZ[0] <= carrier_hz <= hata.OKUMURA_HATA_HZ[1]
    )
    if terrain_kind is None and in_hata:
        return hata_tower_loss(
            carrier_hz,
            base_height_m=base_height_m,
            mobile_height_m=mobile_height_m,
            surroundings=surroundings,
        )
    return terrain_tower_loss(
        carrier_hz,
        base_height_m=base_height_m,
        mobile_height_m=mobile_height_m,
        terrain_kind=terrain_kind or Terrain(),
    )


def _grid_m(low_m: float, high_m: float) -> Floats:
    """Distances from `low_m` to `high_m`, evenly spaced on a logarithmic scale."""
    if not high_m > low_m:
        raise ModelRangeError(f"the range {high_m:g} m does not exceed the shortest distance {low_m:g} m")
    count = 2 + int(_POINTS_PER_DECADE * np.log10(high_m / low_m))
    grid: Floats = np.geomspace(low_m, high_m, count)
    grid[0], grid[-1] = low_m, high_m
    return grid


def _table(
    model: str,
    carrier_hz: float,
    base_height_m: float,
    mobile_height_m: float,
    distance_m: Floats,
    loss_db: Floats,
) -> TowerLoss:
    """Turn losses into a table of the excess over free space along the slant distance."""
    slant = np.hypot(distance_m, base_height_m - mobile_height_m)
    excess = np.maximum(loss_db - free_space_path_loss_db(slant, carrier_hz), 0.0)
    return TowerLoss(model, carrier_hz, base_height_m, mobile_height_m, distance_m, excess)

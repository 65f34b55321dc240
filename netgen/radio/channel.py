"""What lies between the sites and the terminals: the terminals' surroundings and the large-scale channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.sectors import frozen_array

Floats = NDArray[np.float64]

#: Place of the line-of-sight state among a site's offsets; before it stand the states of `Sight`.
LOS_FIELD = 3
_FIELDS = LOS_FIELD + 1


@dataclass(frozen=True, slots=True, eq=False)
class Terminals:
    """What the channel needs to know of each user besides the position; numbers broadcast over the users.

    Parameters
    ----------
    height_m : (U,) float, m        Height of the antenna above ground, > 0.
    indoor : (U,) bool              Inside a building: shadow fading of the outdoor-to-indoor state.
    entry_loss_db : (U,) float, dB  Walls, the way inside, a car: added to every path of the user; 0 outdoors.
    inside_m : (U,) float, m        Part of the way that lies inside the building; it does not count for the
                                    line-of-sight probability. 0 by default.
    identity : (U,) int             Number that the user's own draws belong to, >= 0; the row by default.

    Raises
    ------
    ValueError                      A shape or a value that breaks the rules above; names index and value.

    Source                          3GPP TR 38.901, clause 7.4 (distances in Figures 7.4.1-1 and -2).
    """

    height_m: Floats
    indoor: NDArray[np.bool_]
    entry_loss_db: Floats
    inside_m: Floats
    identity: NDArray[np.int64]

    def __init__(
        self,
        height_m: ArrayLike,
        *,
        indoor: ArrayLike = False,
        entry_loss_db: ArrayLike = 0.0,
        inside_m: ArrayLike = 0.0,
        identity: ArrayLike | None = None,
    ) -> None:
        shape = (np.size(height_m),)
        floats = {"height_m": height_m, "entry_loss_db": entry_loss_db, "inside_m": inside_m}
        for name, values in floats.items():
            object.__setattr__(self, name, frozen_array(values, np.float64, shape, name))
        object.__setattr__(self, "indoor", frozen_array(indoor, np.bool_, shape, "indoor"))
        numbers = np.arange(shape[0]) if identity is None else identity
        object.__setattr__(self, "identity", frozen_array(numbers, np.int64, shape, "identity"))
        for name, lowest in (("height_m", np.nextafter(0.0, 1.0)), ("inside_m", 0.0), ("identity", 0)):
            low = np.flatnonzero(getattr(self, name) < lowest)
            if low.size:
                raise ValueError(f"{name}[{low[0]}] = {getattr(self, name)[low[0]]} is too low")

    @property
    def count(self) -> int:
        """Number of users, U."""
        return len(self.height_m)


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """The large-scale channel of one carrier: path loss, line of sight and shadowing between sites and places.

    The state of a link (line of sight or not) and its shadow fading are functions of the place: users who stand
    together see the same, and one who returns finds what was there. All are read from one Gaussian field, each
    site and kind of state at an offset of its own, far from the others (`CorrelatedField.offset`), so that sites
    are independent, as in TR 38.901.

    Parameters
    ----------
    environment : Environment       UMa, UMi or RMa.
    carrier_hz : float, Hz          Carrier frequency.
    field : CorrelatedField         Unit Gaussian field, coordinates in correlation distances.
    offsets : (B, 4, 2) float       Where each site reads the field, in correlation distances: shadow fading
                                    with line of sight, without, indoors (order of `Sight`), and the
                                    line-of-sight state.
    height_key : uint64             Key of the draws of the effective environment height (UMa, users above 13 m).
    shadowing : bool                False leaves the shadow fading out; line-of-sight states remain.
    building_height_m, street_width_m : float, m    Of the RMa model.

    Valid for                       Distances of the path-loss models: 10 m to 5 km (RMa with line of sight 10 km).
    Source                          3GPP TR 38.901, clauses 7.4.1 to 7.4.4 and 7.6.3.3.
    """

    environment: Environment
    carrier_hz: float
    field: CorrelatedField
    offsets: Floats
    height_key: np.uint64
    shadowing: bool = True
    building_height_m: float = 5.0
    street_width_m: float = 20.0

    def __post_init__(self) -> None:
        object.__setattr__(
            self,
            "offsets",
            frozen_array(self.offsets, np.float64, (len(self.offsets), _FIELDS, 2), "offsets"),
        )
        for name in ("carrier_hz", "building_height_m", "street_width_m"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} = {getattr(self, name)} is not positive and finite")

    @staticmethod
    def drawn(
        environment: Environment,
        carrier_hz: float,
        *,
        sites: int,
        rng: np.random.Generator,
        field: CorrelatedField | None = None,
        shadowing: bool = True,
        building_height_m: float = 5.0,
        street_width_m: float = 20.0,
    ) -> Channel:
        """Draw the field, unless one is given, and where each site reads it.

        Parameters
        ----------
        environment, carrier_hz, shadowing, building_height_m, street_width_m    As of `Channel`.
        sites : int                     Number of sites, B.
        rng : numpy.random.Generator    Stream of the world's channel.
        field : CorrelatedField or None A field to share; drawn from `rng` when None.
        """
        height_key = np.uint64(rng.integers(2**64, dtype=np.uint64))
        start = rng.random(2)
        if field is None:
            field = CorrelatedField.drawn(rng)
        places = np.stack(field.offset(np.arange(sites * _FIELDS)), axis=1) + start * field.period
        offsets = np.mod(places, field.period).reshape(sites, _FIELDS, 2)
        return Channel(
            environment=environment,
            carrier_hz=carrier_hz,
            field=field,
            offsets=offsets,
            height_key=height_key,
            shadowing=shadowing,
            building_height_m=building_height_m,
            street_width_m=street_width_m,
        )

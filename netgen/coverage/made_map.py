"""A coverage map of one node of a scenario, and what is chosen for all maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.broadcast.raster import CoverageMap
from netgen.broadcast.receiver_class import Reception
from netgen.errors import InputError, did_you_mean
from netgen.units import DISTANCE, LEVEL, Dimension, parse

Floats = NDArray[np.float64]

_LARGEST_SINR_DB = 100.0


@dataclass(frozen=True, slots=True)
class AudienceShare:
    """How an audience is covered.

    Parameters
    ----------
    users : int                     How many users it has.
    evaluated : int                 At the places of how many of them the probability was computed, evenly chosen.
    probability : float             Mean of the probability over these, at the start of the run.
    receiver : str or None          Class of their broadcast receivers; None in cells.
    """

    users: int
    evaluated: int
    probability: float
    receiver: str | None


@dataclass(frozen=True, slots=True, eq=False)
class MadeMap:
    """One coverage map of a scenario.

    Parameters
    ----------
    node : str                      The tower or cellular network.
    pipe : str or None              Pipe of the tower, if it has pipes.
    quantity : str                  What is required: C/N or SINR.
    required_db : float, dB         How much of it.
    carrier_hz : float, Hz          Carrier.
    receiver : str or None          Class of the receivers of the map; None for cells.
    activity : float or None        Share of the time in which the other sectors interfere; None for towers.
    cell_m : float, m               Size of the cells of the map.
    coverage : CoverageMap          The map.
    served : (n,) float             Probability at places spread evenly over the area served: the rectangle around
                                    the users of a tower, the service area of a network.
    served_km2 : float, km^2        Size of that area.
    audiences : mapping             Coverage of the audiences of the node that are there at the start, by name.
    """

    node: str
    pipe: str | None
    quantity: str
    required_db: float
    carrier_hz: float
    receiver: str | None
    activity: float | None
    cell_m: float
    coverage: CoverageMap
    served: Floats
    served_km2: float
    audiences: Mapping[str, AudienceShare]

    @property
    def name(self) -> str:
        """Name of the node, and of the pipe if there is one."""
        return self.node if self.pipe is None else f"{self.node}-{self.pipe}"

    def area_share(self, probability: float) -> float:
        """Share of the area served in which the location probability is at least this."""
        return float((self.served >= probability).mean())

    @property
    def population_probability(self) -> float | None:
        """Mean probability over all users of the node's audiences; None without users."""
        users = sum(share.users for share in self.audiences.values())
        if not users:
            return None
        return sum(share.users * share.probability for share in self.audiences.values()) / users


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What is chosen for all maps.

    Parameters
    ----------
    cell_m : float or None, m       Size of the cells; None for one that suits the extent.
    reception : Reception or None   Class of all broadcast receivers; None for the audiences' own, on the map that
                                    of the most users.
    sinr_db : float or None, dB     SINR that is required in cells; None for the lowest that is served.
    """

    cell_m: float | None = None
    reception: Reception | None = None
    sinr_db: float | None = None

    @staticmethod
    def read(*, cell: str | None = None, receiver: str | None = None, sinr: str | None = None) -> MapOptions:
        """Options as a person writes them, for example `250 m`, `roof-top` and `5 dB`; None for what is not chosen.

        Raises
        ------
        InputError                  One of them is no such quantity or class.
        """
        cell_m = None if cell is None else _read("--cell", cell, DISTANCE)
        if cell_m is not None and cell_m <= 0:
            raise InputError(f'--cell = "{cell}" is not above 0; accepted: for example 250 m')
        classes = [reception.value for reception in Reception]
        if receiver is not None and receiver not in classes:
            hint = did_you_mean(receiver, classes)
            raise InputError(
                f'--receiver = "{receiver}" is no class of receivers; accepted: {", ".join(classes)}{hint}'
            )
        sinr_db = None if sinr is None else _read("--sinr", sinr, LEVEL)
        if sinr_db is not None and abs(sinr_db) > _LARGEST_SINR_DB:
            raise InputError(f'--sinr = "{sinr}" is out of range; accepted: -100 dB to 100 dB')
        return MapOptions(cell_m, None if receiver is None else Reception(receiver), sinr_db)


def _read(option: str, text: str, dimension: Dimension) -> float:
    """A quantity that an option gives."""
    try:
        return float(parse(text, dimension))
    except ValueError as error:
        raise InputError(f'{option} = "{text}" {error}') from None

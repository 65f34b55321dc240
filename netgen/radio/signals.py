"""The radio epoch: what every user receives from every sector, recomputed for those who moved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, MissingDependencyError
from netgen.propagation.validity import check_ranges
from netgen.radio.channel import Channel, Terminals
from netgen.radio.sectors import Sectors, require_finite

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Indices = NDArray[np.int64]
Compute: TypeAlias = Literal["numpy", "numba", "torch"]

COMPUTE: tuple[Compute, ...] = ("numpy", "numba", "torch")
_CHUNK = 8192
# Users in one cell of the order in which they are computed, and the most cells along each side.
_NEIGHBOURS, _MOST_CELLS = 64, 256


class Signals(ABC):
    """Signal-to-noise ratio of every user and sector, kept up to date as users move.

    The ratio is received power over noise power in the same bandwidth, so it holds for any equal part of the
    carrier. What is kept for a user depends on that user alone: not on the others, on how calls are batched, or
    on the number of threads.

    Parameters
    ----------
    sectors : Sectors               S sectors on B sites.
    terminals : Terminals           U users.
    channel : Channel               Made for B sites.
    noise_dbm : float, dBm          Noise over the whole carrier: thermal noise plus the receiver's noise figure.

    Raises
    ------
    ValueError                      The channel is made for another number of sites, or the noise is not finite.
    ModelRangeError                 A carrier or a height that the path-loss model does not cover.

    Valid for                       One carrier in use by all sectors; large-scale fading only.
    Source                          3GPP TR 38.901, clauses 7.3 and 7.4.
    """

    def __init__(self, sectors: Sectors, terminals: Terminals, channel: Channel, *, noise_dbm: float) -> None:
        if len(channel.offsets) != sectors.sites:
            raise ValueError(
                f"the channel is made for {len(channel.offsets)} sites, the network has {sectors.sites}"
            )
        if not np.isfinite(noise_dbm):
            raise ValueError(f"noise_dbm = {noise_dbm} is not finite")
        check_ranges(
            channel.environment,
            carrier_hz=channel.carrier_hz,
            base_height_m=sectors.height_m,
            user_height_m=terminals.height_m,
            building_height_m=channel.building_height_m,
            street_width_m=channel.street_width_m,
        )
        self.sectors = sectors
        self.terminals = terminals
        self.channel = channel
        self.noise_dbm = float(noise_dbm)
        self._x_m = np.full(terminals.count, np.nan)
        self._y_m = np.full(terminals.count, np.nan)

    @property
    @abstractmethod
    def snr(self) -> Singles:
        """(U, S) linear signal-to-noise ratio, read-only; 0 for users who have not been placed yet."""

    @abstractmethod
    def _compute(self, rows: Indices) -> None:
        """Compute the ratios of some users, who are at `_x_m` and `_y_m`, with every sector."""

    @abstractmethod
    def sinr(self, rows: Indices, serving: Indices, activity: Floats) -> Singles:
        """Ratio of the serving sector's signal to noise and the other sectors' interference.

        Parameters
        ----------
        rows : (n,) int                 Users.
        serving : (n,) int              Sector that serves each of them; below 0 for none.
        activity : (S,) float           Share of time and bandwidth in which each sector transmits, 0 to 1.

        Returns
        -------
        (n,) float32                    Linear; 0 for a user whom nobody serves.

        Raises
        ------
        ValueError                      A row, a sector or an activity out of range; names index and value.

        Valid for                       Interference that varies fast against what is averaged: its mean counts.
        """

    @abstractmethod
    def strongest(self, rows: Indices) -> Indices:
        """(n,) sector that each user receives best; of equal ones the first."""

    def received_dbm(self, rows: Indices) -> Singles:
        """(n, S) float32, dBm: power over the whole carrier that users receive from every sector."""
        with np.errstate(divide="ignore"):  # nothing received is minus infinity
            power_dbm: Singles = np.log10(self.snr[rows])
        power_dbm *= np.float32(10.0)
        power_dbm += np.float32(self.noise_dbm)
        return power_dbm

    def move(self, x_m: Floats, y_m: Floats, tolerance_m: float = 0.0) -> Indices:
        """Bring the ratios up to date for users who are not where they were last computed.

        Parameters
        ----------
        x_m, y_m : (U,) float, m        Where the users are now.
        tolerance_m : float, m          Users who are no further than this from where they were last computed
                                    keep their ratios.

        Returns
        -------
        (n,) int                        Users who were computed anew, in increasing order.

        Raises
        ------
        ValueError                      Not one finite position per user, or a negative tolerance.
        """
        if not tolerance_m >= 0:
            raise ValueError(f"tolerance_m = {tolerance_m} m is not >= 0")
        for name, values in (("x_m", x_m), ("y_m", y_m)):
            if np.shape(values) != (self.terminals.count,):
                raise ValueError(f"{name} has the shape {np.shape(values)}, not ({self.terminals.count},)")
        rows = self._further(x_m, y_m, tolerance_m)
        require_finite(x_m[rows], "x_m of moved users, ")
        require_finite(y_m[rows], "y_m of moved users, ")
        if rows.size:
            self._x_m[rows], self._y_m[rows] = x_m[rows], y_m[rows]
            self._compute(rows)
        return rows

    def _further(self, x_m: Floats, y_m: Floats, tolerance_m: float) -> Indices:
        """Users further than the tolerance from where they were last computed, or not computed yet."""
        with np.errstate(invalid="ignore"):
            moved_m2 = (x_m - self._x_m) ** 2 + (y_m - self._y_m) ** 2
            return np.flatnonzero(~(moved_m2 <= tolerance_m * tolerance_m))

    def _by_place(self, rows: Indices) -> Indices:
        """Rows in an order in which neighbours follow each other, so that they read the same part of the field."""
        if len(rows) <= _NEIGHBOURS:
            return rows
        x_m, y_m = self._x_m[rows], self._y_m[rows]
        x_m -= x_m.min()
        y_m -= y_m.min()
        width_m, depth_m = x_m.max(), y_m.max()
        side_m = max(
            np.sqrt(width_m * depth_m * _NEIGHBOURS / len(rows)), max(width_m, depth_m) / _MOST_CELLS, 1.0
        )
        across = np.minimum((x_m / side_m).astype(np.uint16), _MOST_CELLS - 1)
        along = np.minimum((y_m / side_m).astype(np.uint16), _MOST_CELLS - 1)
        # Every second row of cells backwards: the last cell of a row lies beside the first of the next.
        across = np.where(along & 1, _MOST_CELLS - 1 - across, across)
        return rows[np.argsort(along * np.uint16(_MOST_CELLS) + across, kind="stable")]

    def _check_rows(self, rows: Indices) -> None:
        """Raise ValueError for a row that is no user."""
        wrong = np.flatnonzero((rows < 0) | (rows >= self.terminals.count))
        if wrong.size:
            raise ValueError(
                f"rows[{wrong[0]}] = {rows[wrong[0]]} is not between 0 and {self.terminals.count - 1}"
            )

    def _check_load(self, rows: Indices, serving: Indices, activity: Floats) -> None:
        """Raise ValueError for arguments of `sinr` that are out of range."""
        self._check_rows(rows)
        if serving.shape != rows.shape:
            raise ValueError(f"serving has the shape {serving.shape}, not {rows.shape}")
        wrong = np.flatnonzero(serving >= self.sectors.count)
        if wrong.size:
            raise ValueError(f"serving[{wrong[0]}] = {serving[wrong[0]]} is not below {self.sectors.count}")
        if activity.shape != (self.sectors.count,):
            raise ValueError(f"activity has the shape {activity.shape}, not ({self.sectors.count},)")
        wrong = np.flatnonzero(~((activity >= 0) & (activity <= 1)))
        if wrong.size:
            raise ValueError(f"activity[{wrong[0]}] = {activity[wrong[0]]} is not between 0 and 1")


def chunks(count: int, size: int = _CHUNK) -> Iterator[slice]:
    """Slices of at most `size` that cover `count` rows: small enough to stay in the processor's cache."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def make_signals(
    sectors: Sectors,
    terminals: Terminals,
    channel: Channel,
    *,
    noise_dbm: float,
    compute: Compute = "numpy",
    device: str = "cpu",
) -> Signals:
    """Make the radio epoch in one of its implementations, which agree within float tolerance.

    Parameters
    ----------
    sectors, terminals, channel, noise_dbm    As of `Signals`.
    compute : "numpy", "numba" or "torch"     The plain reference, the compiled twin, or tensors.
    device : str                    Where torch computes: `cpu`, `cuda`, `cuda:1`.

    Raises
    ------
    InputError                      No such implementation, or a device where only the processor computes.
    MissingDependencyError          numba or torch is not installed.
    """
    if compute not in COMPUTE:
        raise InputError(f'compute = "{compute}" is not known; accepted: {", ".join(COMPUTE)}')
    if compute != "torch" and device != "cpu":
        raise InputError(f'device = "{device}" needs compute = "torch"; {compute} computes on the cpu')
    if compute == "numpy":
        from netgen.radio.signals_numpy import NumpySignals  # noqa: PLC0415  (it imports this module)

        return NumpySignals(sectors, terminals, channel, noise_dbm=noise_dbm)
    if compute == "numba":
        try:
            import numba  # noqa: F401, PLC0415  (optional and slow to import)
        except ImportError:
            raise MissingDependencyError(
                "compute = \"numba\" needs numba: install the extra with pip install 'netgen[fast]'"
            ) from None
        from netgen.radio.signals_numba import NumbaSignals  # noqa: PLC0415  (imports numba)

        return NumbaSignals(sectors, terminals, channel, noise_dbm=noise_dbm)
    try:
        import torch  # noqa: F401, PLC0415  (optional and slow to import)
    except ImportError:
        raise MissingDependencyError(
            "compute = \"torch\" needs PyTorch: install the extra with pip install 'netgen[torch]'"
        ) from None
    from netgen.radio.signals_torch import TorchSignals  # noqa: PLC0415  (imports torch)

    return TorchSignals(sectors, terminals, channel, noise_dbm=noise_dbm, device=device)

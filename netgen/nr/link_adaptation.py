"""From SINR to CQI, MCS and goodput per resource block: the table that a cell scheduler reads each epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.nr.bler import Reading, bler
from netgen.nr.fading import Fading, rayleigh_mean
from netgen.nr.harq import Combining, Harq, combined_sinr_db, harq_outcome
from netgen.nr.numerology import Numerology, Overhead
from netgen.nr.tables import Floats, Ints, cqi_table, mcs_table
from netgen.nr.transport_block import TransportBlock, transport_block, transport_block_error

OUT_OF_RANGE = -1
_CQI_BLER = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class RateTable:
    """Link adaptation of one carrier, tabulated over SINR; made by `RateTable.built`.

    At every SINR the scheme is the one with the highest expected goodput among those whose first transmission
    fails at most with the target error rate (MCS table 1 is not monotonic: 16 carries more than 17). Below
    the lowest such SINR the lowest scheme is kept, and retransmissions carry it, down to the SINR of CQI 1;
    below that the user is out of range and the rate is 0. All arrays are read-only; entry i stands for
    ``first_db + i * step_db``, and a SINR takes the nearest entry (the first or last beyond the ends).

    Parameters
    ----------
    numerology : Numerology             Carrier.
    mcs_table_number : int              1 (up to 64QAM) or 2 (up to 256QAM).
    overhead : Overhead                 What control and reference signals take.
    harq : Harq                         Retransmissions.
    target_bler : float                 Highest error rate of first transmissions, above 0 to 1; 1 leaves the
                                        choice to the goodput alone.
    fading : Fading                     RAYLEIGH: the rate is averaged over flat Rayleigh fading, the scheme
                                        following the momentary SINR; everything else stays that of a momentary
                                        SINR. No gain from scheduling users on their peaks.
    reading : Reading                   How error rates run between the simulated points.
    blocks : TransportBlock             Reference transport block of each MCS, (M,).
    first_db, step_db : float, dB       SINR grid.
    rates_bps : (N,) float, bit/s       Goodput of one resource block; non-decreasing.
    mcs_indices : (N,) int              Scheme at each SINR; -1 out of range.
    blers : (N,) float                  Error rate of the first transmission with that scheme; 1 out of range.
    goodputs_bps : (M, N) float, bit/s  Goodput per resource block of every scheme, whether chosen or not.
    first_blers : (M, N) float          Error rate of a first transmission of every scheme.

    Valid for                           One spatial layer: Sionna's curves are for one, and what several layers
                                        would carry depends on a channel that is not modelled here. The SINR is
                                        that of the whole epoch; fast fading inside it is either averaged as
                                        above or absent. The rate leaves out that transport blocks come in
                                        sizes: single blocks of 1000 to 4000 bit are up to 5 % off (1 % on
                                        average), larger ones up to 2 % (0.02 %).
    Source                              TS 38.214 clauses 5.1.3 and 5.2.2; `netgen.nr.bler` and `netgen.nr.harq`
                                        for the error rates.
    """

    numerology: Numerology
    mcs_table_number: int
    overhead: Overhead
    harq: Harq
    target_bler: float
    fading: Fading
    reading: Reading
    blocks: TransportBlock
    first_db: float
    step_db: float
    rates_bps: Floats
    mcs_indices: Ints
    blers: Floats
    goodputs_bps: Floats
    first_blers: Floats

    @staticmethod
    def built(
        numerology: Numerology,
        *,
        mcs_table_number: int = 2,
        overhead: Overhead | None = None,
        harq: Harq | None = None,
        target_bler: float = 0.1,
        transport_blocks_wide: int = 20,
        fading: Fading = Fading.NONE,
        reading: Reading = Reading.NORMAL,
        first_db: float = -20.0,
        last_db: float = 45.0,
        step_db: float = 0.05,
    ) -> RateTable:
        """Build the table of one carrier; takes less than 0.1 s.

        Parameters
        ----------
        overhead, harq                  Of their defaults if not given: 15 % overhead, chase combining of up to
                                        4 transmissions.
        transport_blocks_wide : int     Resource blocks that one transport block spans in its slot, which
                                        sets the size and number of its code blocks, >= 1. ASSUMED: 20
                                        resource blocks (several users share a slot of the carrier).
        first_db, last_db, step_db      SINR grid, dB. The other parameters are those of the class.

        Raises
        ------
        ModelRangeError                 An MCS table other than 1 and 2.
        ValueError                      A target, width or grid outside its range, or an unknown fading or reading.
        """
        _check_grid(target_bler, transport_blocks_wide, (first_db, last_db, step_db))
        overhead, harq = overhead or Overhead(), harq or Harq()
        fading, reading = Fading(fading), Reading(reading)
        scheme = mcs_table(mcs_table_number)
        elements = transport_blocks_wide * overhead.data_elements_per_block_slot
        blocks = transport_block(elements, np.arange(len(scheme)), mcs_table_number=mcs_table_number)
        grid_db = _grid_db(first_db, step_db, round((last_db - first_db) / step_db) + 1)
        failures = _failures(grid_db, blocks, harq=harq, mcs_table_number=mcs_table_number, reading=reading)
        peak_bps = scheme.efficiency * overhead.data_elements_per_block_s(numerology)
        goodputs = peak_bps[:, None] * harq_outcome(failures).efficiency
        chosen = _chosen(goodputs, failures[0], target_bler)
        chosen[grid_db < _lowest_cqi_db(grid_db, blocks, mcs_table_number, reading)] = OUT_OF_RANGE
        arrays = _along(chosen, goodputs, np.ascontiguousarray(failures[0]))
        if fading is Fading.RAYLEIGH:
            arrays = (rayleigh_mean(arrays[0], step_db=step_db), *arrays[1:])
        for array in arrays:
            array.flags.writeable = False
        link = (numerology, mcs_table_number, overhead, harq, target_bler, fading, reading, blocks)
        return RateTable(*link, first_db, step_db, *arrays)

    def position(self, sinr_db: ArrayLike) -> NDArray[np.intp]:
        """Index of the grid entry nearest to each SINR, the first or last beyond the ends.

        Raises
        ------
        ValueError                      A SINR that is not a number; infinite ones are accepted.
        """
        place = np.asarray(sinr_db, dtype=np.float64) - self.first_db
        place = np.atleast_1d(place) if place.ndim == 0 else place
        place *= 1.0 / self.step_db
        place += 0.5
        if np.isnan(place).any():
            where = int(np.flatnonzero(np.isnan(place))[0])
            raise ValueError(f"sinr_db[{where}] is not a number")
        np.clip(place, 0.0, len(self.rates_bps) - 1.0, out=place)
        return place.astype(np.intp).reshape(np.shape(sinr_db))

    def rate_per_block_bps(self, sinr_db: ArrayLike) -> Floats:
        """Goodput of one resource block given to a user all the time.

        Parameters
        ----------
        sinr_db : (...) float, dB       Effective SINR per resource element (mean SINR with Rayleigh fading).

        Returns
        -------
        (...) float, bit/s              Non-decreasing in SINR, 0 out of range; a share s of n blocks carries
                                        n x s times as much.

        Raises
        ------
        ValueError                      A SINR that is not a number.

        Source                          Class description.
        """
        return np.asarray(self.rates_bps.take(self.position(sinr_db)))

    def mcs(self, sinr_db: ArrayLike) -> Ints:
        """MCS index that link adaptation chooses at each SINR; -1 out of range."""
        return np.asarray(self.mcs_indices.take(self.position(sinr_db)))

    def bler(self, sinr_db: ArrayLike) -> Floats:
        """Error rate of first transmissions with the chosen scheme; 1 out of range."""
        return np.asarray(self.blers.take(self.position(sinr_db)))

    def bler_of(self, mcs: ArrayLike, sinr_db: ArrayLike) -> Floats:
        """Error rate of a first transmission of a given scheme, for a choice made from a biased SINR.

        Parameters
        ----------
        mcs : (...) int                 MCS index, or -1 (nothing sent), which gives 1.
        sinr_db : (...) float, dB       True SINR.
        """
        index, place = np.broadcast_arrays(np.asarray(mcs), self.position(sinr_db))
        return np.where(index == OUT_OF_RANGE, 1.0, self.first_blers[index, place])

    def goodput_of_bps(self, mcs: ArrayLike, sinr_db: ArrayLike) -> Floats:
        """Goodput per resource block of a given scheme at the true SINR; 0 for MCS -1 (no fading average)."""
        index, place = np.broadcast_arrays(np.asarray(mcs), self.position(sinr_db))
        return np.where(index == OUT_OF_RANGE, 0.0, self.goodputs_bps[index, place])


def cqi(table: RateTable, sinr_db: ArrayLike) -> Ints:
    """Channel quality indicator that a terminal reports.

    Parameters
    ----------
    table : RateTable                   Carrier; its MCS table number is the CQI table number too.
    sinr_db : (...) float, dB           Effective SINR.

    Returns
    -------
    (...) int                           Highest CQI whose transport block fails with at most 10 %; 0 out of range.

    Source                              TS 38.214 clause 5.2.2.1 (error probability of 0.1).
    """
    indicators, scheme = cqi_table(table.mcs_table_number), mcs_table(table.mcs_table_number)
    grid_db = _grid_db(table.first_db, table.step_db, len(table.rates_bps))
    thresholds = [_lowest_cqi_db(grid_db, table.blocks, table.mcs_table_number, table.reading)]
    for order, rate in zip(indicators.modulation_order[1:], indicators.rate[1:], strict=True):
        same = np.flatnonzero((scheme.modulation_order == order) & (scheme.rate == rate))
        reached = np.flatnonzero(table.first_blers[same[0]] <= _CQI_BLER)
        thresholds.append(grid_db[reached[0]] if reached.size else np.inf)
    place = grid_db[table.position(sinr_db)]
    return np.asarray(np.searchsorted(np.array(thresholds), place, side="right"), dtype=np.int64)


def _grid_db(first_db: float, step_db: float, count: int) -> Floats:
    """SINR of each table entry."""
    return np.asarray(first_db + step_db * np.arange(count), dtype=np.float64)


def _failures(
    grid_db: Floats, blocks: TransportBlock, *, harq: Harq, mcs_table_number: int, reading: Reading
) -> Floats:
    """Probability that a block is not decoded after 1, 2, ... transmissions, (K, M, N); falling in SINR and K."""
    every = np.arange(len(blocks.size_bits))[:, None]
    rate = mcs_table(mcs_table_number).rate[:, None]
    failures = []
    for transmission in range(1, harq.transmissions + 1):
        level_db = combined_sinr_db(grid_db[None, :], transmission, combining=harq.combining, code_rate=rate)
        failed = bler(
            every,
            level_db,
            code_block_bits=blocks.code_block_bits[:, None],
            mcs_table_number=mcs_table_number,
            reading=reading,
        )
        failed = transport_block_error(failed, blocks.code_blocks[:, None])
        # The simulated curves of the smallest blocks waver by parts in a thousand where nearly all blocks fail.
        failed = np.minimum.accumulate(failed, axis=1)
        failures.append(failed**transmission if Combining(harq.combining) is Combining.NONE else failed)
    return np.minimum.accumulate(np.array(failures), axis=0)


def _chosen(goodputs: Floats, first_blers: Floats, target_bler: float) -> Ints:
    """Scheme of highest goodput among those that meet the target, (N,); the lowest where none does."""
    allowed = np.where(first_blers <= target_bler, goodputs, -1.0)
    allowed[0] = np.maximum(allowed[0], 0.0)
    return np.asarray(np.argmax(allowed, axis=0), dtype=np.int64)


def _along(chosen: Ints, goodputs: Floats, blers: Floats) -> tuple[Floats, Ints, Floats, Floats, Floats]:
    """Rate, scheme and error rate at each SINR of the chosen scheme, then goodput and error rate of all."""
    served = chosen != OUT_OF_RANGE
    column = np.arange(len(chosen))
    rates = np.where(served, goodputs[chosen, column], 0.0)
    return rates, chosen, np.where(served, blers[chosen, column], 1.0), goodputs, blers


def _lowest_cqi_db(grid_db: Floats, blocks: TransportBlock, mcs_table_number: int, reading: Reading) -> float:
    """SINR of CQI 1, whose rate is below every MCS: the curve of MCS 0, its energy spread over more symbols."""
    gain_db = 10.0 * np.log10(
        mcs_table(mcs_table_number).efficiency[0] / cqi_table(mcs_table_number).efficiency[0]
    )
    failed = bler(
        0,
        grid_db + gain_db,
        code_block_bits=blocks.code_block_bits[0],
        mcs_table_number=mcs_table_number,
        reading=reading,
    )
    reached = np.flatnonzero(transport_block_error(failed, blocks.code_blocks[0]) <= _CQI_BLER)
    return float(grid_db[reached[0]]) if reached.size else float("inf")


def _check_grid(target_bler: float, width: int, grid_db: tuple[float, float, float]) -> None:
    """Raise ValueError for a target, a width or a grid that makes no table."""
    if not 0.0 < target_bler <= 1.0:
        raise ValueError(f"target_bler = {target_bler} is not above 0 and at most 1")
    if width < 1:
        raise ValueError(f"transport_blocks_wide = {width} is below 1")
    first_db, last_db, step_db = grid_db
    if not step_db > 0.0 or not last_db - first_db >= step_db:
        raise ValueError(f"a SINR grid from {first_db} to {last_db} dB in steps of {step_db} dB is empty")

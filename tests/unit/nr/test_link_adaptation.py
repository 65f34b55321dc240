"""The rate table that schedulers read."""

import numpy as np
import pytest

from netgen.errors import ModelRangeError
from netgen.nr.bler import Reading, bler
from netgen.nr.fading import Fading
from netgen.nr.harq import Combining, Harq
from netgen.nr.link_adaptation import OUT_OF_RANGE, RateTable, cqi
from netgen.nr.numerology import Numerology, Overhead
from netgen.nr.tables import mcs_table
from netgen.nr.transport_block import transport_block_error

CARRIER = Numerology(30e3, 20e6)


@pytest.fixture(scope="module")
def table():
    return RateTable.built(CARRIER)


def test_a_sinr_takes_the_nearest_entry_and_the_ends_beyond(table):
    assert len(table.rates_bps) == 1301
    assert table.position([-20.0, -19.976, -19.974, 45.0]).tolist() == [0, 0, 1, 1300]
    assert table.position([-500.0, -np.inf, np.inf, 99.0]).tolist() == [0, 0, 1300, 1300]
    assert table.position(0.0) == 400


def test_looking_up_leaves_the_input_alone_and_keeps_its_shape(table):
    sinr_db = np.array([[1.0, 2.0], [3.0, 50.0]])
    kept = sinr_db.copy()
    assert table.rate_per_block_bps(sinr_db).shape == (2, 2)
    assert table.mcs(sinr_db.astype(np.float32)).shape == (2, 2)
    np.testing.assert_array_equal(sinr_db, kept)
    assert table.rate_per_block_bps(10.0).shape == ()
    assert table.rate_per_block_bps(np.array([])).shape == (0,)


def test_arrays_cannot_be_written_to(table):
    for name in ("rates_bps", "mcs_indices", "blers", "goodputs_bps", "first_blers"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(table, name)[0] = 0


def test_out_of_range_below_the_first_indicator(table):
    inside = np.flatnonzero(table.mcs_indices != OUT_OF_RANGE)[0]
    edge_db = table.first_db + table.step_db * inside
    assert -8.5 < edge_db < -6.0
    below = table.position(edge_db - 1.0)
    assert (table.rates_bps[:inside] == 0.0).all()
    assert table.rates_bps[inside] > 0.0
    assert table.mcs_indices[below] == OUT_OF_RANGE
    assert table.blers[below] == 1.0
    assert cqi(table, [edge_db - 0.1, edge_db]).tolist() == [0, 1]


def test_the_chosen_scheme_meets_the_target_or_is_the_lowest(table):
    served = table.mcs_indices > 0
    assert served.any()
    assert (table.blers[served] <= 0.1).all()
    assert (table.blers[table.mcs_indices == 0] > 0.5).any()  # carried by retransmissions
    np.testing.assert_array_equal(
        table.blers[served], table.first_blers[table.mcs_indices[served], np.flatnonzero(served)]
    )


def test_no_scheme_that_meets_the_target_carries_more(table):
    allowed = np.where(table.first_blers <= 0.1, table.goodputs_bps, 0.0)
    served = table.mcs_indices > 0
    np.testing.assert_array_equal(allowed.max(axis=0)[served], table.rates_bps[served])


def test_goodput_at_one_point_worked_out_from_its_parts():
    """12.1 dB, MCS 13 of table 2 (64QAM 567/1024), two chase transmissions of three code blocks' worth."""
    overhead = Overhead(pdcch_symbols=2, dmrs_elements_per_block=12, signal_share=0.0)
    table = RateTable.built(
        CARRIER, overhead=overhead, harq=Harq(Combining.CHASE, 2), transport_blocks_wide=51, target_bler=0.99
    )
    elements = 168 - 24 - 12
    size = table.blocks
    assert int(size.code_blocks[13]) == 3
    at = {"code_block_bits": int(size.code_block_bits[13]), "mcs_table_number": 2}
    sinr_db = table.first_db + table.step_db * table.position(11.6)
    first = transport_block_error(bler(13, sinr_db, **at), 3)
    second = transport_block_error(bler(13, sinr_db + 10 * np.log10(2.0), **at), 3)
    assert 0.2 < first < 0.9
    expected = elements * 2000 * mcs_table(2).efficiency[13] * (1 - second) / (1 + first)
    assert table.goodput_of_bps(13, 11.6) == pytest.approx(float(expected), rel=1e-9)


def test_a_given_scheme_at_a_given_sinr(table):
    sinr_db = np.array([-15.0, 10.0, 30.0])
    chosen = table.mcs(sinr_db)
    np.testing.assert_array_equal(table.bler_of(chosen, sinr_db), table.bler(sinr_db))
    np.testing.assert_array_equal(table.goodput_of_bps(chosen, sinr_db), table.rate_per_block_bps(sinr_db))
    assert table.bler_of(27, 10.0) == 1.0
    assert table.goodput_of_bps([27, OUT_OF_RANGE], 10.0).tolist() == [0.0, 0.0]


def test_retransmissions_help_in_order():
    rates = {
        combining: RateTable.built(CARRIER, harq=Harq(combining), target_bler=1.0).goodputs_bps
        for combining in Combining
    }
    assert (rates[Combining.CHASE] >= rates[Combining.NONE] - 1e-6).all()
    assert (rates[Combining.INCREMENTAL] >= rates[Combining.CHASE] - 1e-6).all()
    assert (
        rates[Combining.INCREMENTAL].sum() > 1.01 * rates[Combining.CHASE].sum() > rates[Combining.NONE].sum()
    )


def test_fading_smooths_the_rate_and_leaves_the_momentary_choice(table):
    faded = RateTable.built(CARRIER, fading=Fading.RAYLEIGH)
    np.testing.assert_array_equal(faded.mcs_indices, table.mcs_indices)
    assert faded.rate_per_block_bps(20.0) < table.rate_per_block_bps(20.0)
    assert faded.rate_per_block_bps(-9.0) > 0.0 == table.rate_per_block_bps(-9.0)


def test_indicators_rise_with_the_sinr_up_to_fifteen(table):
    found = cqi(table, np.arange(-20.0, 45.0, 0.5))
    assert found[0] == 0
    assert found[-1] == 15
    assert (np.diff(found) >= 0).all()
    assert set(found.tolist()) == set(range(16))


def test_the_reading_of_the_curves_is_a_choice():
    sionna = RateTable.built(CARRIER, reading=Reading.SIONNA)
    assert sionna.rates_bps.sum() > RateTable.built(CARRIER).rates_bps.sum()


def test_options_may_be_written_as_text_and_unknown_ones_are_refused():
    written = RateTable.built(CARRIER, fading="rayleigh", harq=Harq("none"), reading="sionna")
    meant = RateTable.built(
        CARRIER, fading=Fading.RAYLEIGH, harq=Harq(Combining.NONE), reading=Reading.SIONNA
    )
    np.testing.assert_array_equal(written.rates_bps, meant.rates_bps)
    for fields in ({"fading": "rice"}, {"reading": "linear"}, {"harq": Harq("soft")}):
        with pytest.raises(ValueError, match="is not a valid"):
            RateTable.built(CARRIER, **fields)


def test_bad_requests_are_refused(table):
    with pytest.raises(ValueError, match=r"sinr_db\[1\] is not a number"):
        table.rate_per_block_bps([0.0, np.nan])
    with pytest.raises(ModelRangeError, match="mcs_table = 3"):
        RateTable.built(CARRIER, mcs_table_number=3)
    for fields in ({"target_bler": 0.0}, {"transport_blocks_wide": 0}, {"step_db": 0.0}, {"last_db": -30.0}):
        with pytest.raises(ValueError, match=r"is not|is below|is empty"):
            RateTable.built(CARRIER, **fields)

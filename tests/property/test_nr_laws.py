"""Laws of the NR link level on random carriers, schemes and SINRs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.nr.bler import Reading
from netgen.nr.effective_sinr import effective_sinr_db
from netgen.nr.fading import Fading
from netgen.nr.harq import Combining, Harq, combined_sinr_db, harq_outcome
from netgen.nr.link_adaptation import OUT_OF_RANGE, RateTable, cqi
from netgen.nr.numerology import RESOURCE_BLOCKS, Numerology, Overhead
from netgen.nr.outer_loop import OuterLoop
from netgen.nr.tables import mcs_table
from netgen.nr.transport_block import transport_block

CARRIERS = [
    Numerology(spacing * 1e3, width * 1e6) for spacing, counts in RESOURCE_BLOCKS.items() for width in counts
]
tables = st.builds(
    lambda carrier, number, overhead, share, combining, sent, target, width, fading, reading: RateTable.built(
        carrier,
        mcs_table_number=number,
        overhead=Overhead.of_share(overhead, downlink_share=share),
        harq=Harq(combining, sent),
        target_bler=target,
        transport_blocks_wide=width,
        fading=fading,
        reading=reading,
        step_db=0.25,
    ),
    st.sampled_from(CARRIERS),
    st.sampled_from([1, 2]),
    st.floats(0.0, 0.6),
    st.floats(0.1, 1.0),
    st.sampled_from(list(Combining)),
    st.integers(1, 4),
    st.floats(0.001, 1.0),
    st.integers(1, 273),
    st.sampled_from(list(Fading)),
    st.sampled_from(list(Reading)),
)


@settings(max_examples=40, deadline=None)
@given(table=tables)
def test_rates_rise_with_the_sinr_and_stay_below_shannon(table):
    assert (np.diff(table.rates_bps) >= -1e-9 * table.rates_bps[-1]).all()
    assert (np.diff(table.blers[table.mcs_indices == 0]) <= 0.0).all()
    assert (table.rates_bps >= 0.0).all()
    sinr_db = table.first_db + table.step_db * np.arange(len(table.rates_bps))
    bound_bps = table.numerology.block_hz * np.log2(1.0 + 10.0 ** (sinr_db / 10.0))
    assert (table.goodputs_bps <= bound_bps).all()
    if table.fading is Fading.NONE:
        assert (table.rates_bps[table.mcs_indices == OUT_OF_RANGE] == 0.0).all()
    assert (np.diff(cqi(table, sinr_db)) >= 0).all()


@settings(max_examples=100, deadline=None)
@given(
    number=st.sampled_from([1, 2]),
    elements=st.lists(st.integers(1, 45_864), min_size=2, max_size=30),
    share=st.floats(0.0, 1.0),
)
def test_transport_blocks_grow_with_the_allocation_and_fit_their_code_blocks(number, elements, share):
    mcs = int(share * (len(mcs_table(number)) - 1))
    found = transport_block(np.sort(elements), mcs, mcs_table_number=number)
    assert (np.diff(found.size_bits) >= 0).all()
    assert (found.size_bits % 8 == 0).all()
    assert (found.code_block_bits <= 8448).all()
    checks = (
        24 * (found.size_bits > 3824)
        + 16 * (found.size_bits <= 3824)
        + 24 * found.code_blocks * (found.code_blocks > 1)
    )
    np.testing.assert_array_equal(found.code_block_bits * found.code_blocks, found.size_bits + checks)


@settings(max_examples=100, deadline=None)
@given(
    sinr_db=st.lists(st.floats(-25.0, 45.0), min_size=1, max_size=40),
    mcs=st.integers(0, 27),
    number=st.sampled_from([1, 2]),
    shift_db=st.floats(0.0, 5.0),
)
def test_effective_sinr_lies_between_the_worst_and_the_mean_and_ignores_order(sinr_db, mcs, number, shift_db):
    levels = np.array(sinr_db)
    found = effective_sinr_db(levels, mcs, mcs_table_number=number)
    mean_db = 10.0 * np.log10(np.mean(10.0 ** (levels / 10.0)))
    assert levels.min() - 1e-6 <= found <= mean_db + 1e-6
    np.testing.assert_allclose(
        effective_sinr_db(levels[::-1], mcs, mcs_table_number=number), found, atol=1e-9
    )
    assert effective_sinr_db(levels + shift_db, mcs, mcs_table_number=number) >= found - 1e-9


@settings(max_examples=100, deadline=None)
@given(
    level_db=st.floats(-30.0, 40.0),
    rate=st.floats(0.05, 0.95),
    sent=st.integers(1, 4),
)
def test_more_transmissions_and_more_combining_never_hurt(level_db, rate, sent):
    last = [combined_sinr_db(level_db, sent, combining=kind, code_rate=rate) for kind in Combining]
    assert last[0] <= last[1] + 1e-9
    assert last[1] <= last[2] + 1e-9
    for kind in Combining:
        assert combined_sinr_db(level_db, sent + 1, combining=kind, code_rate=rate) >= (
            combined_sinr_db(level_db, sent, combining=kind, code_rate=rate) - 1e-9
        )


@settings(max_examples=100, deadline=None)
@given(failures=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=4))
def test_outcomes_are_shares_and_efficiency_is_at_least_that_of_one_try_and_at_most_one(failures):
    failed = np.sort(failures)[::-1]
    outcome = harq_outcome(failed)
    assert 0.0 <= outcome.delivered <= 1.0
    assert 1.0 <= outcome.transmissions <= len(failed)
    assert outcome.efficiency <= 1.0


@settings(max_examples=100, deadline=None)
@given(
    offset_db=st.floats(-20.0, 20.0),
    target=st.floats(0.01, 0.5),
    blocks=st.floats(0.0, 500.0),
    bler=st.floats(0.0, 1.0),
)
def test_the_outer_loop_moves_towards_the_target_and_keeps_its_limits(offset_db, target, blocks, bler):
    found = float(OuterLoop(target_bler=target).expected(offset_db, blocks=blocks, bler=bler))
    assert -20.0 <= found <= 20.0
    if bler > target:
        assert found >= offset_db
    elif bler < target:
        assert found <= offset_db

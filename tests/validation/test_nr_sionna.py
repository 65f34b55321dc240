"""The NR link level against Sionna on random inputs, and the shipped table against a new one made from it."""

import functools

import numpy as np
import pytest

from netgen.nr import bler_table
from netgen.nr.bler import Reading, bler, bler_curves
from netgen.nr.effective_sinr import effective_sinr_db
from netgen.nr.outer_loop import OuterLoop
from netgen.nr.tables import eesm_beta, mcs_table, rows
from netgen.nr.transport_block import transport_block, transport_block_error

pytestmark = pytest.mark.slow  # Sionna takes seconds to import and to interpolate its tables

TABLES = (1, 2)
DOWNLINK = 1
LAST_SIMULATED_DB = {1: 20.0, 2: 25.0}


def sionna(name="sys"):
    """A module of Sionna; imported when a test runs, not when tests are collected."""
    return pytest.importorskip(f"sionna.{name}", reason="needs the extra sionna")


def tensor(values, **options):
    return pytest.importorskip("torch", reason="needs the extra sionna").tensor(values, **options)


@functools.cache
def abstraction():
    return sionna().PHYAbstraction(precision="double", device="cpu")


@functools.cache
def finely_interpolated(number):
    """Sionna's interpolation of one table at a few block sizes, every 0.001 dB instead of every 0.1 dB."""
    default = abstraction()
    (name,) = [name for name in default.bler_table_filenames if name.endswith(f"PDSCH_table{number}.json")]
    return sionna().PHYAbstraction(
        load_bler_tables_from=name,
        snr_db_interp_min_max_delta=(-5, 25.0005, 0.001),
        cbs_interp_min_max_delta=(150, 2101, 650),
        bler_interp_delta=0.5,
        precision="double",
        device="cpu",
    )


def on_sionna(phy, mcs, number, bits, level_db):
    return phy.get_bler(
        tensor(mcs), number, DOWNLINK, tensor(bits), tensor(10.0 ** (level_db / 10.0))
    ).numpy()


def drawn(number, count, rng):
    """Random schemes that Sionna has, block sizes and SINRs within what it simulated."""
    simulated = np.flatnonzero(bler_curves(number).simulated)
    mcs = rng.choice(simulated, count)
    return mcs, rng.uniform(-5.0, LAST_SIMULATED_DB[number], count), rng.integers(24, 8449, count)


def agree(ours, theirs):
    """Equal to 1e-3 relative, and to 1e-6 absolute where both are next to 0."""
    return np.abs(ours - theirs) <= 1e-3 * theirs + 1e-6


@pytest.mark.parametrize("number", TABLES)
def test_block_errors_are_sionnas_where_its_look_up_table_has_an_entry(number):
    """Sionna rounds the SINR to 0.1 dB and the block size to 24 + 100 k bit; so do the arguments here."""
    mcs, level_db, bits = drawn(number, 40_000, np.random.default_rng(number))
    level_db = -5.0 + 0.1 * np.round((level_db + 5.0) / 0.1)
    bits = 24 + 100 * np.round((bits - 24) / 100.0).astype(np.int64)
    ours = bler(mcs, level_db, code_block_bits=bits, mcs_table_number=number, reading=Reading.SIONNA)
    theirs = on_sionna(abstraction(), mcs, number, bits, level_db)
    assert np.count_nonzero((theirs > 0.001) & (theirs < 0.999)) > 2000  # the waterfalls are really met
    assert agree(ours, theirs).all()


@pytest.mark.parametrize("number", TABLES)
def test_block_errors_are_sionnas_on_a_grid_of_a_thousandth_of_a_decibel(number):
    """SINRs of three decimals, which no rounding moves, and block sizes between the simulated ones."""
    rng = np.random.default_rng(10 + number)
    mcs, level_db, _ = drawn(number, 40_000, rng)
    level_db = -5.0 + 0.001 * np.round((level_db + 5.0) / 0.001)
    bits = rng.choice([150, 800, 1450, 2100], len(mcs))
    ours = bler(mcs, level_db, code_block_bits=bits, mcs_table_number=number, reading=Reading.SIONNA)
    theirs = on_sionna(finely_interpolated(number), mcs, number, bits, level_db)
    assert np.count_nonzero((theirs > 0.001) & (theirs < 0.999)) > 2000
    # Rates below the smallest one seen become 0; there the last bit of the sum decides, and it costs 1/3000.
    assert agree(ours, theirs).mean() > 0.9999
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize("number", TABLES)
def test_lost_transport_blocks_are_sionnas(number):
    """From resource elements through the block sizes to the error rate of the transport block."""
    rng = np.random.default_rng(20 + number)
    mcs, level_db, _ = drawn(number, 10_000, rng)
    level_db = -5.0 + 0.1 * np.round((level_db + 5.0) / 0.1)
    elements = rng.integers(40, 40_000, len(mcs))
    *_, lost, one = abstraction()(
        tensor(mcs),
        sinr_eff=tensor(10.0 ** (level_db / 10.0)),
        num_allocated_re=tensor(elements),
        mcs_table_index=number,
        mcs_category=DOWNLINK,
    )
    blocks = transport_block(elements, mcs, mcs_table_number=number)
    snapped = 24 + 100 * np.round((blocks.code_block_bits - 24) / 100.0)
    ours = bler(mcs, level_db, code_block_bits=snapped, mcs_table_number=number, reading=Reading.SIONNA)
    ours_lost = transport_block_error(ours, blocks.code_blocks)
    assert agree(ours, one.numpy()).all()
    assert agree(ours_lost, lost.numpy()).all()


@pytest.mark.parametrize("number", TABLES)
def test_transport_blocks_are_sionnas_bit_for_bit(number):
    rng = np.random.default_rng(30 + number)
    scheme = mcs_table(number)
    mcs = rng.integers(0, len(scheme), 50_000)
    elements = np.where(
        rng.random(50_000) < 0.5, rng.integers(12, 3000, 50_000), rng.integers(12, 45_000, 50_000)
    )
    size, bits, count = (
        sionna("phy.nr.utils")
        .TransportBlockNR(device="cpu")
        .transport_block_size(
            tensor(scheme.modulation_order[mcs]),
            tensor(scheme.rate[mcs]),
            tensor(elements * scheme.modulation_order[mcs]),
        )
    )
    ours = transport_block(elements, mcs, mcs_table_number=number)
    same = (ours.size_bits == size.numpy()) & (ours.code_blocks == count.numpy())
    same &= ours.code_block_bits == bits.numpy()
    assert same.mean() > 0.9999  # Sionna works in float32, which may round a tie the other way
    assert len(np.unique(ours.size_bits[ours.size_bits <= 3824])) == 93  # every row of Table 5.1.3.2-1 is met


@pytest.mark.parametrize("number", TABLES)
def test_effective_sinr_is_sionnas(number):
    """EESM over 200 resources with SINRs spread over 30 dB, a third of them unused."""
    rng = np.random.default_rng(40 + number)
    users, resources = 500, 200
    level_db = rng.uniform(-8.0, 22.0, users)[:, None] + rng.normal(0.0, 4.0, (users, resources))
    used = rng.random((users, resources)) < 0.67
    mcs = rng.integers(0, len(mcs_table(number)), users)
    theirs = (
        sionna()
        .EESM(precision="double", device="cpu")(
            tensor(np.where(used, 10.0 ** (level_db / 10.0), 0.0).T[None, :, :, None]),
            tensor(mcs),
            mcs_table_index=number,
        )
        .numpy()
    )
    ours = 10.0 ** (effective_sinr_db(level_db, mcs, mcs_table_number=number, used=used) / 10.0)
    inside = (theirs > 1.01e-3) & (theirs < 999.0)  # Sionna limits the result to -30 to 30 dB
    assert inside.mean() > 0.99
    np.testing.assert_allclose(ours[inside], theirs[inside], rtol=1e-6)


@pytest.mark.parametrize("number", TABLES)
def test_betas_and_schemes_are_sionnas(number):
    betas = sionna().EESM(precision="double", device="cpu").beta_table["index"][number]
    np.testing.assert_array_equal(eesm_beta(number), betas[: len(eesm_beta(number))])
    scheme = mcs_table(number)
    order, rate = sionna("phy.nr.utils").MCSDecoderNR(device="cpu")(
        tensor(list(range(len(scheme)))), number, DOWNLINK
    )
    np.testing.assert_array_equal(scheme.modulation_order, order.numpy())
    np.testing.assert_allclose(scheme.rate, rate.numpy(), rtol=1e-6)


def test_the_outer_loop_moves_as_sionnas():
    """Two hundred random acknowledgements for four users, some of them not served."""
    rng = np.random.default_rng(50)
    loop = OuterLoop(target_bler=0.1, up_db=0.7, lowest_db=-3.0, highest_db=4.0)
    theirs = sionna().OuterLoopLinkAdaptation(
        abstraction(), num_ut=4, bler_target=0.1, delta_up=0.7, offset_min=-3.0, offset_max=4.0,
        precision="double", device="cpu",
    )  # fmt: skip
    offset_db = np.zeros(4)
    for _ in range(200):
        feedback = rng.choice([-1, 0, 1], 4, p=[0.2, 0.15, 0.65])
        theirs(
            tensor([1000] * 4), tensor(feedback), tensor([10.0] * 4),
            mcs_table_index=1, mcs_category=DOWNLINK,
        )  # fmt: skip
        offset_db = loop.after_blocks(offset_db, delivered=feedback == 1, lost=feedback == 0)
        np.testing.assert_allclose(offset_db, theirs.offset.numpy(), atol=1e-9)
    assert offset_db.std() > 0.05


def test_the_shipped_table_is_what_the_command_writes(tmp_path):
    """The file itself, character for character, when the installed Sionna is the one it names."""
    bler_table.main(["--output", str(tmp_path / "new.csv")])
    new = (tmp_path / "new.csv").read_text(encoding="utf-8")
    table = [line for line in new.splitlines() if not line.startswith("#")]
    shipped = rows("bler_table.csv")
    assert len(table) == len(shipped) + 1 == 286
    columns = table[0].split(",")
    for line, row in zip(table[1:], shipped, strict=True):
        fresh = dict(zip(columns, line.split(","), strict=True))
        assert fresh["provenance"] == row["provenance"]
        for name in ("mcs_table", "mcs", "code_block_bits", "first_db", "step_db"):
            assert float(fresh[name]) == pytest.approx(float(row[name]), abs=1e-6)
        values, kept = (np.array([float(text) for text in cell["bler"].split()]) for cell in (fresh, row))
        np.testing.assert_allclose(values, kept, atol=1e-3)

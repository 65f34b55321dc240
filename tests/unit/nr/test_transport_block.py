"""Transport-block sizes worked out by hand from TS 38.214 clause 5.1.3.2 and TS 38.212 clause 5.2.2."""

import numpy as np
import pytest

from netgen.nr.transport_block import transport_block, transport_block_error

# elements, MCS of table 1, bits, code blocks, bits of a code block
BY_HAND = [
    # 120 x 2 x 120/1024 = 28.1 -> 24 (units of 8); 16 check bits
    (120, 0, 24, 1, 40),
    # 1200 x 2 x 308/1024 = 721.9 -> units of 8: 720 -> row 736; 16 check bits
    (1200, 4, 736, 1, 752),
    # 1000 x 4 x 658/1024 = 2570.3 -> units of 2^(11-6) = 32: 2560 -> row 2600
    (1000, 16, 2600, 1, 2616),
    # 1600 x 4 x 616/1024 = 3850 > 3824: (3850 - 24) / 2^(11-5) = 59.8 -> 60 x 64 = 3840;
    # 8 ceil(3864 / 8) - 24 = 3840; 24 check bits; one code block
    (1600, 15, 3840, 1, 3864),
    # 1630 x 4 x 616/1024 = 3922.2: 3898.2 / 64 = 60.9 -> 61 x 64 = 3904
    (1630, 15, 3904, 1, 3928),
    # 16500 x 2 x 120/1024 = 3867.2, rate below 1/4: (3843.2) / 64 = 60.05 -> 3840;
    # ceil(3864 / 3816) = 2 blocks; 16 ceil(3864 / 16) - 24 = 3848; (3848 + 24) / 2 + 24 = 1960
    (16500, 0, 3848, 2, 1960),
    # 40000 x 6 x 948/1024 = 222187.5: 222163.5 / 2^12 = 54.24 -> 54 x 4096 = 221184;
    # ceil(221208 / 8424) = 27 blocks; 216 ceil(221208 / 216) - 24 = 216 x 1025 - 24; 8 x 1025 + 24
    (40000, 28, 221376, 27, 8224),
]


@pytest.mark.parametrize(("elements", "mcs", "bits", "blocks", "block_bits"), BY_HAND)
def test_sizes_are_those_worked_out_by_hand(elements, mcs, bits, blocks, block_bits):
    found = transport_block(elements, mcs, mcs_table_number=1)
    assert (int(found.size_bits), int(found.code_blocks), int(found.code_block_bits)) == (
        bits,
        blocks,
        block_bits,
    )


def test_arrays_broadcast():
    found = transport_block(np.array([[500.0], [5000.0]]), np.arange(5), mcs_table_number=2)
    assert found.size_bits.shape == (2, 5)
    assert (np.diff(found.size_bits, axis=1) > 0).all()


def test_an_empty_allocation_is_refused():
    with pytest.raises(ValueError, match=r"data_elements\[1\] = 0.0"):
        transport_block([100.0, 0.0], 3, mcs_table_number=1)
    with pytest.raises(ValueError, match=r"data_elements\[0\] = nan"):
        transport_block(float("nan"), 3, mcs_table_number=1)


def test_a_transport_block_is_lost_with_any_of_its_code_blocks():
    np.testing.assert_allclose(transport_block_error([0.0, 0.1, 0.5, 1.0], 3), [0.0, 0.271, 0.875, 1.0])
    assert transport_block_error(1e-18, 7) == pytest.approx(7e-18, rel=1e-9)

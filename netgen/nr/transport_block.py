"""Size of a transport block, its segmentation into code blocks, and the error probability of the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netgen.nr.tables import Floats, Ints, checked_mcs, mcs_table

# fmt: off
_SMALL_BITS = np.array([
    *range(24, 193, 8), *range(208, 257, 16), *range(272, 385, 16), *range(408, 577, 24),
    *range(608, 769, 32), *range(808, 929, 40), 984, 1032, 1064, 1128, 1160, 1192, 1224, 1256, 1288, 1320,
    1352, *range(1416, 1929, 64), 2024, 2088, 2152, 2216, 2280, 2408, 2472, 2536, 2600, 2664, 2728, 2792,
    2856, 2976, 3104, 3240, 3368, 3496, 3624, 3752, 3824,
], dtype=np.int64)
# fmt: on
_LARGEST_SMALL_BITS = 3824


@dataclass(frozen=True, slots=True, eq=False)
class TransportBlock:
    """Sizes of transport blocks, all of one shape.

    Parameters
    ----------
    size_bits : (...) int               User bits of the transport block, without any check bits.
    code_blocks : (...) int             Number of code blocks it is cut into.
    code_block_bits : (...) int         Bits of one code block, check bits included: what the decoder sees.
    """

    size_bits: Ints
    code_blocks: Ints
    code_block_bits: Ints


def transport_block(data_elements: ArrayLike, mcs: ArrayLike, *, mcs_table_number: int) -> TransportBlock:
    """Transport block that fills an allocation of one layer.

    Parameters
    ----------
    data_elements : (...) float         Resource elements for data in the slot, >= 1.
    mcs : (...) int                     MCS index, broadcast against `data_elements`.
    mcs_table_number : int              1 or 2.

    Returns
    -------
    TransportBlock                      Of the broadcast shape.

    Raises
    ------
    ValueError                          An MCS index that the table does not have, or no elements.

    Valid for                           One spatial layer, no scaling for paging or random access.
    Source                              TS 38.214 clause 5.1.3.2 and Table 5.1.3.2-1 (size); TS 38.212
                                        clauses 5.1 and 5.2.2 (check bits and segmentation).
    """
    scheme = mcs_table(mcs_table_number)
    index, elements = np.broadcast_arrays(
        checked_mcs(mcs, mcs_table_number), np.asarray(data_elements, dtype=np.float64)
    )
    bad = np.flatnonzero(~(elements >= 1.0) | ~np.isfinite(elements))
    if bad.size:
        raise ValueError(f"data_elements[{bad[0]}] = {elements.flat[bad[0]]} is not a finite number >= 1")
    rate = scheme.rate[index]
    target = elements * rate * scheme.modulation_order[index]
    small = target <= _LARGEST_SMALL_BITS
    unit = 2.0 ** np.maximum(np.floor(np.log2(np.maximum(target, 1.0))) - 6.0, 3.0)
    rounded = np.maximum(unit * np.floor(target / unit), 24.0)
    above = np.maximum(target - 24.0, 1.0)
    unit = 2.0 ** (np.floor(np.log2(above)) - 5.0)
    rounded = np.where(small, rounded, np.maximum(unit * np.floor(above / unit + 0.5), 3840.0))
    blocks = np.where(
        rate <= 0.25,
        np.ceil((rounded + 24.0) / 3816.0),
        np.where(rounded > 8424.0, np.ceil((rounded + 24.0) / 8424.0), 1.0),
    )
    blocks = np.where(small, 1.0, blocks)
    nearest = _SMALL_BITS[np.minimum(np.searchsorted(_SMALL_BITS, rounded), len(_SMALL_BITS) - 1)]
    large = 8.0 * blocks * np.ceil((rounded + 24.0) / (8.0 * blocks)) - 24.0
    size = np.where(small, nearest, large)
    check = np.where(size > _LARGEST_SMALL_BITS, 24.0, 16.0)
    block_bits = np.floor((size + check) / blocks) + np.where(blocks > 1.0, 24.0, 0.0)
    return TransportBlock(size.astype(np.int64), blocks.astype(np.int64), block_bits.astype(np.int64))


def transport_block_error(block_error: ArrayLike, code_blocks: ArrayLike) -> Floats:
    """Probability that a transport block is lost: at least one of its code blocks is, 1 - (1 - p)^C.

    Parameters
    ----------
    block_error : (...) float           Error probability p of one code block, 0 to 1.
    code_blocks : (...) int             Number C of code blocks.

    Returns
    -------
    (...) float                         1 - (1 - p)^C, exact also for small p.

    Valid for                           Errors of the code blocks independent, which holds without fading
                                        inside the transport block.
    """
    failed = np.asarray(block_error, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(np.asarray(code_blocks) * np.log1p(-failed)), dtype=np.float64)

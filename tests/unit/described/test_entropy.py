import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.described.entropy import Contexts, Reader, Writer, code_count, code_signed
from netgen.errors import InputError


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=400))
def test_bits_come_back(coded: list[tuple[int, int]]) -> None:
    writer, contexts = Writer(), Contexts()
    for context, bit in coded:
        assert writer.bit(contexts.row("x", 4)[context], bit) == bit
    reader, contexts = Reader(writer.message()), Contexts()
    assert [reader.bit(contexts.row("x", 4)[context]) for context, _ in coded] == [bit for _, bit in coded]


@given(st.lists(st.integers(-(2**19), 2**19), max_size=60), st.integers(0, 5))
def test_numbers_come_back(numbers: list[int], contexts: int) -> None:
    writer, rows = Writer(), Contexts()
    for number in numbers:
        code_signed(writer, rows.row("x", contexts + 1), number)
    reader, rows = Reader(writer.message()), Contexts()
    assert [code_signed(reader, rows.row("x", contexts + 1), 0) for _ in numbers] == numbers


def test_long_carries_do_not_lose_bits() -> None:
    writer, context = Writer(), [65536 - 48, 48]
    for _ in range(20_000):
        writer.bit(context, 1)
    for place in range(64):
        writer.bit([32768, 48], place % 2)
    reader, context = Reader(writer.message()), [65536 - 48, 48]
    assert all(reader.bit(context) for _ in range(20_000))
    assert [reader.bit([32768, 48]) for _ in range(64)] == [0, 1] * 32


def test_rare_bits_cost_nearly_their_entropy_and_less_than_zlib() -> None:
    bits = (np.random.default_rng(0).random(8000) < 0.02).astype(np.uint8)
    writer, context = Writer(), Contexts().row("x", 1)[0]
    for bit in bits:
        writer.bit(context, int(bit))
    share = bits.mean()
    entropy_bytes = -(share * np.log2(share) + (1 - share) * np.log2(1 - share)) * len(bits) / 8
    size_bytes = len(writer.message())
    assert size_bytes < 1.12 * entropy_bytes
    assert size_bytes < 0.75 * len(zlib.compress(np.packbits(bits).tobytes(), 9))


def test_nothing_is_no_byte() -> None:
    assert Writer().message() == b""


def test_priors_are_where_a_row_begins() -> None:
    contexts = Contexts({"x": (1000, 60000)})
    assert [one[0] for one in contexts.row("x", 2)] == [1000, 60000]
    assert [one[0] for one in contexts.row("y", 2)] == [32768, 32768]


def test_a_number_without_end_is_damage() -> None:
    # Zeros beyond the end of a message read as ones for ever.
    with pytest.raises(InputError, match="more than 20 bit"):
        code_count(Reader(b""), [], 0)

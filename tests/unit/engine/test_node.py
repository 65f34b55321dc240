import numpy as np

from netgen.engine.node import CHANNEL, NodeBooks


def test_books_begin_empty_with_a_slot_per_interval():
    books = NodeBooks(3)
    for column in (books.contracted, books.expanded, books.forwarded, books.missed):
        assert column.tolist() == [0, 0, 0]
    counts = (
        books.originated_bits,
        books.made_bits,
        books.copied_bits,
        books.delivered_bits,
        books.used_bits,
    )
    assert not any((*counts, books.dropped_bits, books.stored_bits))


def test_columns_are_not_shared():
    one, other = NodeBooks(2), NodeBooks(2)
    one.contracted[0] += 1
    assert other.contracted.sum() == one.expanded.sum() == 0
    assert one.contracted.dtype == np.int64


def test_the_end_of_a_channel_is_no_machine(ran):
    tower = {"kind": "tower", "radio": {"capacity": "1 Mbit/s"}}
    done = ran(nodes={"C": tower}, audiences={"crowd": {"count": 2, "tower": "C", "watches": "s"}})
    assert {row["node"] for row in done.rows("nodes")} == {"A", "B", "C"}
    assert done.simulation.nodes["C:air"].kind == CHANNEL

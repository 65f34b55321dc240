"""Moves as they are noted and written down."""

import numpy as np
import pyarrow.parquet as pq

from netgen.elastic.switch_book import SwitchBook
from netgen.ledger import LedgerWriter


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


def opened(book, *numbers, mode="continuation", decided_s=1.0, context_bits=40):
    count = len(numbers)
    return book.open(
        rows(*numbers), mode=mode, decision=7, decided_s=decided_s, origin=np.array(["broadcast"] * count),
        target=np.array(["cellular"] * count), context_bits=context_bits,
    )  # fmt: skip


def written(book, folder):
    writer = LedgerWriter(folder)
    book.write(writer)
    writer.close()
    return pq.read_table(folder / "switches.parquet").to_pylist()


def test_moves_are_numbered_across_decisions():
    book = SwitchBook(["a", "b", "c"], ["s"] * 3)
    assert opened(book, 0, 2).tolist() == [0, 1]
    assert opened(book, 1).tolist() == [2]
    assert opened(book).tolist() == []
    assert len(book) == 3


def test_what_is_known_of_a_move_is_written_and_what_is_not_is_null(tmp_path):
    book = SwitchBook(["a", "b", "c"], ["s", "s", "t"])
    first, second, third = opened(book, 0, 1, 2)
    late = opened(book, 0, mode="offloading", decided_s=5.0, context_bits=0)
    both = rows(first, second)
    book.arrive(both, time_s=1.25, effective=np.array([True, False]))
    book.resend(rows(first))
    book.resend(rows(first, second))
    book.judge(rows(first, third), np.array([True, False]))
    book.arrive(late, time_s=5.0)
    keys = (
        "user", "service", "mode", "decided_s", "effective_s", "transfer_s", "context_bits", "segments_resent",
        "needless", "origin", "target", "decision",
    )  # fmt: skip
    assert [tuple(row[key] for key in keys) for row in written(book, tmp_path)] == [
        ("a", "s", "continuation", 1.0, 1.25, 0.25, 40, 2, True, "broadcast", "cellular", 7),
        ("b", "s", "continuation", 1.0, None, 0.25, 40, 1, None, "broadcast", "cellular", 7),
        ("c", "t", "continuation", 1.0, None, None, 40, 0, False, "broadcast", "cellular", 7),
        ("a", "s", "offloading", 5.0, 5.0, 0.0, 0, 0, None, "broadcast", "cellular", 7),
    ]


def test_the_last_judgement_counts(tmp_path):
    book = SwitchBook(["a"], ["s"])
    number = opened(book, 0)
    book.judge(number, np.array([True]))
    book.judge(number, np.array([False]))
    assert written(book, tmp_path)[0]["needless"] is False


def test_a_book_without_moves_leaves_an_empty_table(tmp_path):
    assert written(SwitchBook(["a"], ["s"]), tmp_path) == []

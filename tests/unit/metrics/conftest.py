"""Ledgers made by hand: records with what a test says, and nothing else in them."""

import dataclasses
import typing

import pytest

from netgen.ledger import LedgerReader, LedgerWriter

EMPTY = {str: "", int: 0, float: 0.0, bool: False}


def nothing(kind):
    """What a field holds when a test does not say: null, nothing, or none."""
    if type(None) in typing.get_args(kind):
        return None
    return () if typing.get_origin(kind) is tuple else EMPTY[kind]


@pytest.fixture
def record():
    """Make a record of a type, with the given fields."""

    def make(record_type, **given):
        kinds = typing.get_type_hints(record_type)
        names = [spec.name for spec in dataclasses.fields(record_type)]
        return record_type(**{name: nothing(kinds[name]) for name in names} | given)

    return make


@pytest.fixture
def ledger_of(tmp_path):
    """Write some records and read them back."""

    def write(*records):
        writer = LedgerWriter(tmp_path)
        for each in records:
            writer.add(each)
        writer.close()
        return LedgerReader(tmp_path)

    return write

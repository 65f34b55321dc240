"""An adaptive binary arithmetic coder for messages of some hundred bytes, in whole numbers only.

One method codes in both directions: a `Writer` takes the value and returns it, a `Reader` ignores what it is given
and returns the value that was written. Code that describes a format is therefore written once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from netgen.errors import InputError

_TOP = 1 << 32
_BOTTOM = 1 << 24
_HALF = 1 << 15
_LEAST, _MOST = 48, 65536 - 48
_SLOWEST = 48
"""A context averages over about this many bits: chosen on training photographs."""
_NEW, _LEARNT = 2, 16
"""As if a context had seen so many bits: one without a prior, one with; chosen likewise."""
_LARGEST_BITS = 20


class Contexts:
    """The adaptive probabilities of one message, by name; each name holds a row of them.

    Parameters
    ----------
    priors : mapping of str to sequence of int      Where rows begin, in 1/65536 of a one; other rows at one half.
    """

    def __init__(self, priors: Mapping[str, Sequence[int]] | None = None) -> None:
        self._priors = priors or {}
        self._rows: dict[str, list[list[int]]] = {}

    def row(self, name: str, size: int) -> list[list[int]]:
        """Return the row of a name, `size` contexts long; each is [probability, confidence]."""
        found = self._rows.get(name)
        if found is None:
            prior = self._priors.get(name)
            confidence = _NEW if prior is None else _LEARNT
            found = [[probability, confidence] for probability in prior or [_HALF] * size]
            self._rows[name] = found
        return found


class Coder(Protocol):
    """What formats are written against."""

    def bit(self, context: list[int], value: int) -> int:
        """Code one bit in a context."""
        ...

    def plain(self, value: int, bits: int) -> int:
        """Code a number of so many bits, all equally likely."""
        ...


class Writer:
    """Writes bits."""

    def __init__(self) -> None:
        self._low = 0
        self._range = _TOP - 1
        self._out = bytearray()

    def bit(self, context: list[int], value: int) -> int:
        """Write one bit."""
        split = (self._range >> 16) * context[0]
        if value:
            self._range = split
        else:
            self._low += split
            self._range -= split
        _learn(context, value)
        while self._range < _BOTTOM:
            self._shift()
        return value

    def plain(self, value: int, bits: int) -> int:
        """Write a number."""
        for place in range(bits - 1, -1, -1):
            self.bit([_HALF, _SLOWEST], value >> place & 1)
        return value

    def message(self) -> bytes:
        """Return everything written, in as few bytes as tell it apart; zeros at the end are understood."""
        for count in range(5):
            unit = 1 << (32 - 8 * count)
            value = -(-self._low // unit) * unit
            if value < self._low + self._range:
                break
        self._low = value
        for _ in range(count):
            self._shift()
        self._carry()
        return bytes(self._out).rstrip(b"\0")

    def _shift(self) -> None:
        self._carry()
        self._out.append(self._low >> 24)
        self._low = (self._low << 8) & (_TOP - 1)
        self._range <<= 8

    def _carry(self) -> None:
        if self._low >= _TOP:
            self._low -= _TOP
            at = len(self._out) - 1
            while self._out[at] == 0xFF:
                self._out[at] = 0
                at -= 1
            self._out[at] += 1


class Reader:
    """Reads what a `Writer` wrote."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._at = 4
        self._range = _TOP - 1
        self._code = int.from_bytes(message[:4].ljust(4, b"\0"), "big")

    def bit(self, context: list[int], value: int = 0) -> int:  # noqa: ARG002  (one signature with Writer)
        """Read one bit."""
        split = (self._range >> 16) * context[0]
        if self._code < split:
            self._range = split
            read = 1
        else:
            self._code -= split
            self._range -= split
            read = 0
        _learn(context, read)
        while self._range < _BOTTOM:
            after = self._message[self._at] if self._at < len(self._message) else 0
            self._at += 1
            self._code = (self._code << 8 | after) & (_TOP - 1)
            self._range <<= 8
        return read

    def plain(self, value: int, bits: int) -> int:
        """Read a number."""
        value = 0
        for _ in range(bits):
            value = value << 1 | self.bit([_HALF, _SLOWEST])
        return value


def code_count(coder: Coder, contexts: list[list[int]], value: int) -> int:
    """Code a whole number >= 0: in unary while contexts last, then by its length and its bits.

    Raises
    ------
    InputError                      Read: a number of more than 20 bit, which no writer makes.
    """
    for index, context in enumerate(contexts):
        if not coder.bit(context, int(value > index)):
            return index
    rest = value - len(contexts) + 1
    length = 0
    while coder.plain(int(rest.bit_length() - 1 > length), 1):
        length += 1
        if length > _LARGEST_BITS:
            raise InputError(f"a description holds a number of more than {_LARGEST_BITS} bit")
    low = coder.plain(rest - (1 << length) if rest >> length == 1 else 0, length)
    return (1 << length) + low + len(contexts) - 1


def code_signed(coder: Coder, contexts: list[list[int]], value: int) -> int:
    """Code a whole number of either sign; the last context of the row is for the sign."""
    size = code_count(coder, contexts[:-1], abs(value))
    if size == 0:
        return 0
    return -size if coder.bit(contexts[-1], int(value < 0)) else size


def _learn(context: list[int], bit: int) -> None:
    """Move a probability towards what came, less and less as confidence grows."""
    probability, confidence = context
    target = 65536 if bit else 0
    probability += (target - probability) // confidence
    context[0] = min(max(probability, _LEAST), _MOST)
    if confidence < _SLOWEST:
        context[1] = confidence + 1

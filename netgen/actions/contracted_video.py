"""What an executable action makes of frames: named parts, and the bytes that really travel."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from netgen.errors import InputError

_VERSION = 1


class PartKind(StrEnum):
    """Whether a part is a conventional bitstream, or steers a generative model."""

    DISCRIMINATIVE = "discriminative"
    GENERATIVE = "generative"


_KINDS = tuple(PartKind)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a representation.

    Parameters
    ----------
    kind : PartKind                 What its bits count as.
    payload : bytes                 The part as it travels.
    """

    kind: PartKind
    payload: bytes


@dataclass(frozen=True, slots=True)
class ContractedVideo:
    """One segment as an action contracted it.

    Parameters
    ----------
    domain : str                    Decode-compatibility domain: who knows it can expand these parts.
    width_px, height_px : int       Size of the frames that it stands for.
    frames : int                    Number of those frames.
    frame_rate_hz : Fraction, Hz    Their rate.
    parts : tuple of Part           In the order that the action defines.
    """

    domain: str
    width_px: int
    height_px: int
    frames: int
    frame_rate_hz: Fraction
    parts: tuple[Part, ...]

    def to_bytes(self) -> bytes:
        """Return everything that travels: a header of some fifteen bytes, and the parts.

        The domain itself is agreed on when the session is set up; the header holds a checksum of its name, so
        that a receiver of another domain notices.
        """
        head = bytearray([_VERSION])
        head += zlib.crc32(self.domain.encode()).to_bytes(4, "big")
        rate = self.frame_rate_hz
        sizes = (
            self.width_px,
            self.height_px,
            self.frames,
            rate.numerator,
            rate.denominator,
            len(self.parts),
        )
        for number in sizes:
            head += varint(number)
        for part in self.parts:
            head += varint(2 * len(part.payload) + _KINDS.index(part.kind))
        return bytes(head) + b"".join(part.payload for part in self.parts)

    @staticmethod
    def from_bytes(message: bytes, *, domain: str) -> ContractedVideo:
        """Read what `to_bytes` wrote.

        Parameters
        ----------
        message : bytes                 All of the bytes.
        domain : str                    Domain of the reader.

        Raises
        ------
        InputError                      Cut short or damaged, or made in another domain.
        """
        if len(message) < 5 or message[0] != _VERSION:
            found = f"version {message[0]}" if message else "nothing"
            raise InputError(f"{found} is no contracted video; accepted: version {_VERSION}")
        if message[1:5] != zlib.crc32(domain.encode()).to_bytes(4, "big"):
            raise InputError(
                f'these bytes were not made in the domain "{domain}", so they cannot be expanded in it'
            )
        at = 5
        numbers = []
        for _ in range(6):
            number, at = read_varint(message, at)
            numbers.append(number)
        width_px, height_px, frames, numerator, denominator, count = numbers
        if not (width_px and height_px and frames and numerator and denominator):
            raise InputError(
                f"a contracted video of {frames} frames of {width_px} x {height_px} pixels is damaged"
            )
        heads = []
        for _ in range(count):
            number, at = read_varint(message, at)
            heads.append((_KINDS[number % 2], number // 2))
        if at + sum(size for _, size in heads) != len(message):
            raise InputError(
                f"a contracted video of {at + sum(size for _, size in heads)} byte has {len(message)} byte here"
            )
        parts = []
        for kind, size in heads:
            parts.append(Part(kind, message[at : at + size]))
            at += size
        return ContractedVideo(
            domain, width_px, height_px, frames, Fraction(numerator, denominator), tuple(parts)
        )

    @property
    def bits(self) -> int:
        """All bits that travel, header included."""
        return 8 * len(self.to_bytes())

    @property
    def generative_bits(self) -> int:
        """Bits of the parts that steer a generative model."""
        return 8 * sum(len(part.payload) for part in self.parts if part.kind is PartKind.GENERATIVE)

    @property
    def bits_per_pixel(self) -> float:
        """All bits per pixel of the frames that it stands for."""
        return self.bits / (self.frames * self.width_px * self.height_px)


def varint(number: int) -> bytes:
    """Return a whole number >= 0 in groups of seven bits, the lowest first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(0x80 | (number & 0x7F))
        number >>= 7
    groups.append(number)
    return bytes(groups)


def read_varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at `at`, and where it ends."""
    number = 0
    for shift in range(0, 63, 7):
        if at >= len(message):
            raise InputError("a contracted video ends within its header")
        group = message[at]
        at += 1
        number |= (group & 0x7F) << shift
        if group < 0x80:
            return number, at
    raise InputError("a contracted video has a number of more than 63 bit in its header")

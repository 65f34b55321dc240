from fractions import Fraction

import pytest

from netgen.actions.contracted_video import ContractedVideo, Part, PartKind, read_varint, varint
from netgen.errors import InputError

MADE = ContractedVideo(
    "some domain",
    480,
    272,
    25,
    Fraction(30000, 1001),
    (Part(PartKind.DISCRIMINATIVE, b"abc" * 100), Part(PartKind.GENERATIVE, b"steer")),
)


def test_bits_are_those_of_the_bytes():
    message = MADE.to_bytes()
    assert MADE.bits == 8 * len(message)
    assert 305 < len(message) <= 305 + 20
    assert MADE.generative_bits == 40
    assert MADE.bits_per_pixel == pytest.approx(8 * len(message) / (480 * 272 * 25))
    assert ContractedVideo.from_bytes(message, domain="some domain") == MADE


def test_a_reader_of_another_domain_notices():
    with pytest.raises(InputError, match='not made in the domain "another"'):
        ContractedVideo.from_bytes(MADE.to_bytes(), domain="another")


def test_cut_short_at_any_byte_is_an_input_error():
    message = MADE.to_bytes()
    for length in range(len(message)):
        with pytest.raises(InputError):
            ContractedVideo.from_bytes(message[:length], domain="some domain")
    with pytest.raises(InputError, match="byte has"):
        ContractedVideo.from_bytes(message + b"x", domain="some domain")


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31, 2**62])
def test_numbers_of_any_size(number):
    assert read_varint(b"x" + varint(number) + b"y", 1) == (number, 1 + len(varint(number)))


def test_a_number_without_end_is_refused():
    with pytest.raises(InputError, match="more than 63 bit"):
        read_varint(b"\xff" * 12, 0)

"""Quantities: what is accepted, what it is in SI, what is refused and how."""

import math

import pytest

from netgen import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5 ms", 0.005),
        ("2 min", 120.0),
        ("1 h", 3600.0),
        ("1.5s", 1.5),
        ("5 us", 5e-06),
        ("5 µs", 5e-06),
        ("5 μs", 5e-06),
        ("250 ns", 2.5e-07),
        ("1 d", 86400.0),
        ("0", 0.0),
        (0, 0.0),
        (0.0, 0.0),
        ("2 seconds", 2.0),
        ("1e-3 s", 0.001),
    ],
)
def test_durations(text, seconds):
    assert units.parse(text, units.DURATION) == seconds


@pytest.mark.parametrize(
    ("text", "bits_per_second"),
    [
        ("20 Mbit/s", 2e7),
        ("20 Mbps", 2e7),
        ("500 kB/s", 4e6),
        ("1 KiB/s", 8192.0),
        ("3 Gbit/min", 5e7),
        ("0 bps", 0.0),
    ],
)
def test_rates(text, bits_per_second):
    assert units.parse(text, units.RATE) == bits_per_second


@pytest.mark.parametrize(
    ("text", "bits"),
    [("2 MB", 16_000_000), ("64 KiB", 524_288), ("1400 B", 11_200), ("12 kbit", 12_000), ("0.5 B", 4)],
)
def test_sizes_are_whole_bits(text, bits):
    found = units.parse(text, units.SIZE)
    assert found == bits
    assert isinstance(found, int)


def test_memory_is_whole_bytes():
    assert units.parse("24 GB", units.MEMORY) == 24_000_000_000
    assert units.parse("16 GiB", units.MEMORY) == 2**34
    with pytest.raises(ValueError, match="not a whole number of B"):
        units.parse("0.1 B", units.MEMORY)


def test_a_size_keeps_digits_that_a_float_would_lose():
    assert units.parse("9007199254740993 bit", units.SIZE) == 2**53 + 1


def test_frequencies_distances_and_shares():
    assert units.parse("3.5 GHz", units.FREQUENCY) == 3.5e9
    assert units.parse("1.5 km", units.DISTANCE) == 1500.0
    assert units.parse("1 %", units.RATIO) == 0.01
    assert units.parse(0.01, units.RATIO) == 0.01
    assert units.parse("90 /min", units.EVENT_RATE) == 1.5
    assert units.parse("2/s", units.EVENT_RATE) == 2.0
    assert units.parse("16 GB/s", units.MEMORY_RATE) == 16e9
    assert units.parse("32.5 dB", units.LEVEL) == 32.5


def test_energies_are_in_joule():
    assert units.parse("40 kJ", units.ENERGY) == 40_000.0
    assert units.parse("15 Wh", units.ENERGY) == 54_000.0
    assert units.parse("15000 mWh", units.ENERGY) == 54_000.0
    assert units.parse(units.render(54_000.0, units.ENERGY), units.ENERGY) == 54_000.0
    with pytest.raises(ValueError, match='"W" is not a unit of an energy'):
        units.parse("15 W", units.ENERGY)


def test_power_in_watts_and_in_dbm():
    assert units.parse("60 W", units.POWER) == 60.0
    assert units.parse("500 mW", units.POWER) == 0.5
    assert units.parse("30 dBm", units.POWER) == 1.0
    assert units.parse("-30 dBm", units.POWER) == pytest.approx(1e-6, rel=1e-15)
    assert units.parse("43.0103 dBm", units.POWER) == pytest.approx(20.0, rel=1e-6)  # 10 log10(20 000 mW)
    with pytest.raises(ValueError, match="up to 3000 dBm"):
        units.parse("99999 dBm", units.POWER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1080p30", (1920, 1080, 30.0)),
        ("720p50", (1280, 720, 50.0)),
        ("480p23.976", (854, 480, 23.976)),
        ("1280x720@29.97", (1280, 720, 29.97)),
        ("256x256@25", (256, 256, 25.0)),
    ],
)
def test_video_formats(text, expected):
    found = units.parse_video_format(text)
    assert (found.width_px, found.height_px, found.frame_rate_hz) == expected
    assert units.parse_video_format(str(found)) == found


@pytest.mark.parametrize(
    "text", ["1080i30", "1080p", "1080p0", "0x720@30", "1280x720", "17000x10@1", "1000p30", 30, None]
)
def test_what_is_no_video_format(text):
    with pytest.raises(ValueError, match="accepted: "):
        units.parse_video_format(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (5, "has no unit; accepted: ns, us, ms, s, min, h, d"),
        ("5", "has no unit"),
        ("5 m", '"m" is not a unit of a duration; .*did you mean "ms"'),
        ("5 Mbit", '"Mbit" is not a unit of a duration'),
        ("5 ms/s", "is not a unit of a duration"),
        ("ms", "is not a duration"),
        ("5,0 ms", "is not a duration"),
        ("1_000 s", "is not"),
        ("9**9**9 s", "is not"),
        ("nan s", "is not a duration"),
        (math.nan, "must be finite"),
        (math.inf, "must be finite"),
        ("1e999 s", "out of the range of numbers"),
        ("1e308 h", "out of the range of numbers"),
        (10**400, "out of the range of numbers"),
        (True, "is not a duration"),
        (None, "is not a duration"),
        (["5 ms"], "is not a duration"),
        ("5 " + "s" * 1000, "is not a duration"),
        ("٥ s", "is not a duration"),
    ],
)
def test_what_is_no_duration(text, reason):
    with pytest.raises(ValueError, match=reason):
        units.parse(text, units.DURATION)


def test_a_unit_in_the_wrong_case_is_recognised():
    with pytest.raises(ValueError, match='did you mean "Mbit/s"'):
        units.parse("20 mbit/s", units.RATE)


def test_importing_units_does_not_load_the_units_library():
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = "import sys, netgen.units; sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

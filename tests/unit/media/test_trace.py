import numpy as np
import pytest

from netgen.errors import InputError
from netgen.media.trace import segment_trace, track_from_trace
from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance

FORMAT = VideoFormat(1920, 1080, 25.0)


@pytest.fixture
def trace(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "trace.csv"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return write


def read(path, segment_s=0.2):
    return track_from_trace(path, video_format=FORMAT, segment_s=segment_s)


def test_a_frame_trace_is_summed_into_segments(trace):
    path = trace("frame_bits\n" + "".join(f"{n}\n" for n in range(1, 12)))
    result = segment_trace(path, video_format=FORMAT, segment_s=0.2)
    assert result.track.bits.tolist() == [15, 40]
    assert result.track.frames.tolist() == [5, 5]
    assert (result.dropped_frames, result.dropped_bits) == (1, 11)
    assert result.track.provenance is Provenance.MEASURED
    assert np.array_equal(read(path).bits, result.track.bits)


def test_a_segment_trace_is_taken_as_it_is(trace):
    track = read(trace("segment_bits\r\n800\r\n 900 \r\n\r\n"), segment_s=0.1)
    assert track.bits.tolist() == [800, 900]
    assert track.frames.tolist() == [3, 2]


def test_a_byte_order_mark_is_not_part_of_the_header(trace):
    assert read(trace("segment_bits\n7\n", encoding="utf-8-sig")).bits.tolist() == [7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the trace is empty; accepted: a CSV file"),
        ("\n\n", "the trace is empty"),
        ("frame_bit\n1\n", r'trace\.csv:1:1: found the header "frame_bit".*did you mean "frame_bits"'),
        ("frame_bits,segment_bits\n1,2\n", r"trace\.csv:1:1: .* alone"),
        ("12\n13\n", r'trace\.csv:1:1: found the header "12"'),
        ("frame_bits\n", r"trace\.csv:2:1: the trace has a header and no rows"),
        (
            "segment_bits\n5\n1.5\n",
            r'trace\.csv:3:1: found "1\.5"; accepted: one whole number of bits from 1',
        ),
        ("segment_bits\nNaN\n", 'found "NaN"'),
        ("segment_bits\n0\n", "found 0 bit; accepted: one whole number of bits from 1"),
        ("segment_bits\n-3\n", "found -3 bit"),
        ("segment_bits\n٣\n", "found "),
        ("segment_bits\n9999999999999\n", "found 9999999999999 bit; .* to 10\\^12"),
        ("segment_bits\n" + "9" * 5000 + "\n", 'found "9999'),
        ("segment_bits\n12,13\n", r"trace\.csv:2:4: found 2 values"),
        ("segment_bits\n1\n\n2\n", r"trace\.csv:3:1: found an empty line"),
        ("frame_bits\n1\n2\n", "shorter than one segment"),
        ("frame_bits\n0\n0\n0\n0\n0\n", "segment 0 .* and 0 bit"),
        (b"frame_bits\n\xff\xfe\n", "byte 11 is not UTF-8"),
    ],
)
def test_a_wrong_trace_says_where_and_what_is_accepted(trace, text, message):
    with pytest.raises(InputError, match=message):
        read(trace(text))


def test_all_wrong_lines_are_told_at_once_up_to_twenty(trace):
    with pytest.raises(InputError) as caught:
        read(trace("segment_bits\n" + "x\n" * 25))
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[19].startswith(lines[0].partition(":")[0])
    assert ":21:1:" in lines[19]
    assert lines[20].endswith("and 5 more wrong lines")


def test_a_missing_file_and_a_directory_are_told_apart(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: the trace does not exist"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="the trace is a directory"):
        read(tmp_path)

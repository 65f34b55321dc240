"""Contents: video formats, segments, real files, traces, parametric classes, codecs and quality measures."""

from netgen.media.content_class import ContentClass
from netgen.media.parametric import SizeLaw, parametric_track
from netgen.media.segment_track import SegmentTrack
from netgen.media.segmentation import Segmentation
from netgen.media.trace import segment_trace, track_from_trace
from netgen.media.video_file import VideoFileReport, measure_video_file, track_from_file
from netgen.media.video_format import VideoFormat

__all__ = [
    "ContentClass",
    "SegmentTrack",
    "Segmentation",
    "SizeLaw",
    "VideoFileReport",
    "VideoFormat",
    "measure_video_file",
    "parametric_track",
    "segment_trace",
    "track_from_file",
    "track_from_trace",
]

"""Quality of what was shown of a segment, against the source's frames."""

from __future__ import annotations

from dataclasses import dataclass

from netgen.errors import InputError
from netgen.media.quality import compare
from netgen.media.yuv_clip import YuvClip


@dataclass(frozen=True, slots=True)
class SegmentQuality:
    """What was shown of one segment against its source, by the measures of `netgen.media.quality`.

    Parameters
    ----------
    psnr_db : float, dB             Of luma; infinite when every frame is equal.
    ssim : float                    Mean over the frames.
    ms_ssim : float or None         Mean over the frames; None when a side is below 176 samples.
    vmaf : float or None            Mean over the frames, 0..100; None when it was not asked for.
    semantic_fidelity : float       Estimated, 0..1, with its interval of 95 %:
    semantic_low, semantic_high : float
    """

    psnr_db: float
    ssim: float
    ms_ssim: float | None
    vmaf: float | None
    semantic_fidelity: float
    semantic_low: float
    semantic_high: float


def measured_quality(source: YuvClip, shown: YuvClip, *, vmaf: bool) -> SegmentQuality:
    """Measure a segment.

    Parameters
    ----------
    source, shown : YuvClip         The source's frames and those that were shown.
    vmaf : bool                     Whether VMAF is measured too: it starts FFmpeg.

    Raises
    ------
    InputError                      They are not of one size and number.
    MissingDependencyError          A library of `netgen[calibrate]` is not installed.
    """
    if source.planes.shape != shown.planes.shape:
        raise InputError(
            f"{shown.frames} frames of {shown.width_px} x {shown.height_px} pixels were shown of {source.frames} "
            f"frames of {source.width_px} x {source.height_px}: they cannot be compared"
        )
    found = compare(source, shown, with_vmaf=vmaf)
    return SegmentQuality(
        psnr_db=found.psnr_db,
        ssim=found.ssim,
        ms_ssim=found.ms_ssim,
        vmaf=found.vmaf,
        semantic_fidelity=found.semantic.fidelity,
        semantic_low=found.semantic.low,
        semantic_high=found.semantic.high,
    )

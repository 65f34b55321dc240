"""Picture quality by comparison with the source, all on luma: PSNR, SSIM, MS-SSIM, VMAF and a semantic estimate.

The measures are those of well-kept libraries: scikit-image (PSNR, SSIM, histograms of gradients) and libvmaf as FFmpeg
carries it (VMAF, MS-SSIM). torchmetrics has MS-SSIM as well, agrees to 1e-3 (a test compares them) and takes five times
as long; libvmaf filters before it halves, as the paper does. Luma is the plane that is coded: BT.601 or BT.709
weights are the source's own, and no colour conversion adds its error. The peak is 255 although limited-range luma ends
at 235, as codec comparisons do.
"""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.errors import CheckFailedError, MissingDependencyError
from netgen.media.yuv_clip import YuvClip

PEAK = 255.0
SMALLEST_MS_SSIM_SIDE_PX = 176
"""Sides that still hold one whole window of 11 samples after four halvings."""

SEMANTIC_METHOD = "hog-correlation-v1"
"""Name of the semantic estimate, for records: `semantic_estimate` says what it computes."""

_SMALLEST_SSIM_SIDE_PX = 11
_SMALLEST_VMAF_SIDE_PX = 32
_HOG_SIDE = 128
_VMAF_LIMIT_S = 600.0
_MS_SSIM = "float_ms_ssim"
_LIKELY = 0.95


@dataclass(frozen=True, slots=True)
class SemanticEstimate:
    """An estimate of the share of meaning that is kept; `estimated`, whatever it was computed on.

    Parameters
    ----------
    fidelity : float                Mean over the frames, 0..1.
    low, high : float               Interval of 95 % of that mean over contents like this one.
    method : str                    How it was estimated.
    """

    fidelity: float
    low: float
    high: float
    method: str = SEMANTIC_METHOD


@dataclass(frozen=True, slots=True)
class Quality:
    """What was shown against what was to be shown.

    Parameters
    ----------
    psnr_db : float, dB             Infinite when every frame is equal.
    ssim : float                    Mean over the frames.
    ms_ssim : float or None         Mean over the frames; None when a side is below 176 samples.
    vmaf : float or None            Mean over the frames, 0..100; None when it was not asked for.
    semantic : SemanticEstimate     Estimated semantic fidelity with its interval.
    """

    psnr_db: float
    ssim: float
    ms_ssim: float | None
    vmaf: float | None
    semantic: SemanticEstimate


def compare(
    reference: YuvClip, shown: YuvClip, *, segment_frames: int | None = None, with_vmaf: bool = True
) -> Quality:
    """Compare two clips of the same frames by every measure.

    Parameters
    ----------
    reference, shown : YuvClip      Equal sizes and numbers of frames.
    segment_frames : int or None    Frames of a segment: the semantic interval is then taken over segments.
    with_vmaf : bool                VMAF needs the binary of imageio-ffmpeg.

    Raises
    ------
    ValueError                      Sizes or numbers of frames differ, or sides are below 11 samples.
    MissingDependencyError          A library of `netgen[calibrate]` is not installed.
    """
    tall_enough = min(reference.width_px, reference.height_px) >= SMALLEST_MS_SSIM_SIDE_PX
    scored: dict[str, float] = {}
    if tall_enough or with_vmaf:
        scored = _libvmaf(reference, shown, with_ms_ssim=tall_enough)
    return Quality(
        psnr_db=psnr_db(reference.luma, shown.luma),
        ssim=sequence_ssim(reference.luma, shown.luma),
        ms_ssim=scored.get(_MS_SSIM),
        vmaf=scored["vmaf"] if with_vmaf else None,
        semantic=semantic_estimate(reference.luma, shown.luma, segment_frames=segment_frames),
    )


def psnr_db(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of a sequence, from the mean squared error over all its samples.

    Parameters
    ----------
    reference, shown : (...) uint8  Samples of 8 bit, for example the luma of a clip (n, height, width).

    Returns
    -------
    float, dB                       10 log10(255^2 / mean squared error); infinite for equal arrays.

    Raises
    ------
    ValueError                      Shapes differ, or there are no samples.

    Valid for                       8-bit samples. The mean is taken over errors, not over each frame's
                                    decibels, so that one perfect frame does not make the result infinite.
    Source                          ITU-T J.340 (2010), PSNR; 8-bit peak. Errors: skimage.metrics.
    """
    _check_shapes(reference, shown, dimensions=None)
    error = _library("skimage.metrics").mean_squared_error
    pairs = zip(np.atleast_2d(reference), np.atleast_2d(shown), strict=True)
    mean = float(np.mean([error(one, other) for one, other in pairs]))
    return math.inf if mean == 0 else 10 * math.log10(PEAK**2 / mean)


def ssim(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Mean structural similarity of two pictures, at one scale.

    Parameters
    ----------
    reference, shown : (height, width) uint8    Sides of at least 11 samples.

    Returns
    -------
    float                           1 for equal pictures.

    Raises
    ------
    ValueError                      Shapes differ, or a side is too short.

    Valid for                       8-bit samples; only whole windows count (no padding at the border).
    Source                          Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13(4), 2004,
                                    doi:10.1109/TIP.2003.819861, eq. 13: Gaussian window 11 x 11, sigma 1.5,
                                    K1 = 0.01, K2 = 0.03; as skimage.metrics computes it.
    """
    _check_shapes(reference, shown, dimensions=2)
    _check_side(reference.shape, least=_SMALLEST_SSIM_SIDE_PX, measure="SSIM")
    similarity = _library("skimage.metrics").structural_similarity
    return float(
        similarity(
            reference, shown, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=PEAK
        )
    )


def sequence_ssim(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Mean of `ssim` over the frames of a sequence (n, height, width)."""
    _check_shapes(reference, shown, dimensions=3)
    return float(np.mean([ssim(one, other) for one, other in zip(reference, shown, strict=True)]))


def sequence_ms_ssim(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Multi-scale structural similarity of a sequence: the mean over its frames.

    Parameters
    ----------
    reference, shown : (n, height, width) uint8     Luma; even sides of at least 176 samples.

    Returns
    -------
    float                           1 for equal pictures.

    Raises
    ------
    ValueError                      Shapes differ, or a side is odd or too short.
    MissingDependencyError          imageio-ffmpeg is not installed.
    CheckFailedError                FFmpeg failed, or took too long.

    Valid for                       8-bit samples. A frame with a negative scale (an inverted picture) counts as 0.
    Source                          Wang, Simoncelli, Bovik, Multi-scale structural similarity for image quality
                                    assessment, Asilomar 2003, doi:10.1109/ACSSC.2003.1292216, eq. 7; as libvmaf
                                    computes it (feature `float_ms_ssim`).
    """
    _check_shapes(reference, shown, dimensions=3)
    _check_side(reference.shape[1:], least=SMALLEST_MS_SSIM_SIDE_PX, measure="MS-SSIM of five scales")
    return _libvmaf(_grey(reference), _grey(shown), with_ms_ssim=True)[_MS_SSIM]


def vmaf(reference: YuvClip, shown: YuvClip, *, limit_s: float = _VMAF_LIMIT_S) -> float:
    """VMAF of a clip: the mean over its frames, by the FFmpeg that imageio-ffmpeg brings, on one thread.

    Parameters
    ----------
    reference, shown : YuvClip      Equal sizes and numbers of frames; sides of at least 32 pixels.
    limit_s : float, s              FFmpeg is ended after so long.

    Returns
    -------
    float                           0..100. Equal frames reach 97 to 100: motion counts as well.

    Raises
    ------
    ValueError                      Sizes or numbers of frames differ, or a side is too short.
    MissingDependencyError          imageio-ffmpeg is not installed.
    CheckFailedError                FFmpeg failed, or took too long.

    Valid for                       Model vmaf_v0.6.1, which is built in: a viewer of 1080 lines at three
                                    heights of the screen; other sizes are scored as if seen so.
    Source                          Li et al., Toward a practical perceptual video quality metric, 2016; libvmaf.
    """
    return _libvmaf(reference, shown, with_ms_ssim=False, limit_s=limit_s)["vmaf"]


def _grey(luma: NDArray[np.uint8]) -> YuvClip:
    """A clip of this luma without colour: libvmaf takes no picture of luma alone."""
    frames, height_px, width_px = luma.shape
    if height_px % 2 or width_px % 2:
        raise ValueError(f"pictures of {height_px} x {width_px}; both sides must be even")
    planes = np.full((frames, height_px * 3 // 2, width_px), 128, np.uint8)
    planes[:, :height_px] = luma
    return YuvClip(planes, Fraction(25))


def _libvmaf(
    reference: YuvClip, shown: YuvClip, *, with_ms_ssim: bool, limit_s: float = _VMAF_LIMIT_S
) -> dict[str, float]:
    """Run libvmaf once; return the mean over the frames of VMAF, and of MS-SSIM where it is asked for."""
    _check_shapes(reference.planes, shown.planes, dimensions=3)
    _check_side((reference.height_px, reference.width_px), least=_SMALLEST_VMAF_SIDE_PX, measure="VMAF")
    program = _library("imageio_ffmpeg").get_ffmpeg_exe()
    rate = reference.frame_rate_hz
    given = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{reference.width_px}x{reference.height_px}"]
    given += ["-r", f"{rate.numerator}/{rate.denominator}"]
    feature = ":feature=name=float_ms_ssim" if with_ms_ssim else ""
    command = [program, "-nostdin", "-hide_banner", "-loglevel", "error"]
    command += [*given, "-i", "shown.yuv", *given, "-i", "reference.yuv", "-filter_threads", "1"]
    command += ["-lavfi", f"[0:v][1:v]libvmaf=log_fmt=json:log_path=vmaf.json:n_threads=1{feature}"]
    command += ["-f", "null", "-"]
    with tempfile.TemporaryDirectory(prefix="netgen-vmaf-") as folder:
        reference.planes.tofile(Path(folder, "reference.yuv"))
        shown.planes.tofile(Path(folder, "shown.yuv"))
        scored = _scored(command, folder, frames=reference.frames, limit_s=limit_s)
    means = {"vmaf": float(np.mean([frame["vmaf"] for frame in scored]))}
    if with_ms_ssim:
        # libvmaf writes null for a frame with a negative scale, whose fractional power is not real: it counts as 0.
        means[_MS_SSIM] = float(np.mean([frame[_MS_SSIM] or 0.0 for frame in scored]))
    return means


def _scored(command: Sequence[str], folder: str, *, frames: int, limit_s: float) -> list[Mapping[str, float]]:
    """Run FFmpeg and read its log: every feature of every frame."""
    try:
        done = subprocess.run(  # noqa: S603  (no shell; the program is the one of imageio-ffmpeg)
            command, cwd=folder, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise CheckFailedError(
            f"VMAF of {frames} frames took longer than {limit_s:g} s and was ended"
        ) from None
    except OSError as error:
        raise CheckFailedError(f"VMAF: cannot run {command[0]}: {error}") from error
    log = Path(folder, "vmaf.json")
    if done.returncode != 0 or not log.is_file():
        said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise CheckFailedError(f"VMAF: FFmpeg ended with {done.returncode}: {said[0]}")
    found = json.loads(log.read_text(encoding="utf-8"))
    if len(found["frames"]) != frames:
        raise CheckFailedError(f"VMAF: FFmpeg scored {len(found['frames'])} of {frames} frames")
    return [frame["metrics"] for frame in found["frames"]]


def semantic_estimate(
    reference: NDArray[np.uint8], shown: NDArray[np.uint8], *, segment_frames: int | None = None
) -> SemanticEstimate:
    """Estimate the share of meaning that is kept, by the agreement of local edge directions.

    Each frame is brought to 128 x 128 and described by histograms of oriented gradients (9 directions, cells of 8 x
    8, blocks of 2 x 2 cells, normalised). From every descriptor its mean over the blocks is taken off, and the two
    are correlated; below 0 counts as 0. Equal frames score 1, a flat frame 0, unrelated pictures about 0 (at most
    0.05 between the shipped clips). Contrast and brightness do not count; places, shapes and text do.

    Parameters
    ----------
    reference, shown : (n, height, width) uint8     Luma of a clip.
    segment_frames : int or None    Frames of a segment. From two segments on the interval is Student's of the mean
                                    over segments, else over frames; a single frame leaves 0..1.

    Valid for                       An estimate: it knows no objects. Two flat frames agree (1).
    Source                          Dalal, Triggs, Histograms of oriented gradients for human detection, CVPR 2005,
                                    doi:10.1109/CVPR.2005.177; as skimage.feature computes it.
    """
    _check_shapes(reference, shown, dimensions=3)
    _check_side(reference.shape[1:], least=_SMALLEST_SSIM_SIDE_PX, measure="the semantic estimate")
    scores = np.array([_agreement(one, other) for one, other in zip(reference, shown, strict=True)])
    fidelity = float(scores.mean())
    samples = scores
    if segment_frames is not None and len(scores) >= 2 * segment_frames:
        whole = len(scores) // segment_frames
        samples = scores[: whole * segment_frames].reshape(whole, segment_frames).mean(axis=1)
    if len(samples) < 2:
        return SemanticEstimate(fidelity, 0.0, 1.0)
    quantile = float(_library("scipy.stats").t.ppf((1 + _LIKELY) / 2, len(samples) - 1))
    half_width = quantile * float(samples.std(ddof=1)) / math.sqrt(len(samples))
    return SemanticEstimate(fidelity, max(fidelity - half_width, 0.0), min(fidelity + half_width, 1.0))


def _agreement(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Correlation of two frames' descriptors, 0..1."""
    one, other = _descriptor(reference), _descriptor(shown)
    norms = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if min(norms) == 0:
        return 1.0 if max(norms) == 0 else 0.0
    return min(max(float(np.vdot(one, other)) / (norms[0] * norms[1]), 0.0), 1.0)


def _descriptor(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Histograms of oriented gradients of a frame, less their mean over the blocks."""
    feature, transform = _library("skimage.feature"), _library("skimage.transform")
    if plane.min() == plane.max():
        return np.zeros(1)  # rounding of the interpolation would look like edges
    small = transform.resize(plane / PEAK, (_HOG_SIDE, _HOG_SIDE), order=1, anti_aliasing=True)
    blocks = feature.hog(
        small, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2), feature_vector=False
    )
    centred: NDArray[np.float64] = blocks - blocks.mean(axis=(0, 1))
    return centred


def _library(name: str) -> Any:  # noqa: ANN401  (a module whose attributes mypy cannot know)
    """Import a module of `netgen[calibrate]`."""
    try:
        found: ModuleType = importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise MissingDependencyError(
            f"measuring picture quality needs {package} ({error}): pip install netgen[calibrate]"
        ) from error
    return found


def _check_shapes(one: NDArray[np.uint8], other: NDArray[np.uint8], *, dimensions: int | None) -> None:
    """Raise ValueError unless both have the same shape, with samples in it."""
    if one.shape != other.shape or one.size == 0 or (dimensions is not None and one.ndim != dimensions):
        wanted = (
            "equal shapes with samples" if dimensions is None else f"equal shapes of {dimensions} dimensions"
        )
        raise ValueError(f"found {one.shape} and {other.shape}; accepted: {wanted}")


def _check_side(shape: Sequence[int], *, least: int, measure: str) -> None:
    """Raise ValueError when a picture is too small for a measure."""
    if min(shape) < least:
        raise ValueError(f"pictures of {tuple(shape)}; {measure} needs sides of at least {least} samples")

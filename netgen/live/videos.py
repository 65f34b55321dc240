"""Saves what receivers were shown: a video for each, and a picture of its beginning beside the source's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netgen.errors import InputError, NetgenError
from netgen.live.frames import ContentFrames
from netgen.live.pictures import side_by_side
from netgen.live.saving import SavedVideo, VideoRecorder
from netgen.media.video_file import import_av
from netgen.media.yuv_clip import YuvClip

ServiceAndReceiver = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """What one receiver was shown of a service.

    Parameters
    ----------
    frames : ContentFrames          The source's frames.
    segments : sequence of int      Segments that were shown, in order; at least one.
    clip : callable                 What was shown of one of them [segment]; None where it cannot be made again.
    offered : int                   Segments that were to come.
    """

    frames: ContentFrames
    segments: Sequence[int]
    clip: Callable[[int], YuvClip | None]
    offered: int


@dataclass(frozen=True, slots=True, eq=False)
class SavedVideos:
    """Files that were written, and those that could not be.

    Parameters
    ----------
    files : dict                    Per service and receiver the video, its segments and which are missing.
    unsaved : tuple of str          In one sentence each, which file is not there and why.
    """

    files: dict[str, dict[str, Any]]
    unsaved: tuple[str, ...]


def file_stems(pairs: Iterable[ServiceAndReceiver]) -> dict[ServiceAndReceiver, str]:
    """Names of the files without their suffix: `SERVICE-RECEIVER`, with a plus sign where two would be the same.

    A name of a scenario may hold a hyphen, but no plus sign.
    """
    usual = {pair: "-".join(pair) for pair in pairs}
    owners = Counter(usual.values())
    return {pair: stem if owners[stem] == 1 else "+".join(pair) for pair, stem in usual.items()}


def save_videos(
    folder: Path, received: Mapping[ServiceAndReceiver, Received], *, stems: Mapping[ServiceAndReceiver, str]
) -> SavedVideos:
    """Write a video of what every receiver was shown, and a picture of the first segment that can be.

    A file that cannot be written keeps no other from being written.

    Parameters
    ----------
    folder : Path                   Made when missing.
    received : mapping              By service and receiver.
    stems : mapping                 Names of the files, from `file_stems`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, dict[str, Any]] = {}
    unsaved: list[str] = []
    for pair in sorted(received):
        saved = _save(folder / f"{stems[pair]}.mp4", received[pair], unsaved)
        if saved is not None:
            files["/".join(pair)] = {
                "file": _short(saved.path),
                "segments": saved.segments,
                "missing": list(saved.missing),
            }
    return SavedVideos(files, tuple(unsaved))


def _save(path: Path, received: Received, unsaved: list[str]) -> SavedVideo | None:
    """Write one video and the picture beside it; what cannot be written is noted in `unsaved`."""
    frames, saved = received.frames, None
    with _noted(path, unsaved):
        rate_hz = frames.clip(received.segments[0]).frame_rate_hz
        with VideoRecorder(path, frames.track.segment_s, frame_rate_hz=rate_hz) as recorder:
            pictured = False
            for index in received.segments:
                clip = received.clip(index)
                if clip is None:
                    continue
                if not pictured:
                    _picture(path.with_suffix(".png"), frames.clip(index), clip, unsaved)
                    pictured = True
                recorder.show(index, clip)
            saved = recorder.finish(segments=received.offered)
        if saved is None:
            raise InputError("nothing of it could be shown")
    return saved


def _picture(path: Path, source: YuvClip, clip: YuvClip, unsaved: list[str]) -> None:
    """Draw the middle frame of a segment beside the source's."""
    with _noted(path, unsaved):
        side_by_side({"source": source, "as received": clip}, path, frame=source.frames // 2)


@contextmanager
def _noted(path: Path, unsaved: list[str]) -> Iterator[None]:
    """Note that a file is not saved, and go on: a run is worth more than a video of it."""
    try:
        yield
    except _errors_of_writing() as error:
        reason = getattr(error, "strerror", None) or str(error)
        # The path is that of a folder which is renamed when the run is done.
        unsaved.append(f"{_short(path)} is not saved: {reason.removeprefix(f'{path}: ')}")


def _errors_of_writing() -> tuple[type[Exception], ...]:
    """What is raised where a file cannot be written, or PyAV lacks the codec."""
    av = import_av()
    return NetgenError, OSError, av.error.FFmpegError, av.codec.codec.UnknownCodecError


def _short(path: Path) -> str:
    """Name of a file and its folder, which means the same wherever the run directory lies."""
    return f"{path.parent.name}/{path.name}"

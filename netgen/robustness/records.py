"""Records of what channels leave, as `python -m netgen.received.measuring` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from netgen.errors import InputError
from netgen.robustness.table import RobustnessTable, table_of

RECORD_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """What joint coding takes on the device that measured it.

    Parameters
    ----------
    encode_s, decode_s : float, s           For a frame of the record's size.
    encode_flops, decode_flops : float      Likewise.
    encoder_parameters, decoder_parameters : int
    device : mapping                        As in records of `netgen calibrate`.
    """

    encode_s: float
    decode_s: float
    encode_flops: float
    decode_flops: float
    encoder_parameters: int
    decoder_parameters: int
    device: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RobustnessRecord:
    """One part of a representation, measured behind a channel.

    Parameters
    ----------
    part : str                              Its name.
    table : RobustnessTable                 What is left of it.
    symbols_per_pixel : float               Channel symbols that it takes for a pixel of the source.
    bits_per_pixel : float or None, bit     Before protection; None for joint coding.
    content_class : str                     What was sent.
    size_px : (int, int)
    frame_rate_hz, segment_s : float
    cost : Cost or None                     Of joint coding; None for what codecs make.
    date, command, netgen_version : str     When, how and by what it was measured.
    """

    part: str
    table: RobustnessTable
    symbols_per_pixel: float
    bits_per_pixel: float | None
    content_class: str
    size_px: tuple[int, int]
    frame_rate_hz: float
    segment_s: float
    cost: Cost | None
    date: str
    command: str
    netgen_version: str


def read_robustness(text: str, where: str) -> dict[str, RobustnessRecord]:
    """Read records, one JSON object a line; of two of one part, the last.

    Raises
    ------
    InputError                              A line that is no such record; names file and line.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            record = _record(line, f"{where}:{number}")
            found[record.part] = record
    return found


@cache
def shipped_robustness() -> Mapping[str, RobustnessRecord]:
    """Return the records that come with netgen, by part."""
    resource = files("netgen") / "robustness" / "robustness.jsonl"
    return read_robustness(resource.read_text(encoding="utf-8"), str(resource))


def _record(line: str, where: str) -> RobustnessRecord:
    try:
        record = json.loads(line)
        if record["schema"] != RECORD_SCHEMA:
            raise InputError(
                f"{where}: schema {record['schema']} is not read here; accepted: {RECORD_SCHEMA}"
            )
        content, provenance = record["content"], record["provenance"]
        bits = record.get("bits_per_pixel")
        return RobustnessRecord(
            part=str(record["part"]),
            table=table_of(record, where),
            symbols_per_pixel=float(record["symbols_per_pixel"]),
            bits_per_pixel=None if bits is None else float(bits),
            content_class=str(content["class"]),
            size_px=(int(content["size_px"][0]), int(content["size_px"][1])),
            frame_rate_hz=float(content["frame_rate_hz"]),
            segment_s=float(content["segment_s"]),
            cost=_cost(record) if record["kind"] == "symbols" else None,
            date=date.fromisoformat(provenance["date"]).isoformat(),
            command=str(provenance["command"]),
            netgen_version=str(provenance["netgen"]),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{where}: is not a record of what a channel leaves ({error!r})") from error


def _cost(record: Mapping[str, Any]) -> Cost:
    times, flops = record["time"], record["flops"]
    encoder, decoder = record["model"]["parameters"]
    return Cost(
        encode_s=float(times["encode_s_per_frame"]),
        decode_s=float(times["decode_s_per_frame"]),
        encode_flops=float(flops["encode_per_frame"]),
        decode_flops=float(flops["decode_per_frame"]),
        encoder_parameters=int(encoder),
        decoder_parameters=int(decoder),
        device=dict(record["device"]),
    )

"""Traces from files: SUMO's floating car output and CSV."""

from __future__ import annotations

import csv
import gzip
import zlib
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast
from xml.parsers import expat

import numpy as np

from netgen.errors import InputError
from netgen.mobility.contract import Floats
from netgen.mobility.trace import TraceSamples

ToPlane = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Longitudes and latitudes in degrees to x and y in metres."""

KINDS = frozenset({"vehicle", "person"})
"""Elements of a time step that are read by default."""


def read_fcd(
    path: str | Path, *, to_plane: ToPlane | None = None, kinds: frozenset[str] = KINDS
) -> TraceSamples:
    """Read SUMO's floating car output (`--fcd-output`), plain or gzipped (`.gz`).

    The file is read in pieces and no tree is built: while reading, memory grows by 28 bytes per
    sample. A document type
    declaration is refused, and with it every entity declaration.

    Parameters
    ----------
    path : path                     `<fcd-export><timestep time=""><vehicle id="" x="" y=""/>...`; other
                                    elements and attributes are passed over.
    to_plane : function or None     For files written with `--fcd-output.geo`, in which x is the longitude
                                    and y the latitude: turns them into metres.
    kinds : set of str              Elements of a time step that are users.

    Returns
    -------
    TraceSamples                    Users in order of first appearance.

    Raises
    ------
    InputError                      The file cannot be read, is no floating car output, or has a value that
                                    is not a finite number; names the line.

    Source                          SUMO documentation, Simulation/Output/FCDOutput.
    """
    path = Path(path)
    reading = _FcdReading(path, kinds)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            reading.parser.ParseFile(cast("BinaryIO", file))
    except expat.ExpatError as error:
        raise InputError(f"{path}, line {error.lineno}: {expat.ErrorString(error.code)}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read as floating car output: {error}") from None
    return reading.columns.samples(path, to_plane)


def read_trace_csv(path: str | Path, *, to_plane: ToPlane | None = None) -> TraceSamples:
    """Read samples from a CSV file with the columns `time_s,user,x_m,y_m` in any order.

    Instead of `x_m,y_m` there may be `latitude,longitude`, which need `to_plane`.

    Parameters
    ----------
    path : path                     UTF-8, one header line.
    to_plane : function or None     Longitudes and latitudes to metres.

    Returns
    -------
    TraceSamples                    Users in order of first appearance.

    Raises
    ------
    InputError                      A column is missing, or a value is not a finite number; names the line.
    """
    path = Path(path)
    columns = _Columns()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            header = [name.strip() for name in next(rows, [])]
            east, north = ("longitude", "latitude") if to_plane else ("x_m", "y_m")
            wanted = ("time_s", "user", east, north)
            missing = [name for name in wanted if header.count(name) != 1]
            if missing:
                raise InputError(f"{path}, line 1: needs one column {missing[0]}; found {', '.join(header)}")
            time, user, x, y = (header.index(name) for name in wanted)
            for row in rows:
                if row:
                    if len(row) != len(header):
                        raise InputError(
                            f"{path}, line {rows.line_num}: {len(row)} values, not {len(header)}"
                        )
                    where = (path, rows.line_num)
                    columns.add(row[user], _number(row[time], wanted[0], where), row[x], row[y], where)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a CSV trace: {error}") from None
    return columns.samples(path, to_plane)


class _Columns:
    """Samples read so far, in packed arrays."""

    def __init__(self) -> None:
        self._number_of: dict[str, int] = {}
        self._user = array("i")
        self._time_s, self._east, self._north = array("d"), array("d"), array("d")

    def add(self, name: str, time_s: float, east: str, north: str, where: tuple[Path, int]) -> None:
        """Keep one sample."""
        if not name:
            raise InputError(f"{where[0]}, line {where[1]}: the user has no name")
        self._user.append(self._number_of.setdefault(name, len(self._number_of)))
        self._time_s.append(time_s)
        self._east.append(_number(east, "x", where))
        self._north.append(_number(north, "y", where))

    def samples(self, path: Path, to_plane: ToPlane | None) -> TraceSamples:
        """All samples, in metres."""
        if not self._number_of:
            raise InputError(f"{path}: holds no samples")
        east, north = (np.frombuffer(part, dtype=np.float64) for part in (self._east, self._north))
        if to_plane is not None:
            outside = np.flatnonzero((np.abs(east) > 180.0) | (np.abs(north) > 90.0))
            if outside.size:
                found = f"longitude {east[outside[0]]}, latitude {north[outside[0]]}"
                raise InputError(
                    f"{path}: sample {outside[0] + 1}: {found} is not on Earth; accepted: degrees"
                )
            east, north = to_plane(east, north)
        user = np.frombuffer(self._user, dtype=np.int32).astype(np.int64)
        time_s = np.frombuffer(self._time_s, dtype=np.float64)
        try:
            return TraceSamples(tuple(self._number_of), user, time_s, east, north)
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None


class _FcdReading:
    """Keeps the samples of the elements that the parser meets."""

    def __init__(self, path: Path, kinds: frozenset[str]) -> None:
        self.columns = _Columns()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._path, self._kinds = path, kinds
        self._time_s: float | None = None
        self._depth = 0

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take a time step or one of its users."""
        where = (self._path, self.parser.CurrentLineNumber)
        if self._depth == 0 and name != "fcd-export":
            raise InputError(f"{where[0]}, line {where[1]}: begins with <{name}>; accepted: <fcd-export>")
        if self._depth == 1 and name == "timestep":
            self._time_s = _number(_attribute(attributes, "time", name, where), "time", where)
        elif self._depth == 2 and self._time_s is not None and name in self._kinds:
            user, east, north = (_attribute(attributes, key, name, where) for key in ("id", "x", "y"))
            self.columns.add(user, self._time_s, east, north, where)
        self._depth += 1

    def _end(self, name: str) -> None:
        """Leave an element."""
        self._depth -= 1
        if name == "timestep":
            self._time_s = None

    def _refuse(self, *_: object) -> None:
        """A declaration could define entities that grow without bound or read other files."""
        line = self.parser.CurrentLineNumber
        raise InputError(f"{self._path}, line {line}: document type declarations are not accepted")


def _attribute(attributes: dict[str, str], key: str, element: str, where: tuple[Path, int]) -> str:
    """An attribute that must be there."""
    if key not in attributes:
        raise InputError(f"{where[0]}, line {where[1]}: <{element}> has no {key}")
    return attributes[key]


def _number(text: str, name: str, where: tuple[Path, int]) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{where[0]}, line {where[1]}: {name} = {text!r} is not a finite number")
    return value

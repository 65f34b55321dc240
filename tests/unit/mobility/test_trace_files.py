"""Floating car output and CSV traces, right and wrong ones."""

import gzip
import tracemalloc

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.mobility.trace_files import read_fcd, read_trace_csv

FCD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- written by hand -->
<fcd-export xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
    <timestep time="0.00">
        <vehicle id="car.0" x="10.00" y="20.00" angle="90.00" type="car" speed="5.00" pos="5.1" lane="e_0"/>
    </timestep>
    <timestep time="1.00">
        <vehicle id="car.0" x="15.00" y="20.00" speed="5.00"/>
        <person id="ped.0" x="1.00" y="2.00" speed="1.00"/>
        <container id="box" x="0" y="0"/>
    </timestep>
    <timestep time="2.00"/>
    <timestep time="3.00">
        <person id="ped.0" x="3.00" y="2.00" speed="1.00"/>
    </timestep>
</fcd-export>
"""


def write(tmp_path, text, name="trace.xml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_vehicles_and_persons_are_read(tmp_path):
    found = read_fcd(write(tmp_path, FCD))
    assert found.names == ("car.0", "ped.0")
    assert found.user.tolist() == [0, 0, 1, 1]
    assert found.time_s.tolist() == [0.0, 1.0, 1.0, 3.0]
    assert found.x_m.tolist() == [10.0, 15.0, 1.0, 3.0]
    assert found.y_m.tolist() == [20.0, 20.0, 2.0, 2.0]
    assert read_fcd(write(tmp_path, FCD), kinds=frozenset({"container"})).names == ("box",)


def test_a_gzipped_file_reads_the_same(tmp_path):
    path = tmp_path / "trace.xml.gz"
    path.write_bytes(gzip.compress(FCD.encode()))
    np.testing.assert_array_equal(read_fcd(path).x_m, read_fcd(write(tmp_path, FCD)).x_m)
    path.write_bytes(gzip.compress(FCD.encode())[:-20])
    with pytest.raises(InputError, match="cannot be read"):
        read_fcd(path)
    path.write_bytes(b"plain")
    with pytest.raises(InputError, match="cannot be read"):
        read_fcd(path)


def test_degrees_go_through_the_projection(tmp_path):
    def to_plane(longitude, latitude):
        return 1000.0 * longitude, 2000.0 * latitude

    found = read_fcd(write(tmp_path, FCD), to_plane=to_plane)
    assert found.x_m.tolist() == [10_000.0, 15_000.0, 1000.0, 3000.0]
    assert found.y_m.tolist() == [40_000.0, 40_000.0, 4000.0, 4000.0]
    with pytest.raises(InputError, match=r"sample 1: longitude 1000\.0"):
        read_fcd(write(tmp_path, FCD.replace('x="10.00"', 'x="1000.00"')), to_plane=to_plane)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<!-- written by hand -->", '<!DOCTYPE x [<!ENTITY a "b">]>', "line 2: document type declarations"),
        ("<!-- written by hand -->", '<!DOCTYPE x SYSTEM "file:///etc/passwd">', "line 2: document type"),
        ("fcd-export", "routes", "line 3: begins with <routes>"),
        ('time="0.00"', "", "line 4: <timestep> has no time"),
        ('time="0.00"', 'time="soon"', "line 4: time = 'soon' is not a finite number"),
        ('id="car.0" x="15.00"', 'x="15.00"', "line 8: <vehicle> has no id"),
        ('x="15.00"', "", "line 8: <vehicle> has no x"),
        ('x="15.00"', 'x="inf"', "line 8: x = 'inf'"),
        ('id="car.0" x="15.00"', 'id="" x="15.00"', "line 8: the user has no name"),
        ('time="1.00"', 'time="0.00"', "the user car.0 is in two places at 0.0 s"),
        ("</fcd-export>", "", "line 17: no element found"),
        ('time="1.00"', 'time="1.00', "line 8: not well-formed"),
    ],
)
def test_what_is_no_floating_car_output_is_refused(tmp_path, old, new, message):
    with pytest.raises(InputError, match=message):
        read_fcd(write(tmp_path, FCD.replace(old, new)))


def test_files_without_samples_are_refused(tmp_path):
    with pytest.raises(InputError, match="no samples"):
        read_fcd(write(tmp_path, "<fcd-export/>"))
    with pytest.raises(InputError, match="cannot be read"):
        read_fcd(tmp_path / "absent.xml")
    with pytest.raises(InputError, match="no samples"):
        read_trace_csv(write(tmp_path, "time_s,user,x_m,y_m\n", "t.csv"))
    with pytest.raises(InputError, match="cannot be read"):
        read_trace_csv(tmp_path / "absent.csv")


def test_reading_builds_no_tree(tmp_path):
    """Memory follows the samples, not the text: 60 times as many time steps of nobody cost nothing."""
    peaks = []
    for steps in (500, 30_000):
        empty = "".join(f'<timestep time="{step}.00">\n</timestep>\n' for step in range(steps))
        path = write(tmp_path, FCD.replace('    <timestep time="2.00"/>\n', empty))
        tracemalloc.start()
        read_fcd(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert path.stat().st_size > 1_000_000
    assert peaks[1] < peaks[0] + 100_000


CSV = "user,time_s,y_m,x_m\nann,0,2,1\nbob,5,0,0\n\nann,10,12,11\n"


def test_csv_columns_may_come_in_any_order(tmp_path):
    found = read_trace_csv(write(tmp_path, CSV, "t.csv"))
    assert found.names == ("ann", "bob")
    assert found.x_m.tolist() == [1.0, 11.0, 0.0]
    assert found.y_m.tolist() == [2.0, 12.0, 0.0]


def test_csv_in_degrees(tmp_path):
    text = "time_s,user,latitude,longitude\n0,a,50,10\n1,a,51,11\n"
    found = read_trace_csv(write(tmp_path, text, "t.csv"), to_plane=lambda east, north: (east + 1, north + 2))
    assert found.x_m.tolist() == [11.0, 12.0]
    assert found.y_m.tolist() == [52.0, 53.0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("user,", "usr,", "line 1: needs one column user; found usr"),
        ("y_m", "x_m", "line 1: needs one column x_m"),
        ("ann,10,12,11", "ann,10,12", "line 5: 3 values, not 4"),
        ("ann,10,12,11", "ann,ten,12,11", "line 5: time_s = 'ten'"),
        ("ann,10,12,11", "ann,10,12,nan", "line 5: x = 'nan'"),
        ("ann,10,12,11", ",10,12,11", "line 5: the user has no name"),
        ("ann,10,12,11", "ann,0,12,11", "the user ann is in two places"),
        ("ann,10,12,11", "ann,-4,12,11", "accepted: >= 0"),
    ],
)
def test_wrong_csv_is_named_with_its_line(tmp_path, old, new, message):
    with pytest.raises(InputError, match=message):
        read_trace_csv(write(tmp_path, CSV.replace(old, new), "t.csv"))

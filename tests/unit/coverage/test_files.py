import pytest

from netgen.coverage.files import map_folder, write_maps
from netgen.coverage.made_map import MapOptions
from netgen.coverage.maps import coverage_maps
from netgen.errors import InputError

ONLY_RAN = "nodes.mast.radio={capacity: 8 Mbit/s}"


@pytest.fixture
def maps(town):
    return coverage_maps(town(ONLY_RAN), MapOptions(cell_m=100.0))


def test_maps_take_the_next_number(tmp_path, monkeypatch, maps):
    monkeypatch.chdir(tmp_path)
    for number in ("001", "002"):
        folder = map_folder(None, "town")
        assert folder.as_posix() == f"runs/town/coverage-{number}"
        found = write_maps(maps, folder)
        assert [path.name for path in found["ran"]] == ["ran.png", "ran.tif"]
        assert all(path.is_file() for path in found["ran"])


def test_an_empty_folder_is_taken_and_a_full_one_refused(tmp_path, maps):
    (tmp_path / "maps").mkdir()
    write_maps(maps, map_folder(tmp_path / "maps", "town"))
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == ["ran.png", "ran.tif"]
    with pytest.raises(InputError, match="nothing is overwritten"):
        map_folder(tmp_path / "maps", "town")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, maps):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_maps(maps, tmp_path / "file" / "maps")
    with pytest.raises(InputError, match="two maps would be called ran"):
        write_maps([*maps, *maps], tmp_path / "deep" / "maps")
    object.__setattr__(maps[0].coverage, "crs", "EPSG:0")
    with pytest.raises(InputError, match="not a reference system"):
        write_maps(maps, tmp_path / "deep" / "maps")
    assert [path.name for path in tmp_path.iterdir() if path.name != "town.yaml"] == ["file"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "many"}, '--cell = "many" is not a distance'),
        ({"cell": "0 m"}, "is not above 0"),
        ({"receiver": "mobil"}, 'did you mean "mobile"'),
        ({"sinr": "5 m"}, '--sinr = "5 m"'),
        ({"sinr": "-101"}, "accepted: -100 dB to 100 dB"),
    ],
)
def test_options_are_read(options, message):
    with pytest.raises(InputError, match=message):
        MapOptions.read(**options)
    read = MapOptions.read(cell="0.25 km", receiver="in-car", sinr="5")
    assert (read.cell_m, read.reception.value, read.sinr_db) == (250.0, "in-car", 5.0)
    assert MapOptions.read() == MapOptions()

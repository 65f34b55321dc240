import numpy as np
import pytest

from netgen.broadcast.raster import LOCAL_CRS
from netgen.broadcast.receiver_class import Reception
from netgen.coverage.made_map import MapOptions
from netgen.coverage.maps import coverage_maps
from netgen.errors import InputError
from netgen.rng import Streams
from netgen.world.crowd import build_crowd

QUICK = {"cell_m": 100.0}
ONLY_RAN = ("nodes.mast.radio={capacity: 8 Mbit/s}",)
ONLY_MAST = ("nodes.ran.kind=cell", "nodes.ran.radio={capacity: 50 Mbit/s, peak_rate: 20 Mbit/s}")
SITES = "name,latitude,longitude,bearing_deg\nwest,52.50,13.40,0;120;240\neast,52.50,13.41,0;120;240\n"


def by_name(scenario, **options):
    return {made.name: made for made in coverage_maps(scenario, MapOptions(**options))}


def test_every_pipe_and_every_network_has_a_map(town):
    maps = by_name(town())
    assert list(maps) == ["ran", "mast-robust", "mast-rich"]
    ran, robust, rich = maps.values()
    assert (ran.quantity, ran.receiver, ran.activity, ran.pipe) == ("SINR", None, 1.0, None)
    assert (robust.quantity, robust.receiver, robust.activity) == ("C/N", "handheld", None)
    assert ran.required_db == pytest.approx(-7.6)
    assert robust.required_db < 0
    assert rich.required_db > 10
    assert set(ran.audiences) == {"indoors", "outdoors"}
    assert set(rich.audiences) == {"homes", "walkers"}
    assert rich.audiences["homes"].receiver == "roof-top"
    assert rich.audiences["homes"].probability > rich.audiences["walkers"].probability + 0.3
    assert np.all(robust.coverage.probability >= rich.coverage.probability)
    np.testing.assert_array_equal(robust.coverage.x_m, rich.coverage.x_m)
    assert maps["ran"].coverage.crs == LOCAL_CRS


def test_maps_hold_users_and_transmitters_and_reach_the_edge_of_reception(town):
    robust, rich = coverage_maps(town(*ONLY_MAST))
    x_m, y_m = robust.coverage.x_m, robust.coverage.y_m
    assert x_m[0] <= -3e3
    assert x_m[-1] >= 30e3
    assert y_m[0] <= -3e3
    assert y_m[-1] >= 3e3
    assert 0.02 < robust.coverage.probability[:, -1].max() < 0.2
    assert len(x_m) * len(y_m) < 50_000
    (west, south), _, (east, north), _ = rich.coverage.outline_m
    assert rich.served_km2 == pytest.approx((east - west) * (north - south) / 1e6)
    assert 20.0 < rich.served_km2 < 36.0
    x_m, y_m = np.meshgrid(np.linspace(west, east, 200), np.linspace(south, north, 200))
    inside = rich.coverage.at(x_m, y_m)
    for level in (0.05, 0.1, 0.5):
        assert rich.area_share(level) == pytest.approx((inside >= level).mean(), abs=0.02)


def test_users_shares_agree_with_the_map_where_they_have_its_receiver(town):
    scenario = town(*ONLY_MAST, "nodes.mast.radio.location_deviation=9 dB")
    robust, rich = coverage_maps(scenario, MapOptions(reception=Reception.HANDHELD))
    located = build_crowd(scenario, Streams(5), {})
    located.crowd.look(0.0)
    for made in (robust, rich):
        at_places = made.coverage.at(located.crowd.x_m, located.crowd.y_m)
        first = located.first["walkers"]
        expected = {"homes": at_places[:30].mean(), "walkers": at_places[first : first + 60].mean()}
        for name, share in made.audiences.items():
            assert share.receiver == "handheld"
            assert share.probability == pytest.approx(expected[name], abs=2e-3)
        weighted = (30 * expected["homes"] + 60 * expected["walkers"]) / 90
        assert made.population_probability == pytest.approx(weighted, abs=2e-3)


def test_walls_cost_coverage_in_cells(town):
    (ran,) = coverage_maps(town(*ONLY_RAN, "nodes.ran.radio.layout.spacing=2 km"), MapOptions(sinr_db=3.0))
    assert ran.audiences["outdoors"].probability > ran.audiences["indoors"].probability + 0.1
    # Three sectors of one site without neighbours: the users' mean is the service area's.
    area = float(ran.served.mean())
    assert ran.audiences["outdoors"].probability == pytest.approx(area, abs=0.12)


def test_the_settings_of_the_radio_are_used(town):
    base = by_name(town())
    for key, name in (
        ("nodes.ran.radio.activity=20 %", "ran"),
        ("nodes.ran.radio.shadowing=false", "ran"),
        ("nodes.mast.radio.location_deviation=9 dB", "mast-rich"),
        ("nodes.mast.radio.transmitters.main.power=1 kW", "mast-rich"),
    ):
        other = by_name(town(key), sinr_db=3.0)
        before = by_name(town(), sinr_db=3.0)[name] if name == "ran" else base[name]
        shares = [made.coverage.probability.mean() for made in (before, other[name])]
        assert shares[0] != shares[1], key


def test_several_transmitters_are_a_single_frequency_network(town):
    second = "nodes.mast.radio.transmitters.second={at: [-30 km, 0 m], height: 100 m, power: 10 kW}"
    alone, both = by_name(town(*ONLY_MAST))["mast-rich"], by_name(town(*ONLY_MAST, second))["mast-rich"]
    assert len(both.coverage.sites_m) == 2
    assert float(both.coverage.at(-30e3, 0.0)) > 0.95
    assert both.coverage.x_m[0] < alone.coverage.x_m[0]


def test_nothing_depends_on_the_order_or_on_other_maps(town):
    together, alone = by_name(town()), by_name(town(*ONLY_RAN))
    np.testing.assert_array_equal(together["ran"].coverage.probability, alone["ran"].coverage.probability)
    assert together["ran"].audiences == alone["ran"].audiences
    again = by_name(town())
    assert again["mast-rich"].audiences == together["mast-rich"].audiences


def test_sites_in_degrees_give_maps_with_a_place_on_earth(town, tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text(SITES, encoding="utf-8")
    maps = by_name(town(f"nodes.ran.radio.layout={{kind: sites, path: {path}}}"))
    assert "+proj=aeqd +lat_0=52.5" in maps["ran"].coverage.crs
    assert maps["mast-rich"].coverage.crs == maps["ran"].coverage.crs
    assert len(maps["ran"].coverage.sites_m) == 2


def test_cells_are_as_large_as_asked_for(town):
    (ran,) = coverage_maps(town(*ONLY_RAN), MapOptions(**QUICK))
    assert ran.cell_m == 100.0
    np.testing.assert_allclose(np.diff(ran.coverage.x_m), 100.0)
    for cell_m in (0.5, 1e5):
        with pytest.raises(InputError, match=r"--cell: .* cells of the map of ran, .*accepted: "):
            coverage_maps(town(*ONLY_RAN), MapOptions(cell_m=cell_m))


def test_options_that_nothing_heeds_are_refused(town):
    with pytest.raises(InputError, match=r"--receiver: .* no tower with transmitters"):
        coverage_maps(town(*ONLY_RAN), MapOptions(reception=Reception.MOBILE))
    with pytest.raises(InputError, match=r"--sinr: .* no cellular network"):
        coverage_maps(town(*ONLY_MAST), MapOptions(sinr_db=3.0))
    with pytest.raises(InputError, match="has no radio with places"):
        coverage_maps(town(*ONLY_RAN, *ONLY_MAST))


def test_the_map_stays_where_the_loss_is_known(town):
    strong = (
        "nodes.mast.radio.transmitters.main.power=10 MW",
        "nodes.mast.radio.transmitters.main.at=[60 km, 0 m]",
    )
    made = coverage_maps(town(*ONLY_MAST, *strong))[0]
    corner = np.hypot(made.coverage.x_m[0] - 60e3, made.coverage.y_m[0])
    assert 70e3 < corner <= 100e3
    west = "nodes.mast.radio.transmitters.west={at: [-60 km, 0 m], height: 100 m, power: 10 kW}"
    made = coverage_maps(town(*ONLY_MAST, *strong, west))[0]
    assert made.coverage.x_m[-1] < 5e3  # around the users, who are between the two
    with pytest.raises(
        InputError, match=r"nodes\.mast\.radio: the transmitters are spread over 122 km, .* to 100 km"
    ):
        coverage_maps(town(*strong, west, without=("homes", "walkers", "common")))


def test_a_tower_without_audience_is_mapped_as_a_whole(town):
    rich = by_name(town(without=("homes", "walkers", "common")))["mast-rich"]
    assert rich.served.size == rich.coverage.probability.size
    assert rich.population_probability is None
    assert rich.coverage.outline_m == ()


def test_a_missing_seed_is_told(town):
    with pytest.raises(InputError, match="has no seed"):
        coverage_maps(town().model_copy(update={"seed": None}))

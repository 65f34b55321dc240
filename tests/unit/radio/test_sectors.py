"""Sectors: what is refused, how sites and panels are found, and the nearest image."""

import numpy as np
import pytest

from netgen.propagation.antenna import SectorAntenna
from netgen.radio.sectors import Sectors

PANEL, TILTED = SectorAntenna(tilt_deg=6.0), SectorAntenna(tilt_deg=6.0, mechanical_tilt_deg=4.0)


def sectors(**changes) -> Sectors:
    """Two sites 1 km apart, two sectors each."""
    fields = {
        "x_m": [0.0, 0.0, 1000.0, 1000.0],
        "y_m": [0.0, 0.0, 0.0, 0.0],
        "height_m": 25.0,
        "site": [0, 0, 1, 1],
        "azimuth_deg": [0.0, 180.0, 0.0, 180.0],
        "power_dbm": 46.0,
        "antennas": (PANEL, TILTED),
        "antenna": [0, 1, 0, 0],
    }
    fields.update(changes)
    return Sectors(fields.pop("x_m"), fields.pop("y_m"), **fields)


def test_numbers_broadcast_and_arrays_are_read_only():
    network = sectors()
    assert network.count == 4
    assert network.sites == 2
    assert network.height_m.tolist() == [25.0] * 4
    assert network.first_of_site.tolist() == [0, 2]
    with pytest.raises(ValueError, match="read-only"):
        network.power_dbm[0] = 0.0


def test_panels_group_the_sectors_of_a_site_by_antenna():
    panels = [
        [(antenna, members.tolist()) for antenna, members in sectors().panels_of_site(site)]
        for site in (0, 1)
    ]
    assert panels == [[(PANEL, [0]), (TILTED, [1])], [(PANEL, [2, 3])]]


def test_the_nearest_image_counts():
    network = sectors(image_offsets_m=[[0.0, 0.0], [3000.0, 0.0], [0.0, -3000.0]])
    east_m, north_m = network.offset_m(1, np.array([100.0, 3900.0, 900.0]), np.array([50.0, 0.0, -2900.0]))
    assert east_m.tolist() == [-900.0, -100.0, -100.0]
    assert north_m.tolist() == [50.0, 0.0, 100.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_m": [], "y_m": [], "site": [], "azimuth_deg": [], "antenna": []}, "at least one sector"),
        ({"y_m": [0.0, 0.0, 0.0]}, r"y_m has the shape \(3,\), not \(4,\)"),
        ({"power_dbm": [46.0, np.nan, 46.0, 46.0]}, r"power_dbm\[1\] = nan is not finite"),
        ({"height_m": [25.0, 25.0, 0.0, 0.0]}, r"height_m\[2\] = 0.0 m is not positive"),
        ({"site": [0, 0, 2, 2]}, "site 1 has no sector"),
        ({"site": [0, 0, 1, 4]}, r"site\[3\] = 4 is not between 0 and 3"),
        ({"antenna": [0, 0, 0, 2]}, r"antenna\[3\] = 2 is not between 0 and 1"),
        ({"x_m": [0.0, 1.0, 1000.0, 1000.0]}, r"x_m\[1\] = 1.0 differs from 0.0 of another sector of site 0"),
        ({"image_offsets_m": [0.0, 0.0]}, r"not \(T, 2\)"),
    ],
)
def test_what_is_wrong_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        sectors(**changes)

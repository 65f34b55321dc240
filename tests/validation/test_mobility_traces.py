"""A floating car output written by hand, replayed in metres and in degrees."""

import numpy as np
import pytest

from netgen.mobility.trace import Trace
from netgen.mobility.trace_files import read_fcd
from netgen.topology.sites import LocalPlane

# A car at 10 m/s east, then braking; another one 2 s later at 5 m/s north that leaves early.
METRES = """<fcd-export>
<timestep time="0.00"><vehicle id="a" x="0.00" y="0.00" speed="10.00"/></timestep>
<timestep time="1.00"><vehicle id="a" x="10.00" y="0.00" speed="10.00"/></timestep>
<timestep time="2.00"><vehicle id="a" x="18.00" y="0.00" speed="6.00"/>
<vehicle id="b" x="50.00" y="7.00" speed="5.00"/></timestep>
<timestep time="3.00"><vehicle id="a" x="22.00" y="0.00" speed="2.00"/>
<vehicle id="b" x="50.00" y="12.00" speed="5.00"/></timestep>
<timestep time="4.00"><vehicle id="a" x="23.00" y="0.00" speed="0.00"/></timestep>
</fcd-export>
"""

# time: (x, y) of a, (x, y) of b, and who is there.
BY_HAND = {
    0.0: ((0.0, 0.0), (50.0, 7.0), (True, False)),
    0.25: ((2.5, 0.0), (50.0, 7.0), (True, False)),
    1.5: ((14.0, 0.0), (50.0, 7.0), (True, False)),
    2.0: ((18.0, 0.0), (50.0, 7.0), (True, True)),
    2.2: ((18.8, 0.0), (50.0, 8.0), (True, True)),
    3.0: ((22.0, 0.0), (50.0, 12.0), (True, True)),
    3.5: ((22.5, 0.0), (50.0, 12.0), (True, False)),
    4.0: ((23.0, 0.0), (50.0, 12.0), (True, False)),
    5.0: ((23.0, 0.0), (50.0, 12.0), (False, False)),
}


def test_a_file_in_metres_is_replayed(tmp_path):
    path = tmp_path / "fcd.xml"
    path.write_text(METRES, encoding="utf-8")
    model = Trace(read_fcd(path))
    assert model.names == ("a", "b")
    assert model.max_speed_mps == pytest.approx(10.0)
    for time_s, (first, second, there) in BY_HAND.items():
        np.testing.assert_allclose(np.array(model.positions_at(time_s)).T, [first, second], atol=1e-9)
        assert tuple(model.present) == there


def test_a_file_in_degrees_is_replayed(tmp_path):
    """The same places as degrees; six decimals, as SUMO writes them, are about a decimetre."""
    pytest.importorskip("pyproj", reason="degrees need pyproj")
    plane = LocalPlane.around(13.4, 52.5)

    def degrees(x_m, y_m):
        longitude, latitude = plane.to_earth(float(x_m), float(y_m))
        return f'x="{longitude:.6f}" y="{latitude:.6f}"'

    text = METRES
    for x_m, y_m in ((0, 0), (10, 0), (18, 0), (50, 7), (22, 0), (50, 12), (23, 0)):
        text = text.replace(f'x="{x_m:.2f}" y="{y_m:.2f}"', degrees(x_m, y_m))
    path = tmp_path / "fcd.xml"
    path.write_text(text, encoding="utf-8")
    model = Trace(read_fcd(path, to_plane=plane.to_plane))
    for time_s, (first, second, _) in BY_HAND.items():
        np.testing.assert_allclose(np.array(model.positions_at(time_s)).T, [first, second], atol=0.08)

"""Published bit-rate savings."""

from netgen.generative.bitrate_saving import load_bitrate_savings
from netgen.generative.profile import load_profiles


def test_savings_are_of_known_profiles_and_all_save():
    savings = load_bitrate_savings()
    assert {saving.compared_with for saving in savings} == {"vvc", "fomm", "fomm2", "face-vid2vid", "cfte"}
    for saving in savings:
        assert {saving.profile, saving.compared_with} <= set(load_profiles())
        assert -100 < saving.rate_dists_percent < 0
        assert -100 < saving.rate_lpips_percent < 0
        assert -100 < saving.rate_fid_percent < 0
        assert "Table 5" in saving.source


def test_columns_are_not_swapped():
    vvc = next(saving for saving in load_bitrate_savings() if saving.compared_with == "vvc")
    assert (vvc.rate_dists_percent, vvc.rate_lpips_percent, vvc.rate_fid_percent) == (-78.84, -73.0, -77.72)

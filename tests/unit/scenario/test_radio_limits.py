"""The figures by which a scenario's radio is refused at its line are those of the models."""

import pytest

from netgen.broadcast.atsc3 import RATES_FIFTEENTHS, Constellation
from netgen.broadcast.atsc3_frame import FrameConfig, allowed_pilot_patterns
from netgen.broadcast.lte_broadcast import MulticastConfig, blocks_for_channel, numerologies
from netgen.broadcast.receiver_class import Reception
from netgen.errors import ModelRangeError
from netgen.nr.numerology import RESOURCE_BLOCKS
from netgen.propagation import hata, terrain
from netgen.propagation.tower_loss import hata_tower_loss, terrain_tower_loss
from netgen.propagation.validity import check_ranges
from netgen.radio.handover import HandoverSettings
from netgen.scenario import radio_check as limits
from netgen.scenario.faults_check import hexagonal_sectors
from netgen.schema.audience import Terminal
from netgen.schema.radio import Atsc3Broadcast, Atsc3Pipe, Handover, HexagonalLayout, LteBroadcast
from netgen.topology.hexagonal import hexagonal_layout
from netgen.world.cellular import sector_names


def literals(model, name):
    return set(model.model_fields[name].annotation.__args__)


def test_carriers_are_those_of_the_resource_grid():
    assert {spacing_hz / 1e3: tuple(mhz) for spacing_hz, mhz in limits.CARRIER_MHZ.items()} == {
        float(khz): tuple(counts) for khz, counts in RESOURCE_BLOCKS.items()
    }


@pytest.mark.parametrize("environment", ["uma", "umi", "rma"])
@pytest.mark.parametrize(
    ("argument", "bounds"),
    [("base_height_m", limits.BASE_HEIGHT_M), ("user_height_m", limits.USER_HEIGHT_M)],
)
def test_heights_are_those_of_the_path_loss(environment, argument, bounds):
    good = {"carrier_hz": 3.5e9, "base_height_m": 25.0, "user_height_m": 1.5}
    low, high = bounds[environment]
    for height_m in (low, high):
        check_ranges(environment, **(good | {argument: height_m}))
    for height_m in (low - 0.01, high + 0.01):
        with pytest.raises(ModelRangeError):
            check_ranges(environment, **(good | {argument: height_m}))


def test_the_rural_carrier_is_that_of_the_path_loss():
    good = {"base_height_m": 35.0, "user_height_m": 1.5}
    check_ranges("rma", carrier_hz=limits.RURAL_CARRIER_HZ, **good)
    with pytest.raises(ModelRangeError):
        check_ranges("rma", carrier_hz=limits.RURAL_CARRIER_HZ * 1.001, **good)


def test_towers_are_those_of_the_propagation_models():
    assert {"hata": hata.BASE_HEIGHT_M, "itm": terrain.HEIGHT_M} == limits.TOWER_HEIGHT_M
    assert {"hata": hata.OKUMURA_HATA_HZ, "itm": terrain.CARRIER_HZ} == limits.TOWER_CARRIER_HZ
    loss = hata_tower_loss(600e6, base_height_m=100.0, mobile_height_m=1.5)
    assert loss.range_m == limits.TOWER_RANGE_M["hata"]


def test_the_terrain_model_reaches_as_far_as_is_said():
    pytest.importorskip("itmlogic", reason="the irregular terrain model needs itmlogic (netgen[itm])")
    loss = terrain_tower_loss(
        600e6, base_height_m=100.0, mobile_height_m=1.5, terrain_kind=terrain.Terrain(irregularity_m=90.0)
    )
    assert loss.range_m == limits.TOWER_RANGE_M["itm"]


def test_pilots_are_those_of_the_frame():
    for fft, guards in limits.PILOT_SPACINGS.items():
        size = limits.FFT_SIZE[fft]
        for guard in range(192, 4865, 64):
            if guard not in guards:
                with pytest.raises(ModelRangeError):
                    allowed_pilot_patterns(size, guard)
                continue
            repeats = (2,) if fft == "32K" else (2, 4)
            mine = {f"SP{spacing}_{repeat}" for spacing in guards[guard] for repeat in repeats}
            assert mine == set(allowed_pilot_patterns(size, guard))
            assert mine <= literals(Atsc3Broadcast, "pilots")


@pytest.mark.parametrize("fft", ["8K", "16K", "32K"])
@pytest.mark.parametrize("mhz", [6, 7, 8])
def test_frames_that_are_refused_at_their_line_are_refused_by_the_model(fft, mhz):
    guard, (spacing, *_) = next(iter(limits.PILOT_SPACINGS[fft].items()))
    size = limits.FFT_SIZE[fft]
    symbol_s = (size + guard) / (limits.SAMPLES_PER_HZ * mhz * 1e6)

    def frame(symbols):
        return FrameConfig(size, guard, f"SP{spacing}_2", symbols, bandwidth_hz=mhz * 1e6)

    good = frame(round(0.25 / symbol_s))
    assert good.useful_symbol_s + good.guard_interval_s == pytest.approx(symbol_s, rel=1e-12)
    assert good.duration_s == pytest.approx(
        limits.BOOTSTRAP_S + (good.preamble_symbols + good.payload_symbols) * symbol_s, rel=1e-9
    )
    fewest, most = limits.frame_symbols(symbol_s, good.preamble_symbols)
    assert frame(fewest).duration_s < frame(most).duration_s
    with pytest.raises(ModelRangeError, match=r"frame|payload_symbols"):
        frame(fewest - 1)
    with pytest.raises(ModelRangeError, match="frame"):
        frame(most + 1)
    assert 1 <= good.preamble_symbols <= limits.MOST_PREAMBLE_SYMBOLS


def test_words_are_those_of_the_models():
    assert literals(Atsc3Pipe, "constellation") == {str(name.value) for name in Constellation}
    assert literals(Atsc3Pipe, "code_rate") == {f"{rate}/15" for rate in RATES_FIFTEENTHS}
    assert literals(LteBroadcast, "spacing") == set(numerologies())
    assert literals(Terminal, "receiver") == {str(name.value) for name in Reception}
    assert [blocks_for_channel(mhz * 1e6) for mhz in limits.BROADCAST_MHZ] == [30, 35, 40]
    bounds = {type(note).__name__: note for note in LteBroadcast.model_fields["mcs"].metadata}
    assert bounds["Le"].le == 27
    with pytest.raises(ModelRangeError, match="0 to 27"):
        MulticastConfig("1.25kHz", 40, 28)


@pytest.mark.parametrize("name", ["offset_db", "hysteresis_db", "time_to_trigger_s", "interruption_s"])
def test_handovers_are_those_of_the_model(name):
    note = next(note for note in Handover.model_fields[name].metadata if hasattr(note, "bounds_text"))
    other = {} if name == "hysteresis_db" else {"hysteresis_db": 15.0}
    HandoverSettings(**{**other, name: note.le})
    HandoverSettings(**{**other, name: note.ge})
    with pytest.raises(ValueError, match=name):
        HandoverSettings(**{**other, name: note.le + 0.1})


@pytest.mark.parametrize("sites", [1, 7, 19, 37])
@pytest.mark.parametrize("sectors", [1, 3])
def test_sectors_of_a_hexagonal_layout_are_those_of_the_network(sites, sectors):
    layout = hexagonal_layout(sites, inter_site_distance_m=500.0, height_m=25.0, sectors=sectors)
    spec = HexagonalLayout(kind="hexagonal", sites=sites, sectors=sectors)
    assert tuple(hexagonal_sectors(spec)) == sector_names(layout)

"""Models of the radios of cells, cellular networks and towers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from netgen import units
from netgen.schema.fields import (
    Delay,
    FilePath,
    LossShare,
    Name,
    Names,
    Quantity,
    Rate,
    Share,
    StrictModel,
    Truth,
    Whole,
    kind_tag,
    variant,
)
from netgen.schema.places import Distance, Extent, Holes, Point

NoiseFigure = Annotated[float, Quantity(units.LEVEL, ge=0, le=50)]
Frequency = Annotated[float, Quantity(units.FREQUENCY, gt=0, le=1e12)]
Bandwidth = Annotated[float, Quantity(units.FREQUENCY, ge=1e6, le=1e9)]
RadioPower = Annotated[float, Quantity(units.POWER, gt=0, le=1e8)]
Tilt = Annotated[float, Quantity(units.ANGLE, ge=-90, le=90)]


class CellRadio(StrictModel):
    """The shared downlink of a cell with fixed rates."""

    capacity_bps: Rate = Field(alias="capacity", description="downlink rate that all users of the cell share")
    peak_rate_bps: Rate = Field(alias="peak_rate", description="most that one user receives")


class HexagonalLayout(StrictModel):
    """Sites on a hexagonal grid around the origin, in full rings."""

    kind: Literal["hexagonal"] = Field(description="hexagonal")
    sites: Literal[1, 7, 19, 37] = Field(
        19, description="number of sites: 0 to 3 rings around the middle one"
    )
    spacing_m: Extent = Field(500.0, alias="spacing", description="distance between neighbouring sites")
    sectors: Literal[1, 3] = Field(3, description="sectors of each site; three look to 30, 150 and 270 deg")
    height_m: Distance = Field(25.0, alias="height", description="height of the antennas above ground")
    wrap_around: Truth = Field(
        False, description="whether the layout is surrounded by images of itself, so that it has no edge"
    )


class ListedLayout(StrictModel):
    """Sites from a CSV or GeoJSON file, in metres or in latitude and longitude."""

    kind: Literal["sites"] = Field(description="sites")
    path: FilePath = Field(description="CSV or GeoJSON file of sites")
    height_m: Distance = Field(
        25.0, alias="height", description="height of the antennas where the file gives none"
    )


LayoutField = Annotated[
    Annotated[HexagonalLayout, Tag("kind=hexagonal")] | Annotated[ListedLayout, Tag("kind=sites")],
    variant(kind_tag),
]


class PanelAntenna(StrictModel):
    """The antenna of a sector: a column of TR 38.901 elements with electrical down-tilt."""

    elements: Annotated[Whole, Field(ge=1, le=64)] = Field(10, description="elements above each other")
    spacing: Annotated[float, Quantity(units.NUMBER, gt=0, le=4)] = Field(
        0.5, description="distance between elements, in wavelengths"
    )
    tilt_deg: Tilt = Field(12.0, alias="tilt", description="electrical tilt below the horizon")


class Handover(StrictModel):
    """When a user changes its sector: event A3 of the radio resource control."""

    offset_db: Annotated[float, Quantity(units.LEVEL, ge=-15, le=15)] = Field(
        0.0, alias="offset", description="how much better a neighbour must be (A3 offset)"
    )
    hysteresis_db: Annotated[float, Quantity(units.LEVEL, ge=0, le=15)] = Field(
        3.0, alias="hysteresis", description="added to the offset to enter, taken from it to leave"
    )
    time_to_trigger_s: Annotated[float, Quantity(units.DURATION, ge=0, le=60)] = Field(
        0.256, alias="time_to_trigger", description="how long the condition must hold"
    )
    filter_coefficient: Annotated[Whole, Field(ge=0, le=19)] = Field(
        4, alias="filter", description="coefficient k of the layer-3 filter, which forgets by 1/2^(k/4)"
    )
    interruption_s: Annotated[float, Quantity(units.DURATION, ge=0, le=60)] = Field(
        0.05, alias="interruption", description="time without data after a handover"
    )


class Guarantee(StrictModel):
    """A rate that users of a service are given before all others share what is left."""

    rate_bps: Rate = Field(alias="rate", description="guaranteed bit rate of each user")
    priority: Annotated[Whole, Field(ge=0, le=127)] = Field(0, description="0 is served first")


class CellularRadio(StrictModel):
    """The radio of a cellular network: sites, channel, air interface, scheduler."""

    layout: LayoutField = Field(description="where the sites are")
    environment: Literal["uma", "umi", "rma"] = Field(
        "uma", description="TR 38.901 scenario: urban macro, urban micro street canyon, rural macro"
    )
    carrier_hz: Annotated[float, Quantity(units.FREQUENCY, ge=5e8, le=1e11)] = Field(
        alias="carrier", description="carrier frequency"
    )
    bandwidth_hz: Bandwidth = Field(
        alias="bandwidth", description="channel bandwidth of TS 38.101, 5 to 100 MHz"
    )
    subcarrier_spacing_hz: Frequency = Field(3e4, alias="subcarrier_spacing", description="15 kHz or 30 kHz")
    power_w: RadioPower = Field(
        39.810717055349734, alias="power", description="power of each sector over its carrier"
    )
    noise_figure_db: NoiseFigure = Field(9.0, alias="noise_figure", description="of the terminals")
    antenna: PanelAntenna = Field(PanelAntenna(), description="antenna of each sector")
    shadowing: Truth = Field(True, description="whether there is shadow fading")
    mcs_table: Literal["64qam", "256qam"] = Field("256qam", description="modulation and coding of TS 38.214")
    overhead: LossShare | None = Field(
        None, description="share of the resource elements without data; null for the standard's signals"
    )
    downlink_share: Annotated[float, Quantity(units.RATIO, gt=0, le=1)] = Field(
        1.0, description="share of the slots that carry downlink; 1 with a carrier of its own (FDD)"
    )
    fading: Literal["none", "rayleigh"] = Field(
        "none", description="small-scale fading over which the rate is averaged"
    )
    target_bler: Annotated[float, Quantity(units.RATIO, gt=0, lt=1)] = Field(
        0.1, description="block error rate of first transmissions at which link adaptation aims"
    )
    scheduler: Literal["round-robin", "proportional-fair", "max-min"] = Field(
        "proportional-fair", description="how a sector shares its resource blocks"
    )
    guarantees: Mapping[Name, Guarantee] = Field(
        default_factory=dict, description="guaranteed bit rates, by service"
    )
    multicast: Names = Field(
        (), description="services that a sector sends once for all of its users who watch them"
    )
    activity: Share | None = Field(
        None,
        description="share of the resource blocks that interfere; null for those in use, sector by sector",
    )
    handover: Handover = Field(Handover(), description="when users change their sector")
    give_up_late: Truth = Field(
        False, description="whether segments that have missed their deadline leave the queues of the sectors"
    )
    tolerance_m: Annotated[float, Quantity(units.DISTANCE, ge=0, le=1000)] = Field(
        1.0,
        alias="tolerance",
        description="path loss is computed anew when a user has moved by more than this",
    )
    compute: Literal["numpy", "numba", "torch"] = Field(
        "numpy", description="what computes the radio: the reference, compiled, or on a device"
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="device of compute: torch")


class FixedBroadcast(StrictModel):
    """The one broadcast channel of a tower with a fixed rate."""

    kind: Literal["fixed"] = Field("fixed", description="fixed")
    capacity_bps: Rate = Field(alias="capacity", description="rate of the broadcast channel")
    delay_s: Delay = Field(1e-3, alias="delay", description="delay from the tower to every receiver")
    coverage: Annotated[float, Quantity(units.RATIO, gt=0, le=1)] = Field(
        1.0, description="share of the audience that is inside coverage"
    )
    segment_loss: LossShare = Field(
        0.0, description="probability that one user inside coverage loses one segment"
    )
    lost_share: Annotated[float, Quantity(units.RATIO, gt=0, le=1)] = Field(
        1.0, description="share of a lost segment's bits that are missing, when a cell repairs it"
    )
    holes: Holes = Field(
        (),
        description="areas without reception, such as tunnels: discs and rectangles, as places of audiences",
    )


class BroadcastTransmitter(StrictModel):
    """One transmitter of a broadcast network."""

    at: Point = Field(description="east and north of the origin")
    height_m: Distance = Field(alias="height", description="height of the antenna above ground")
    power_w: RadioPower = Field(alias="power", description="radiated power (EIRP)")
    delay_s: Annotated[float, Quantity(units.DURATION, ge=0, le=1)] = Field(
        0.0, alias="delay", description="static delay of its signal, for the timing of the network"
    )


class _PhysicalBroadcast(StrictModel):
    carrier_hz: Annotated[float, Quantity(units.FREQUENCY, ge=3e7, le=3e9)] = Field(
        alias="carrier", description="carrier frequency"
    )
    transmitters: Annotated[Mapping[Name, BroadcastTransmitter], Field(min_length=1)] = Field(
        description="transmitters, by name; several are a single-frequency network"
    )
    propagation: Literal["hata", "itm", "free-space"] = Field(
        "hata",
        description="Okumura-Hata to 100 km (towers of 30 to 200 m), Longley-Rice (irregular terrain), or free space",
    )
    surroundings: Literal["urban", "suburban", "open"] = Field(
        "suburban", description="what stands around the receivers; for propagation: hata"
    )
    irregularity_m: Annotated[float, Quantity(units.DISTANCE, ge=0, le=3000)] = Field(
        90.0,
        alias="irregularity",
        description="interdecile range of the ground's height; for propagation: itm",
    )
    fading: Literal["awgn", "rice", "rayleigh"] = Field(
        "rice", description="small-scale fading for which the required C/N holds"
    )
    location_deviation_db: Annotated[float, Quantity(units.LEVEL, ge=0, le=30)] = Field(
        5.5, alias="location_deviation", description="standard deviation of the lognormal location variation"
    )
    location_correlation_m: Distance = Field(
        100.0, alias="location_correlation", description="correlation distance of the location variation"
    )
    delay_s: Delay = Field(1e-3, alias="delay", description="delay of processing and way to every receiver")
    interleaving_s: Annotated[float, Quantity(units.DURATION, ge=0, le=10)] = Field(
        0.2, alias="interleaving", description="depth of the time interleaver"
    )
    fade_s: Annotated[float, Quantity(units.DURATION, gt=0, le=10)] = Field(
        0.1, alias="fade", description="mean duration of a fade near the threshold"
    )
    repair: Share = Field(0.05, description="repair symbols over source symbols of each object (AL-FEC)")
    holes: Holes = Field(
        (),
        description="areas without reception, such as tunnels: discs and rectangles, as places of audiences",
    )


class Atsc3Pipe(StrictModel):
    """A physical-layer pipe of ATSC 3.0: modulation, code, and its share of the frame."""

    constellation: Literal["QPSK", "16QAM", "64QAM", "256QAM", "1024QAM", "4096QAM"] = Field(
        description="constellation"
    )
    code_rate: Literal[
        "2/15", "3/15", "4/15", "5/15", "6/15", "7/15", "8/15", "9/15", "10/15", "11/15", "12/15", "13/15"
    ] = Field(description="code rate")
    share: Annotated[float, Quantity(units.RATIO, ge=0.001, le=1)] = Field(
        1.0, description="share of the frame's cells"
    )


class Atsc3Broadcast(_PhysicalBroadcast):
    """ATSC 3.0: transmitters, frame and physical-layer pipes."""

    kind: Literal["atsc3"] = Field(description="atsc3")
    fft: Literal["8K", "16K", "32K"] = Field("16K", description="FFT size")
    guard: Annotated[Whole, Field(ge=1)] = Field(
        1024, description="guard interval in samples, as the FFT size allows"
    )
    pilots: Literal[
        "SP3_2", "SP3_4", "SP4_2", "SP4_4", "SP6_2", "SP6_4", "SP8_2", "SP8_4",
        "SP12_2", "SP12_4", "SP16_2", "SP16_4", "SP24_2", "SP24_4", "SP32_2", "SP32_4",
    ] = Field("SP6_2", description="scattered pilot pattern, as FFT size and guard interval allow")  # fmt: skip
    symbols: Annotated[Whole, Field(ge=2, le=4096)] = Field(80, description="payload symbols of a frame")
    bandwidth_hz: Bandwidth = Field(6e6, alias="bandwidth", description="6, 7 or 8 MHz")
    pipes: Annotated[Mapping[Name, Atsc3Pipe], Field(min_length=1)] = Field(
        description="physical-layer pipes, by name; a service is sent in the first unless it names another"
    )


class LteBroadcast(_PhysicalBroadcast):
    """LTE-based 5G terrestrial broadcast: transmitters, numerology, modulation and coding."""

    kind: Literal["5g-broadcast"] = Field(description="5g-broadcast")
    bandwidth_hz: Bandwidth = Field(8e6, alias="bandwidth", description="6, 7 or 8 MHz")
    spacing: Literal["15kHz", "7.5kHz", "2.5kHz", "1.25kHz", "0.37kHz-sl2", "0.37kHz-sl4"] = Field(
        "1.25kHz", description="subcarrier spacing; 0.37 kHz has two patterns of reference signals"
    )
    mcs: Annotated[Whole, Field(ge=0, le=27)] = Field(
        9, description="modulation and coding of the channel (TS 36.213)"
    )


def _tower_tag(radio: Mapping[str, Any]) -> str:
    return kind_tag(radio) if "kind" in radio or "transmitters" in radio else "kind=fixed"


TowerRadio = FixedBroadcast | Atsc3Broadcast | LteBroadcast
TowerRadioField = Annotated[
    Annotated[FixedBroadcast, Tag("kind=fixed")]
    | Annotated[Atsc3Broadcast, Tag("kind=atsc3")]
    | Annotated[LteBroadcast, Tag("kind=5g-broadcast")],
    variant(_tower_tag),
]

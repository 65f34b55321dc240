"""Broadcast against the public bit-rate calculator, published thresholds and calculations by hand."""

from __future__ import annotations

import math

import numpy as np

from netgen.broadcast.atsc3 import Constellation, Pipe, net_bit_rate_bps, required_cn_db
from netgen.broadcast.atsc3_frame import FrameConfig
from netgen.broadcast.object_fec import ObjectCode, object_loss_probability
from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.broadcast.single_frequency import SymbolTiming, arrival_delay_s, median_power_dbm, sfn_sinr
from netgen.broadcast.transmitter import Transmitter
from netgen.propagation.tower_loss import TowerLoss
from netgen.verify.check import Check
from netgen.verify.tables import reference_rows

_BIT_RATE_TOLERANCE_BPS = 1000.0
_THRESHOLD_TOLERANCE_DB = 0.06
_SFN_TOLERANCE_DB = 1e-5
_OBJECT_TOLERANCE = 1e-8
_SMALLEST_LOSS = 1e-12

_LIGHT_M_S = 299_792_458.0
_USEFUL_S, _CARRIER_HZ, _CHANNEL_HZ = 1e-3, 600e6, 6e6
_MAST_M, _EIRP_DBM = 100.0, 60.0
_NEAR_M, _FAR_M = 10e3, 40e3

_CODES = (ObjectCode(3, 5), ObjectCode(20, 24), ObjectCode(100, 110), ObjectCode(64, 256))
_LOSSES = (1e-3, 0.02, 0.05, 0.1, 0.3, 0.7)


def check_bit_rates() -> Check:
    """Net bit rates of 4 frames by 72 constellations and code rates in 6 MHz."""
    rows = reference_rows("atsc3_bitrates.csv")
    off_bps = [
        net_bit_rate_bps(_frame(row), Pipe(Constellation(row["constellation"]), int(row["rate_fifteenths"])))
        - float(row["bit_rate_mbps"]) * 1e6
        for row in rows
    ]
    return Check.within(
        f"ATSC 3.0, {len(rows)} net bit rates, worst difference [bit/s]",
        float(np.max(np.abs(off_bps))),
        0.0,
        _BIT_RATE_TOLERANCE_BPS,
        "the public calculator atsc3rate (drmpeg/dtv-utils), printed to 100 bit/s (atsc3_bitrates.csv)",
    )


def check_thresholds() -> Check:
    """Required C/N on AWGN against the published cells."""
    rows = reference_rows("atsc3_published_cn.csv")
    off_db = [
        required_cn_db(Constellation(row["constellation"]), int(row["rate_fifteenths"]))
        - float(row["a327_db"])
        for row in rows
    ]
    return Check.within(
        f"ATSC 3.0, {len(rows)} published C/N thresholds, worst difference [dB]",
        float(np.max(np.abs(off_db))),
        0.0,
        _THRESHOLD_TOLERANCE_DB,
        "ATSC A/327:2018, AWGN; the offset over a link simulation was fitted to these (atsc3_published_cn.csv)",
    )


def two_towers_sinr_db(guard_s: float) -> float:
    """SINR 10 km from one tower and 40 km from another that sends the same, by hand.

    Both radiate 60 dBm from 100 m over free space at 600 MHz. The second arrives 30 km / c = 100.07 us after the
    first, so it adds with a longer guard interval. With a shorter one, what is late by t counts for
    ((1 ms - t) / 1 ms)^2 as signal and otherwise as interference.
    """
    receiver = receiver_class(Reception.PORTABLE_OUTDOOR)
    noise_mw = 10.0 ** (receiver.noise_dbm(_CHANNEL_HZ) / 10.0)
    above_m = _MAST_M - receiver.height_m
    power_mw = []
    for distance_m in (_NEAR_M, _FAR_M):
        wavelengths = math.hypot(distance_m, above_m) * _CARRIER_HZ / _LIGHT_M_S
        loss_db = 20.0 * math.log10(4.0 * math.pi * wavelengths)
        power_mw.append(10.0 ** ((_EIRP_DBM - loss_db + receiver.net_gain_db) / 10.0))
    late_s = max((_FAR_M - _NEAR_M) / _LIGHT_M_S - guard_s, 0.0)
    share = (1.0 - late_s / _USEFUL_S) ** 2
    useful_mw = power_mw[0] + share * power_mw[1]
    return 10.0 * math.log10(useful_mw / (noise_mw + (1.0 - share) * power_mw[1]))


def check_single_frequency() -> list[Check]:
    """Two towers with the second inside and outside the guard interval."""
    checks = []
    for where, guard_s in (("inside", 101e-6), ("outside", 50e-6)):
        name = f"two towers, second {where} the guard interval, SINR [dB]"
        source = "by hand (netgen.verify.broadcast.two_towers_sinr_db)"
        found_db = _simulated_two_towers_db(guard_s)
        checks.append(Check.within(name, found_db, two_towers_sinr_db(guard_s), _SFN_TOLERANCE_DB, source))
    return checks


def check_object_code() -> Check:
    """Loss of objects under independent packet loss against the sum over all numbers of lost packets."""
    off = []
    for code in _CODES:
        for loss in _LOSSES:
            exact = lost_object(code, loss)
            found = float(object_loss_probability(code, loss))
            off.append((found - exact) / max(exact, _SMALLEST_LOSS))
    return Check.within(
        f"erasure-coded objects, {len(off)} loss probabilities, worst relative difference",
        float(np.max(np.abs(off))),
        0.0,
        _OBJECT_TOLERANCE,
        "binomial sum over lost packets (netgen.verify.broadcast.lost_object); overhead of RFC 6330 codes",
    )


def lost_object(code: ObjectCode, loss: float) -> float:
    """Loss probability of an object of K symbols sent as N, summed term by term.

    With fewer than K of N packets it is lost. With K + e it is lost with probability 10^-2 (1 + e), RaptorQ's, unless
    all K source symbols are among them.
    """
    source, sent = code.source_symbols, code.sent_symbols
    terms = []
    for lost in range(sent + 1):
        of_each = loss**lost * (1.0 - loss) ** (sent - lost)
        ways = math.comb(sent, lost)
        if sent - lost < source:
            terms.append(ways * of_each)
        else:
            harmless = math.comb(sent - source, lost)
            terms.append((ways - harmless) * of_each * 10.0 ** (-2 * (1 + sent - lost - source)))
    return math.fsum(terms)


def _frame(row: dict[str, str]) -> FrameConfig:
    """Frame of a row of the bit-rate table."""
    return FrameConfig(
        int(row["fft_size"]),
        int(row["guard_samples"]),
        row["pilot_pattern"],
        int(row["payload_symbols"]),
        reduced_carriers=int(row["reduced_carriers"]),
        l1_basic_mode=int(row["l1_basic_mode"]),
        l1_detail_mode=int(row["l1_detail_mode"]),
        first_boundary_symbol=row["first_boundary_symbol"] == "1",
        pilot_boost=int(row["pilot_boost"]),
        tone_reservation=row["tone_reservation"] == "1",
    )


def _simulated_two_towers_db(guard_s: float) -> float:
    """The SINR of `two_towers_sinr_db` as the model computes it."""
    receiver = receiver_class(Reception.PORTABLE_OUTDOOR)
    towers = [Transmitter(x_m, 0.0, _MAST_M, _EIRP_DBM) for x_m in (0.0, _NEAR_M + _FAR_M)]
    free = TowerLoss(
        "free space", _CARRIER_HZ, _MAST_M, receiver.height_m, np.array([1e3, 100e3]), np.zeros(2)
    )
    power_dbm = median_power_dbm(towers, [_NEAR_M], [0.0], receiver=receiver, losses=[free, free])
    sinr = sfn_sinr(
        10.0 ** (power_dbm / 10.0),
        arrival_delay_s(towers, [_NEAR_M], [0.0]),
        10.0 ** (receiver.noise_dbm(_CHANNEL_HZ) / 10.0),
        timing=SymbolTiming(_USEFUL_S, guard_s),
    )
    return 10.0 * math.log10(float(sinr[0]))

"""A record of calibration, as `netgen calibrate` would make it."""

import pytest

from netgen.actions.contract import Stage
from netgen.calibration.record import (
    CalibrationRecord,
    Clip,
    DeviceUsed,
    Energy,
    Memory,
    Model,
    Origin,
    Spread,
    Times,
)
from netgen.media.quality import Quality, SemanticEstimate


@pytest.fixture
def record():
    return CalibrationRecord(
        profile="restore-half",
        action="amplify.restore",
        mode="semi-reference",
        playable=False,
        learned=True,
        compatibility="weights",
        domain="amplify.restore[scale=2]",
        parameters={"scale": 2},
        knob="crf",
        knob_value=31.0,
        clip=Clip("clips-v1", "portrait", "talking-face", "ab12", (480, 272), 25.0, 1.0),
        segment_bits=(10000, 12000, 11000),
        generative_bits=24,
        frames=75,
        quality=Quality(34.123456789, 0.9, 0.98765432101, 71.25, SemanticEstimate(0.8, 0.7, 0.9)),
        times=Times(
            contract=Spread(0.001, 0.00212345, 0.003),
            expand=Spread(0.01, 0.02, 0.03),
            contract_to_rate_s_per_frame=0.00612345,
            contract_to_rate_bpp=0.0034,
            contract_stages={Stage.ENTROPY: Spread(0.001, 0.002, 0.003)},
            expand_stages={Stage.INFER: Spread(0.01, 0.02, 0.03)},
            load_s=0.5,
            first_contract_s=0.25,
            first_expand_s=1.5,
            repeats=3,
            segments=3,
        ),
        memory=Memory(100, 900, None, "VmHWM"),
        energy=Energy(None, None, "none"),
        model=Model(1000, "cd34", False, True, None, 2.5e9),
        device=DeviceUsed("cpu", "a processor", 2, 1, None, None, 1.23456789e11),
        origin=Origin(
            "measured",
            "2026-01-31",
            "netgen calibrate restore-half",
            0.5,
            "float32",
            4,
            False,
            (("netgen", "1"), ("av", "18")),
        ),
    )

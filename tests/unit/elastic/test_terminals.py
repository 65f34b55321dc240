"""What terminals can generate, when it is ready, and what is left in the battery; all by hand."""

from dataclasses import replace

import numpy as np
import pytest

from netgen.elastic.terminals import Generator, Piece, TerminalKind, Terminals, number_users
from netgen.engine.parcel import Parcel
from netgen.engine.population import Population
from netgen.engine.service import Service
from netgen.generative.action import GenerativeAction, Menu
from netgen.generative.device import find_device
from netgen.generative.operating_point import ANY_DEVICE, CodingMode, Work
from netgen.generative.representation import Representation
from netgen.media.segment_track import SegmentTrack
from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance

S = 10**9
DECLARED = Provenance.DECLARED


def work(seconds: float) -> Work:
    """So many seconds for a second of video, on whatever device."""
    return Work(seconds, None, None, None, ANY_DEVICE, None, None, DECLARED, "declared", duration_s=1.0)


ACTION = GenerativeAction(
    name="key", mode=CodingMode.SEMI_REFERENCE, bits_per_pixel=0.1, semantic_fidelity=0.9,
    fidelity_provenance=DECLARED, provenance=DECLARED, playable=False, learned=True, generative_share=1.0,
    expanded_rate_bps=None, psnr_db=None, ms_ssim=None, contract_work=work(0.01), expand_work=work(0.1),
    memory_bytes=2_000,
)  # fmt: skip
PHONE = TerminalKind(Generator(find_device("L4"), 2.0, 4_000, 5.0), battery_joule=10.0)
"""0.1 s a second of video twice as slow is 0.2 s, at 5 W 1 J of its 10 J."""


def service(name: str = "angle") -> Service:
    track = SegmentTrack(VideoFormat(100, 100, 10.0), 1.0, np.array([1000]), np.array([10]), DECLARED)
    return Service(
        name=name, content="film", content_class="natural", track=track, semantic_bits=40.0, source="A", paths={},
        multicast=False, deadline_ns=None, required_fidelity=0.0, loss_tolerance=0.0,
        offers_ns=np.array([0, S, 2 * S]), pacing=0.0, personal=True, key=np.uint64(1),
    )  # fmt: skip


def contracted(index: int = 0, name: str = "angle", action: GenerativeAction = ACTION) -> Parcel:
    source = Representation.source(1000)
    return Parcel(
        service=service(name), index=index, frames=10, source_bits=1000, copies=1, copy=0, offered_ns=index * S,
        representation=action.contract(source, frames=10, pixels=10_000), receivers=("C",), path=("A",), stages=(),
    )  # fmt: skip


def terminals(
    users: list[str], kinds: dict, *, audiences: list[str] | None = None, action=ACTION
) -> Terminals:
    count = len(users)
    population = Population(
        users=users, nodes=["C"] * count, audiences=audiences or ["crowd"] * count,
        services=[f"s{row}" for row in range(count)], source_kinds=["cellular"] * count, join_s=np.zeros(count),
    )  # fmt: skip
    return Terminals(population, menu=Menu({("key", "natural"): action}), kinds=kinds)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_an_expansion_takes_the_devices_time_and_the_generators_energy(floats):
    phones = terminals(["a", "b"], {"crowd": PHONE})
    can, ready_s, made = phones.expand(contracted(), rows(0, 1), floats(0.3, 0.5))
    assert can.tolist() == [True, True]
    assert ready_s.tolist() == pytest.approx([0.5, 0.7], abs=1e-12)
    assert phones.energy_joule.tolist() == pytest.approx([1.0, 1.0], abs=1e-12)
    assert phones.battery_left.tolist() == pytest.approx([0.9, 0.9], abs=1e-12)
    assert (made.bits, made.contracted_by, made.generated) == (1000, None, True)
    assert made.semantic_fidelity == 0.9


def test_a_terminal_expands_one_segment_after_the_other(floats):
    """Two rows of one user: the second waits for the first, another user's does not."""
    phones = terminals(["a", "a", "b"], {"crowd": PHONE})
    phones.expand(contracted(), rows(0), floats(0.3))
    assert phones.wait_s(rows(0, 1, 2), 0.4).tolist() == pytest.approx([0.1, 0.1, 0.0], abs=1e-12)
    _, ready_s, _ = phones.expand(contracted(), rows(1, 2), floats(0.4, 0.4))
    assert ready_s.tolist() == pytest.approx([0.7, 0.6], abs=1e-12)
    assert phones.energy_joule.tolist() == pytest.approx([1.0, 1.0, 1.0], abs=1e-12)
    assert phones.battery_left.tolist() == pytest.approx([0.8, 0.8, 0.9], abs=1e-12)


def test_a_queue_grows_where_an_expansion_takes_longer_than_a_segment_lasts(floats):
    slow = replace(PHONE, generator=replace(PHONE.generator, slowdown=15.0), battery_joule=None)
    phones = terminals(["a"], {"crowd": slow})
    ready_s = [phones.expand(contracted(k), rows(0), floats(k + 0.1))[1][0] for k in range(3)]
    assert ready_s == pytest.approx([1.6, 3.1, 4.6], abs=1e-12)


def test_a_battery_that_pays_for_three_segments_is_empty_at_the_fourth(floats):
    """0.3 J are there and each segment takes 0.1 J, whose threefold is not exactly 0.3: the third is still paid for."""
    weak = TerminalKind(
        Generator(find_device("L4"), 1.0, 4_000, 1.0), battery_joule=1.0, charge=0.3
    )  # 0.1 s at 1 W
    phones = terminals(["a"], {"crowd": weak})
    got = [bool(phones.expand(contracted(k), rows(0), floats(k + 0.1))[0][0]) for k in range(4)]
    assert got == [True, True, True, False]
    assert phones.battery_left[0] == pytest.approx(0.0, abs=1e-12)
    assert phones.energy_joule[0] == pytest.approx(0.3, abs=1e-12)
    assert not phones.able(contracted(4), rows(0))[0]


def test_what_an_empty_battery_does_not_pay_for_takes_no_time_and_has_no_instant(floats):
    weak = replace(PHONE, battery_joule=0.5)
    phones = terminals(["a", "b"], {"weak": weak, "crowd": PHONE}, audiences=["weak", "crowd"])
    can, ready_s, _ = phones.expand(contracted(), rows(0, 1), floats(0.0, 0.0))
    assert can.tolist() == [False, True]
    assert np.isnan(ready_s[0])
    assert phones.wait_s(rows(0, 1), 0.0).tolist() == pytest.approx([0.0, 0.2], abs=1e-12)
    assert phones.battery_left.tolist() == pytest.approx([1.0, 0.9], abs=1e-12)


def test_on_the_mains_nothing_runs_out(floats):
    mains = replace(PHONE, battery_joule=None)
    phones = terminals(["a"], {"crowd": mains})
    for k in range(50):
        phones.expand(contracted(k), rows(0), floats(float(k)))
    assert phones.battery_left.tolist() == [1.0]
    assert phones.energy_joule.tolist() == pytest.approx([50.0], abs=1e-9)
    assert phones.able(contracted(50), rows(0)).tolist() == [True]


@pytest.mark.parametrize(("memory", "able"), [(1_999, False), (2_000, True)])
def test_the_model_must_fit_into_the_terminals_memory(memory, able):
    kind = replace(PHONE, generator=replace(PHONE.generator, memory_bytes=memory))
    phones = terminals(["a"], {"crowd": kind})
    assert phones.able(contracted(), rows(0)).tolist() == [able]
    piece = Piece.of(contracted())
    assert np.isfinite(phones.expand_s(rows(0), ACTION, piece)).tolist() == [able]
    assert phones.joule(rows(0), ACTION, piece).tolist() == pytest.approx([1.0 if able else 0.0], abs=1e-12)


def test_without_a_generator_or_a_known_audience_nothing_is_expanded(floats):
    kinds = {"bare": TerminalKind(None, battery_joule=10.0, charge=0.4)}
    phones = terminals(["a", "n"], kinds, audiences=["bare", ""])
    can, _, _ = phones.expand(contracted(), rows(0, 1), floats(0.0, 0.0))
    assert can.tolist() == [False, False]
    assert phones.energy_joule.tolist() == [0.0, 0.0]
    assert phones.battery_left.tolist() == pytest.approx([0.4, 1.0], abs=1e-12)


def test_what_no_source_gives_a_time_for_is_not_guessed():
    measured = Work(0.1, None, None, None, "L4", None, None, Provenance.PUBLISHED, "a paper")
    for action in (replace(ACTION, expand_work=None), replace(ACTION, expand_work=measured)):
        phones = terminals(["a"], {"crowd": PHONE}, action=action)
        assert phones.able(contracted(action=action), rows(0)).tolist() == [False]


def test_a_full_representation_is_nothing_to_expand(floats):
    phones = terminals(["a"], {"crowd": PHONE})
    full = replace(contracted(), representation=Representation.source(1000))
    assert phones.able(full, rows(0)).tolist() == [False]
    with pytest.raises(ValueError, match="segment 0 of angle is not contracted"):
        phones.expand(full, rows(0), floats(0.0))


def test_users_are_numbered_as_they_appear():
    assert number_users(["b", "a", "b", "c"]).tolist() == [0, 1, 0, 2]
    assert number_users([]).tolist() == []


@pytest.fixture
def floats():
    return lambda *values: np.array(values, dtype=np.float64)

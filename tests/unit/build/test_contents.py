"""Contents and actions of a scenario as models, each figure with its mark."""

from pathlib import Path

import pytest

from netgen.build.contents import build_menu, build_tracks
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.provenance import Provenance
from netgen.rng import Streams

CLIPS = Path(__file__).resolve().parents[3] / "scenarios" / "clips"
TEXT = """
name: contents
duration: 10 s
nodes: {A: server, B: terminal}
links: {A -> B: {capacity: 5 Mbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
actions: {key: ACTION}
services: {s: {content: v, from: A, to: B}}
"""
DECLARED = (
    "{declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB}, bits_per_pixel: 0.01, "
    "semantic_fidelity: 0.9, mode: MODE}"
)


def action_of(scenario, content_class="sports"):
    return build_menu(scenario).of("key", content_class)


def test_a_declared_action_is_declared_throughout(scenario_of):
    action = action_of(scenario_of(TEXT.replace("ACTION", DECLARED.replace("MODE", "no-reference"))))
    assert action.mode is CodingMode.NO_REFERENCE
    assert (action.bits_per_pixel, action.semantic_fidelity) == (0.01, 0.9)
    assert action.provenance is action.fidelity_provenance is Provenance.DECLARED
    assert (action.playable, action.learned, action.generative_share) == (False, True, 1.0)
    assert action.memory_bytes == 2_000_000_000
    assert (action.contract_work.seconds, action.expand_work.seconds) == (0.01, 0.02)
    assert (action.psnr_db, action.ms_ssim) == (None, None)


@pytest.mark.parametrize(
    ("mode", "playable", "share"), [("full-reference", True, 0.0), ("semi-reference", False, 0.0)]
)
def test_what_a_mode_implies_unless_it_is_given(scenario_of, mode, playable, share):
    text = TEXT.replace("ACTION", DECLARED.replace("MODE", mode))
    action = action_of(scenario_of(text))
    assert (action.playable, action.generative_share) == (playable, share)
    given = action_of(
        scenario_of(
            text, f"actions.key.playable={str(not playable).lower()}", "actions.key.generative_share=0.5"
        )
    )
    assert (given.playable, given.generative_share) == (not playable, 0.5)


def test_a_published_action_needs_what_its_paper_does_not_give(scenario_of):
    def refused(action):
        with pytest.raises(InputError) as error:
            build_menu(scenario_of(TEXT.replace("ACTION", action)))
        return str(error.value)

    assert refused("{profile: cttr, semantic_fidelity: 0.9}").endswith(
        "gives no rate; declare bits_per_pixel in the scenario"
    )
    assert refused("{profile: cttr, bits_per_pixel: 0.01}").endswith(
        "gives no semantic fidelity; declare semantic_fidelity in the scenario"
    )
    assert 'did you mean "cttr"' in refused("{profile: ctr, bits_per_pixel: 0.01, semantic_fidelity: 0.9}")
    action = action_of(
        scenario_of(TEXT.replace("ACTION", "{profile: cttr, bits_per_pixel: 0.01, semantic_fidelity: 0.9}"))
    )
    assert action.mode is CodingMode.SEMI_REFERENCE
    assert action.learned
    assert action.expand_work.seconds == 22.880
    # FP16 weights of the larger of encoder (14.131 M parameters) and decoder (43.910 M).
    assert action.memory_bytes == 2 * 43_910_000
    assert action.expand_work.provenance is Provenance.PUBLISHED
    assert action.provenance is action.fidelity_provenance is Provenance.DECLARED


def test_a_measured_action_is_read_at_its_rate_for_the_class_of_content(scenario_of):
    text = TEXT.replace("ACTION", "{profile: x265-half, bits_per_pixel: 0.02, semantic_fidelity: 0.9}")
    more = "screen: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: screen, semantic_bits: 10}"
    scenario = scenario_of(text.replace("contents: {v:", f"contents: {{{more}, v:"))
    sports, screen = action_of(scenario), action_of(scenario, "screen")
    assert sports.bits_per_pixel == screen.bits_per_pixel == 0.02
    assert sports.psnr_db != screen.psnr_db
    assert sports.contract_work.provenance is Provenance.MEASURED
    assert sports.playable
    assert not sports.learned
    assert sports.memory_bytes == 0


def test_a_rate_outside_what_was_measured_is_refused(scenario_of):
    text = TEXT.replace("ACTION", "{profile: x265-half, bits_per_pixel: 5, semantic_fidelity: 0.9}")
    with pytest.raises(
        InputError, match=r"^actions.key: profile \"x265-half\" is not known at 5 bit/pixel; accepted"
    ):
        build_menu(scenario_of(text))


def test_without_contents_actions_are_checked_all_the_same(scenario_of):
    """An action that no content can use is still built, so that its errors show."""
    head = TEXT.partition("contents:")[0]
    good = scenario_of(head + "actions: {key: " + DECLARED.replace("MODE", "semi-reference") + "}\n")
    assert build_menu(good).names == ("key",)
    with pytest.raises(InputError, match="no profile is called"):
        build_menu(scenario_of(head + "actions: {key: {profile: nothing}}\n"))


def test_tracks_of_all_three_kinds(scenario_of):
    scenario = scenario_of(
        TEXT.replace("ACTION", DECLARED.replace("MODE", "semi-reference")).replace(
            "contents: {v:",
            f"contents: {{clip: {{kind: file, path: {CLIPS}/field-game.mkv, class: sports, semantic_bits: 10}}, "
            "trace: {kind: trace, path: sizes.csv, format: 720p25, class: sports, semantic_bits: 10}, v:",
        ),
        files={"sizes.csv": "segment_bits\n900\n1100\n"},
    )
    tracks = build_tracks(scenario, Streams(1))
    assert set(tracks) == {"clip", "trace", "v"}
    assert (len(tracks["clip"]), tracks["clip"].provenance) == (6, Provenance.MEASURED)
    assert tracks["clip"].bits.sum() == pytest.approx(8 * 222_608, rel=0.02)  # the file, container aside
    assert tracks["trace"].bits.tolist() == [900, 1100]
    assert set(tracks["v"].bits.tolist()) == {1_000_000}
    assert len(tracks["v"]) == 11  # one more than the run can offer
    assert tracks["v"].provenance is Provenance.DECLARED


def test_sizes_are_drawn_from_a_stream_of_the_content_alone(scenario_of):
    text = TEXT.replace("ACTION", DECLARED.replace("MODE", "semi-reference"))
    text = text.replace("rate: 1 Mbit/s", "rate: 1 Mbit/s, sizes: exponential")
    alone = build_tracks(scenario_of(text), Streams(1))["v"].bits.tolist()
    first = "a: {kind: parametric, format: 720p25, rate: 9 Mbit/s, sizes: exponential, class: sports, semantic_bits: 1}"
    beside = build_tracks(scenario_of(text.replace("contents: {v:", f"contents: {{{first}, v:")), Streams(1))
    assert beside["v"].bits.tolist() == alone
    assert build_tracks(scenario_of(text), Streams(2))["v"].bits.tolist() != alone

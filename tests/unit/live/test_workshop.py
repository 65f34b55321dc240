"""Workers that crash, hang and run out of memory; the next task always works."""

import os
import select
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from netgen.actions.contract import Stage
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.live.travel import frames_that_travelled
from netgen.live.work import (
    ActionReference,
    Contraction,
    Description,
    Expansion,
    Failure,
    FailureKind,
    Result,
)
from netgen.live.workshop import Workshop
from netgen.media.yuv_clip import YuvClip, clip_from_file

HERE = Path(__file__).parent
CLIP = HERE.parents[2] / "scenarios/clips/cat-zoom.mp4"
RATE = Fraction(25)
POISON = 13


def action(name):
    return ActionReference(f"faulty_actions.py:{name}", (HERE,))


def contracted(value, *, domain="test.plain", frames=3):
    return ContractedVideo(domain, 8, 6, frames, RATE, (Part(PartKind.GENERATIVE, bytes([value] * frames)),))


def expansion(name, value, **keywords):
    domain = "test.batched" if name in {"Batched", "Exits", "Hangs"} else "test.plain"
    return Expansion(action(name), contracted(value, domain=domain), **keywords)


def alive(process_id):
    """Whether a process runs; one that has ended and waits to be buried does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except FileNotFoundError:
        return False


def ends(process_id):
    """Whether a process that is no child of this one comes to its end; it was killed, which takes a moment."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 20)[0])
    finally:
        os.close(descriptor)


@pytest.fixture(scope="module")
def workshop():
    with Workshop(workers=1, limit_s=30, memory_limit_bytes=1 << 30) as shop:
        yield shop


def works(workshop):
    """Whether the next task gives what it should."""
    result = workshop.result(workshop.submit(expansion("Plain", 77, seed=5)))
    return (
        isinstance(result, Result) and result.clip.planes[2, 3, 4] == 77 and result.clip.planes[2, 0, 1] == 5
    )


def test_frames_and_representations_survive_the_way(workshop):
    planes = np.random.default_rng(1).integers(0, 256, (5, 9, 8), np.uint8)
    clip = YuvClip(planes, Fraction(30000, 1001))
    ticket = workshop.submit(Contraction(action("Plain"), clip, bits_per_pixel=0.1))
    made = workshop.result(ticket)
    assert made.contracted.parts == (Part(PartKind.GENERATIVE, planes[:, 0, 0].tobytes()),)
    assert made.contracted.frame_rate_hz == Fraction(30000, 1001)
    assert made.clip is None
    assert made.wall_s > 0
    assert made.peak_memory_bytes > 10_000_000
    assert made.device_memory_bytes == 0
    shown = workshop.result(workshop.submit(Expansion(action("Plain"), made.contracted, seed=9))).clip
    assert shown.planes.shape == planes.shape
    assert shown.frame_rate_hz == Fraction(30000, 1001)
    assert shown.planes[:, 4, 4].tolist() == planes[:, 0, 0].tolist()
    assert not shown.planes.flags.writeable


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("Exits", FailureKind.CRASHED, "the worker process ended with exit status 3 while working"),
        ("Segfaults", FailureKind.CRASHED, "the worker process was ended by SIGSEGV while working"),
        ("Killed", FailureKind.CRASHED, "SIGKILL (as the kernel does when memory runs out)"),
        ("Plain", FailureKind.CRASHED, "ValueError: the thirteenth"),
        ("Quits", FailureKind.CRASHED, "SystemExit: 0"),
        ("Devours", FailureKind.OUT_OF_MEMORY, "MemoryError"),
        ("Refuses", FailureKind.REFUSED, "not these frames"),
        ("Calls", FailureKind.REFUSED, "an action asked for the network"),
        ("DiesAtLoad", FailureKind.CRASHED, "the worker process ended with exit status 7 while loading"),
        ("FailsAtLoad", FailureKind.REFUSED, "the weights are not there"),
        ("Absent", FailureKind.REFUSED, 'has no class "Absent"'),
    ],
)
def test_what_goes_wrong_is_a_failure_and_the_next_task_works(workshop, name, kind, message):
    failure = workshop.result(workshop.submit(expansion(name, POISON)))
    assert isinstance(failure, Failure)
    assert failure.kind is kind
    assert failure.message.startswith(f'action "faulty_actions.py:{name}": ')
    assert failure.message.count(name) == (2 if name == "Absent" else 1)
    assert message in failure.message
    assert "\n" not in failure.message
    assert works(workshop)


def test_what_an_action_makes_is_checked(workshop):
    found = workshop.result(workshop.submit(expansion("Shortens", 1)))
    assert found.kind is FailureKind.CRASHED
    assert found.message.endswith("made 2 frames of 8 x 6 at 25 Hz of 3 frames of 8 x 6 at 25 Hz")
    clip = YuvClip(np.zeros((1, 9, 8), np.uint8), RATE)
    found = workshop.result(workshop.submit(Contraction(action("Shortens"), clip, 0.1)))
    assert 'of the domain "elsewhere", not of its own, "test.plain"' in found.message


def test_a_worker_that_was_killed_while_idle_is_no_tasks_failure(workshop):
    assert works(workshop)
    (idle,) = workshop.process_ids
    os.kill(idle, signal.SIGKILL)
    os.waitid(os.P_PID, idle, os.WEXITED | os.WNOWAIT)
    assert works(workshop)
    assert workshop.process_ids != (idle,)


def test_frames_for_which_there_is_no_memory():
    with Workshop(memory_limit_bytes=1 << 28) as shop:
        large = YuvClip(np.zeros((100, 1500, 2000), np.uint8), RATE)
        found = shop.result(shop.submit(Contraction(action("Plain"), large, 0.1)))
        assert found.kind is FailureKind.OUT_OF_MEMORY
        assert found.message.endswith("had no memory for what it was sent while working")
        assert works(shop)


def test_last_words_say_where_it_died(workshop):
    died = workshop.result(workshop.submit(expansion("Segfaults", POISON)))
    assert "on the way out" in died.last_words
    assert "in fail" in died.last_words
    raised = workshop.result(workshop.submit(expansion("Plain", POISON)))
    assert "in fail" in raised.last_words


def test_torch_out_of_memory(workshop):
    pytest.importorskip("torch")
    failure = workshop.result(workshop.submit(expansion("TorchDevours", POISON)))
    assert failure.kind is FailureKind.OUT_OF_MEMORY
    assert works(workshop)


def test_a_hang_is_ended_with_all_that_it_started_and_its_neighbours_are_done(tmp_path):
    (tmp_path / "faulty_actions.py").write_text((HERE / "faulty_actions.py").read_text())
    spawning = ActionReference("faulty_actions.py:Spawns", (tmp_path,))
    with Workshop(limit_s=1, start_limit_s=60) as shop:
        tickets = [shop.submit(expansion("Hangs", value)) for value in (1, POISON)]
        first, hung = (shop.result(ticket) for ticket in tickets)
        assert (hung.kind, hung.message) == (
            FailureKind.TIMED_OUT,
            'action "faulty_actions.py:Hangs": not done after 1 s of working',
        )
        assert (first.clip.planes[0, 1, 1], first.segments_at_once) == (1, 1)
        assert shop.result(shop.submit(Expansion(spawning, contracted(POISON)))).kind is FailureKind.TIMED_OUT
        assert ends(int((tmp_path / "child").read_text()))


def test_a_hang_at_load_is_ended_and_not_tried_again():
    with Workshop(start_limit_s=60) as shop:
        assert isinstance(shop.describe(action("Plain")), Description)
        shop._start_limit_s = 0.2
        first = shop.result(shop.submit(expansion("HangsAtLoad", 1)))
        assert first.message.endswith("not done after 0.2 s of loading")
        before = shop.process_ids
        assert shop.result(shop.submit(expansion("HangsAtLoad", 2))) == first
        assert shop.process_ids == before == ()


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_depend_on_the_order_of_calls_alone(workers):
    """Five expansions of one shape in batches of two; another shape and a contraction between them go alone."""
    with Workshop(workers=workers, segments_at_once=2) as shop:
        tickets = [shop.submit(expansion("Batched", value)) for value in (1, 2, 3)]
        other = shop.submit(Expansion(action("Batched"), contracted(4, domain="test.batched", frames=2)))
        clip = YuvClip(np.full((3, 9, 8), 9, np.uint8), RATE)
        alone = shop.submit(Contraction(action("Batched"), clip, 0.1))
        tickets += [shop.submit(expansion("Batched", value)) for value in (5, 6)]
        results = [shop.result(ticket) for ticket in tickets]
        assert [one.segments_at_once for one in results] == [2, 2, 2, 2, 1]
        assert [one.clip.planes[0, 0, 0] for one in results] == [2, 2, 2, 2, 6]
        assert [one.clip.planes[0, 1, 1] for one in results] == [1, 2, 3, 5, 6]
        assert shop.result(other).segments_at_once == 1
        assert shop.result(alone).contracted.parts[0].payload == bytes([9, 9, 9])
        # A demand hands everything out: what comes after it joins no earlier batch.
        early = shop.submit(expansion("Batched", 7))
        assert shop.result(early).segments_at_once == 1
        assert len(shop.process_ids) == workers


def test_a_crash_takes_no_neighbour_down():
    with Workshop(workers=2) as shop:
        tickets = [shop.submit(expansion("Exits", value)) for value in (1, POISON, 3, 4)]
        tickets.append(shop.submit(expansion("Plain", 5)))
        found = [shop.result(ticket) for ticket in tickets]
        assert [isinstance(one, Failure) for one in found] == [False, True, False, False, False]
        assert [one.clip.planes[0, 1, 1] for one in found if isinstance(one, Result)] == [1, 3, 4, 5]


def test_discarded_tasks_are_forgotten(workshop):
    waiting, begun, kept = (workshop.submit(expansion("Plain", value)) for value in (1, 2, 3))
    workshop.discard(waiting)
    assert workshop.result(kept).clip.planes[0, 1, 1] == 3
    workshop.discard(begun)
    for ticket in (waiting, begun, kept, 10_000):
        with pytest.raises(ValueError, match=f"ticket {ticket} has no result"):
            workshop.result(ticket)
    assert workshop._finished == {}


def test_an_undisturbed_workshop_returns_when_nothing_is_under_way():
    """Also where what is still being done was given up: the caller's own work would slow it down, and be slowed."""
    with Workshop(workers=2, undisturbed=True) as shop:
        first, second, third = (shop.submit(expansion("Plain", value)) for value in (1, 2, 3))
        shop.discard(second)
        assert shop.result(first).clip.planes[0, 1, 1] == 1
        assert not shop._is_at_work
        assert shop.result(third).clip.planes[0, 1, 1] == 3


def test_an_action_is_described(workshop):
    plain, batched = workshop.describe(action("Plain")), workshop.describe(action("Batched"))
    assert (plain.domain, plain.learned, plain.gains_from_batches) == ("test.plain", False, False)
    assert batched.gains_from_batches
    assert workshop.describe(action("Plain")) is plain
    assert workshop.describe(action("FailsAtLoad")).kind is FailureKind.REFUSED


def test_a_wrong_domain_names_both(workshop):
    task = Expansion(action("Plain"), contracted(1, domain="elsewhere"))
    failure = workshop.result(workshop.submit(task))
    assert failure.kind is FailureKind.REFUSED
    assert '"test.plain"' in failure.message
    assert '"elsewhere"' in failure.message


def test_workers_start_with_the_first_demand_and_end_with_the_workshop():
    with Workshop(workers=2) as shop:
        tickets = [shop.submit(expansion("Plain", value)) for value in (1, 2, 3)]
        assert shop.process_ids == ()
        shop.result(tickets[0])
        processes = shop.process_ids
        assert len(processes) == 2
        assert all(alive(one) for one in processes)
    assert not any(alive(one) for one in processes)
    shop.close()
    assert works(shop)
    shop.close()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_after_an_error(error):
    processes = []

    def fails():
        with Workshop() as shop:
            shop.describe(action("Hangs"))
            shop.submit(expansion("Hangs", POISON))
            shop._hand_out()
            shop._assign()
            processes.extend(shop.process_ids)
            assert all(alive(one) for one in processes)
            raise error

    with pytest.raises(error):
        fails()
    assert len(processes) == 1
    assert not alive(processes[0])


def test_workers_end_when_the_parent_is_killed(tmp_path):
    """The worker is in the middle of an endless task, so it cannot see that its connection is closed."""
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(HERE)!r})
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.live.work import ActionReference, Expansion
from netgen.live.workshop import Workshop
import fractions
hangs = ActionReference("faulty_actions.py:Hangs", (Path({str(HERE)!r}),))
shop = Workshop()
shop.describe(hangs)
segment = ContractedVideo("test.batched", 8, 6, 1, fractions.Fraction(25), (Part(PartKind.GENERATIVE, bytes([13])),))
shop.submit(Expansion(hangs, segment))
shop._hand_out()
shop._assign()
print(*shop.process_ids, flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    worker = int(parent.stdout.readline())
    assert alive(worker)
    with parent:
        parent.kill()
    assert ends(worker)


def test_a_worker_that_cannot_start_is_a_failure():
    with Workshop(memory_limit_bytes=1 << 20) as shop:
        failure = shop.result(shop.submit(expansion("Plain", 1)))
        assert failure.kind is FailureKind.CRASHED
        assert "while starting" in failure.message


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": 0},
        {"limit_s": 0},
        {"start_limit_s": -1},
        {"segments_at_once": 0},
        {"memory_limit_bytes": 0},
    ],
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(InputError, match=r"accepted|must be positive"):
        Workshop(**wrong)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused_at_once(rate):
    with pytest.raises(InputError, match="bit/pixel"):
        Workshop().submit(Contraction(action("Plain"), YuvClip(np.zeros((1, 9, 8), np.uint8), RATE), rate))


@pytest.fixture(scope="module")
def clip():
    """Half a second of a shipped clip."""
    pytest.importorskip("av")
    return clip_from_file(CLIP, most_frames=12, frame_rate_hz=RATE)


def test_codecs_give_the_same_with_one_worker_and_with_two(clip):
    """Four contractions and what their expansions send on, to the last bit."""
    actions = [ActionReference(name) for name in ("x264", "svtav1")]
    found = []
    for workers in (1, 2):
        with Workshop(workers=workers) as shop:
            tickets = [shop.submit(Contraction(one, clip, rate)) for one in actions for rate in (0.05, 0.2)]
            coded = [shop.result(ticket).contracted for ticket in tickets]
            tickets = [
                shop.submit(Expansion(actions[k // 2], coded[k], travel_bits_per_pixel=0.1)) for k in range(4)
            ]
            results = [shop.result(ticket) for ticket in tickets]
            found.append((coded, [one.contracted for one in results]))
    assert found[0] == found[1]
    coded, sent = found[0]
    assert [one.bits_per_pixel for one in coded] == pytest.approx([0.05, 0.2] * 2, rel=0.1)
    assert [one.bits_per_pixel for one in sent] == pytest.approx([0.1] * 4, rel=0.15)
    assert frames_that_travelled(sent[0]).frames == 12
    assert all(one.clip is None and one.recode_s > 0 for one in results)
    assert results[0].stages[Stage.ENTROPY] <= results[0].wall_s

"""Which tasks are done together depends on what is submitted alone, and no task is lost or done twice."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.live.store import ArtefactStore
from netgen.live.work import ActionReference, Contraction, Description, Expansion
from netgen.live.workshop import Workshop
from netgen.media.yuv_clip import YuvClip

ACTIONS = {name: ActionReference(name) for name in ("gains", "gains-too", "plain")}
CLIP = YuvClip(np.zeros((1, 3, 2), np.uint8), Fraction(25))


def contracted(frames):
    return ContractedVideo("d", 2, 2, frames, Fraction(25), (Part(PartKind.GENERATIVE, b""),))


TASKS = st.one_of(
    st.builds(
        lambda name, frames: Expansion(ACTIONS[name], contracted(frames)),
        st.sampled_from(sorted(ACTIONS)),
        st.integers(1, 2),
    ),
    st.builds(lambda name: Contraction(ACTIONS[name], CLIP, 0.1), st.sampled_from(sorted(ACTIONS))),
)


def jobs(tasks, *, at_once, workers):
    """What a workshop makes of submissions, as tickets; no worker is started."""
    shop = Workshop(workers=workers, segments_at_once=at_once)
    for name, action in ACTIONS.items():
        shop._described[action] = Description("d", False, "float32", name != "plain", 0, 0.0)
    for task in tasks:
        shop.submit(task)
    shop._hand_out()
    return [job.tickets for job in shop._queue]


@given(st.lists(TASKS, max_size=12), st.integers(1, 4))
def test_every_task_is_in_one_job_and_batches_are_of_one_kind(tasks, at_once):
    found = jobs(tasks, at_once=at_once, workers=1)
    assert sorted(ticket for job in found for ticket in job) == list(range(1, len(tasks) + 1))
    assert [job[0] for job in found] == sorted(job[0] for job in found)
    for job in found:
        assert list(job) == sorted(job)
        assert len(job) <= at_once
        together = [tasks[ticket - 1] for ticket in job]
        assert len({(task.action, getattr(task, "contracted", None)) for task in together}) == 1
        if len(job) > 1:
            assert all(isinstance(task, Expansion) and task.action.name != "plain" for task in together)
    assert found == jobs(tasks, at_once=at_once, workers=3)
    # As few batches as there can be: of each kind only the last is not full.
    for kind in {(task.action.name, task.contracted.frames) for task in tasks if isinstance(task, Expansion)}:
        if kind[0] != "plain":
            sizes = [
                len(job)
                for job in found
                if isinstance(tasks[job[0] - 1], Expansion)
                and (tasks[job[0] - 1].action.name, tasks[job[0] - 1].contracted.frames) == kind
            ]
            assert all(size == at_once for size in sizes[:-1])


@given(st.lists(st.binary(max_size=40), max_size=10), st.randoms(use_true_random=False))
def test_what_is_stored_comes_back(payloads, random):
    made = [
        ContractedVideo("d", 2, 2, 1, Fraction(25), (Part(PartKind.GENERATIVE, payload),))
        for payload in payloads
    ]
    with ArtefactStore() as store:
        numbers = [store.put(one, action=None) for one in made]
        random.shuffle(numbers)
        assert [store.get(number) for number in numbers] == [made[number] for number in numbers]

"""The conformance check finds each kind of broken policy."""

import dataclasses

import numpy as np
import pytest

from netgen.errors import PolicyError
from netgen.policy import (
    Add,
    AdditionDecision,
    AdditionPolicy,
    ContinuationDecision,
    ContinuationPolicy,
    Contract,
    Drop,
    Expand,
    Forward,
    OffloadingDecision,
    OffloadingPolicy,
    RelayPolicy,
    check_policy,
)
from netgen.policy.builtin import ForwardOnly, NeverCollaborate
from netgen.policy.checking import checked_choice, sample_views
from netgen.policy.decisions import choice_of
from netgen.policy.service_samples import continuation_samples, offloading_samples


class Restless(RelayPolicy):
    """Decides by its own stream: allowed, because the same seed gives the same decision."""

    def decide(self, view, rng):
        return view.options[rng.integers(len(view.options))].decision


class AlwaysContracts(RelayPolicy):
    def decide(self, view, rng):
        return Contract("semi")


class SaysAnything(RelayPolicy):
    def decide(self, view, rng):
        return "forward"


class NeedsGpu(RelayPolicy):
    def decide(self, view, rng):
        return Forward() if view.gpu.busy else Drop()


class ChangesItsMind(RelayPolicy):
    turn = 0

    def decide(self, view, rng):
        type(self).turn += 1
        return Forward() if self.turn % 2 else Drop()


class ChangesItsReason(RelayPolicy):
    turn = 0

    def decide(self, view, rng):
        type(self).turn += 1
        return Forward(reason=str(self.turn))


class DrawsGlobally(RelayPolicy):
    def decide(self, view, rng):
        return view.options[int(np.random.random() * len(view.options))].decision  # noqa: NPY002


class SeedsGlobally(RelayPolicy):
    def decide(self, view, rng):
        np.random.seed(1)  # noqa: NPY002
        return Forward()


class WritesIntoTheView(RelayPolicy):
    def decide(self, view, rng):
        view.segment.bits = 0
        return Forward()


class Leaves(RelayPolicy):
    def decide(self, view, rng):
        raise SystemExit(0)


class DropsBigSegments(RelayPolicy):
    def decide(self, view, rng):
        if view.segment.bits > 10**9:
            raise OverflowError("too big")
        return Forward()


@pytest.mark.parametrize("policy", [ForwardOnly, Restless])
def test_a_sound_policy_passes(policy):
    check = check_policy(policy)
    assert check.views == len(sample_views()) == 8
    assert check.decision_s > 0


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            AlwaysContracts,
            'policy "AlwaysContracts" at node a, t = 3.000000 s: '
            "Contract(action='semi', reason='') is not offered here; legal: forward, drop",
        ),
        (
            SaysAnything,
            'policy "SaysAnything" at node a, t = 3.000000 s: '
            "'forward' is not offered here; legal: forward, contract(semi), contract(none), drop",
        ),
        (
            NeedsGpu,
            "NeedsGpu: view 1: raised AttributeError(\"'NoneType' object has no attribute 'busy'\")",
        ),
        (
            ChangesItsMind,
            "ChangesItsMind: view 0: not deterministic: Forward(reason='') then Drop(reason='') with the same seed",
        ),
        (
            ChangesItsReason,
            "ChangesItsReason: view 0: not deterministic: "
            "Forward(reason='1') then Forward(reason='2') with the same seed",
        ),
        (Leaves, "Leaves: view 0: raised SystemExit(0)"),
        (DrawsGlobally, "DrawsGlobally: view 0: drew from numpy's global generator; use `rng`"),
        (WritesIntoTheView, "WritesIntoTheView: view 0: raised FrozenInstanceError("),
    ],
)
def test_a_broken_policy_is_named_with_the_view_and_the_check(policy, message):
    with pytest.raises(PolicyError) as error:
        check_policy(policy)
    assert str(error.value).startswith(message)


def test_seeding_the_global_generator_is_found():
    state = np.random.get_state()  # noqa: NPY002
    try:
        with pytest.raises(PolicyError, match="drew from numpy's global generator"):
            check_policy(SeedsGlobally)
    finally:
        np.random.set_state(state)  # noqa: NPY002


def test_the_cause_of_an_exception_is_kept():
    with pytest.raises(PolicyError) as error:
        check_policy(NeedsGpu)
    assert isinstance(error.value.__cause__, AttributeError)


def test_an_authors_own_views_are_tried_too():
    base = sample_views()[0]
    huge = dataclasses.replace(base, segment=dataclasses.replace(base.segment, bits=2 * 10**9))
    assert check_policy(DropsBigSegments).views == 8
    with pytest.raises(PolicyError, match=r"view 8: raised OverflowError\('too big'\)"):
        check_policy(DropsBigSegments, views=[huge])


class Remembers(RelayPolicy):
    """Legal and the same on each view by itself, but another one after a while, by what all instances share."""

    asked = 0

    def __init__(self):
        self.seen = 0

    def decide(self, view, rng):
        self.seen += 1
        if self.seen == 1:
            return Forward()
        type(self).asked += 1
        return Forward() if self.asked % 2 else Drop()


def test_an_instance_that_remembers_must_be_deterministic_too():
    with pytest.raises(PolicyError) as error:
        check_policy(Remembers)
    assert str(error.value) == (
        "Remembers: view 1 after the others: not deterministic: Forward(reason='') then Drop(reason='') with the same "
        "seed"
    )


class Stays(ContinuationPolicy):
    def decide(self, view, rng):
        return ContinuationDecision(view.served)


class Overwrites(ContinuationPolicy):
    def decide(self, view, rng):
        view.loss_now[:] = 0.0
        return ContinuationDecision(view.served)


class Unlocks(ContinuationPolicy):
    def decide(self, view, rng):
        view.loss_now.flags.writeable = True
        view.loss_now[:] = 0.5
        return ContinuationDecision(view.served)


class TossesUp(ContinuationPolicy):
    turn = 0

    def decide(self, view, rng):
        type(self).turn += 1
        return ContinuationDecision(view.served, "unicast" if self.turn % 2 else "multicast")


class AllToTower(OffloadingPolicy):
    def decide(self, view, rng):
        return OffloadingDecision(tuple(content.service for content in view.contents))


class AllAtTerminals(AdditionPolicy):
    def decide(self, view, rng):
        return AdditionDecision(np.full(len(view.user), Add.AT_TERMINAL))


class DrawsForUsers(AdditionPolicy):
    """Legal: the stream is its own."""

    def decide(self, view, rng):
        return AdditionDecision(
            np.where((view.cell >= 0) & (rng.random(len(view.user)) < 0.5), Add.SENT, Add.NONE)
        )


@pytest.mark.parametrize(("policy", "views"), [(Stays, 15), (DrawsForUsers, 15), (NeverCollaborate, 44)])
def test_a_sound_service_policy_passes_on_the_views_of_its_kinds(policy, views):
    assert check_policy(policy).views == views


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Overwrites, "Overwrites: view 0: raised ValueError('assignment destination is read-only')"),
        (Unlocks, "Unlocks: view 1: changed the view"),
        (TossesUp, "TossesUp: view 0: not deterministic: "),
        (
            AllToTower,
            'policy "AllToTower": view 3: final, talk, news, empty need 27000000 bit/s of mast, which has',
        ),
        (
            AllAtTerminals,
            'policy "AllAtTerminals": view 1: AT_TERMINAL for user 1, who has a terminal that cannot',
        ),
    ],
)
def test_a_broken_service_policy_is_named_with_the_view_and_the_check(policy, message):
    with pytest.raises(PolicyError) as error:
        check_policy(policy)
    assert str(error.value).startswith(message)


def test_an_authors_own_views_count_when_they_are_of_the_policys_kinds():
    own = [*continuation_samples()[:2], *offloading_samples()[:3]]
    assert check_policy(Stays, views=own).views == 17


OFFERED = {choice_of(option.decision) for option in sample_views()[0].options}


def test_a_decision_is_legal_whatever_its_reason_and_gives_its_choice():
    found = checked_choice(Contract("none", reason="cheapest"), OFFERED, where="here")
    assert found == (("contract", "none"), "cheapest")


def test_an_action_that_is_not_offered_is_illegal():
    with pytest.raises(PolicyError, match=r"Contract\(action='x8', reason=''\) is not offered here"):
        checked_choice(Contract("x8"), OFFERED, where="here")


def test_expanding_what_was_never_contracted_is_illegal():
    with pytest.raises(PolicyError, match="is not offered here"):
        checked_choice(Expand(), OFFERED, where="here")


def test_the_sample_views_cover_what_the_check_promises():
    views = sample_views()
    assert any(view.gpu is None for view in views)
    assert any(not view.links for view in views)
    assert any(link.capacity_bps == 0 for view in views for link in view.links)
    assert any(link.backlog_bits == link.queue_bits for view in views for link in view.links)
    assert any(view.segment.time_left_s is None for view in views)
    assert any((view.segment.time_left_s or 0) < 0 for view in views)
    assert any(view.expansion is not None for view in views)
    assert any(view.missed for view in views)
    for view in views:  # the engine always offers these two
        assert view.forward.decision == Forward()
        assert view.drop.decision == Drop()

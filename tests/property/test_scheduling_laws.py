"""Laws of the schedulers: what must hold for any users, demands and sectors, and agreement with a plain twin."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netgen.scheduling.allocation import Scheduler, allocate
from netgen.scheduling.fairness import max_min, proportional_fair, round_robin
from netgen.scheduling.guarantees import reserved_blocks
from netgen.scheduling.multicast import multicast_groups

SCHEDULERS = [str(each) for each in Scheduler]


@st.composite
def cells(draw):
    """Users in a few sectors: equal rates, users who cannot be served, no demand, full buffers, empty sectors.

    A seed and the sizes are drawn, the columns come from a generator: an example costs little that way.
    """
    users = draw(st.integers(0, 24))
    sectors = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def column(special, low, high, size=users):
        """Some special values, which make ties and limits, the others over decades."""
        spread = np.exp(rng.uniform(np.log(low), np.log(high), size))
        return np.where(rng.random(size) < rng.choice([0.1, 0.5, 0.9]), rng.choice(special, size), spread)

    return {
        "rate": column([0.0, 0.2, 1.0, 3.0], 1e-3, 1e3),
        "demand": column([0.0, 1.0, 2.0, np.inf], 1e-3, 1e4),
        "weight": column([1.0, 2.0], 0.01, 100),
        "head": column([0.0, 5.0], 1e-3, 1e3),
        "guaranteed": column([0.0, 1.0, 3.0], 1e-2, 100),
        "priority": rng.integers(0, 4, users),
        "tie": rng.integers(0, 4, users),
        "sector": rng.integers(0, sectors, users),
        "blocks": column([0.0, 6.0, 100.0], 0.1, 300, sectors),
    }


def shared(name, cell, rows=slice(None)):
    """Allocate to the users `rows` of a cell with everything that it holds."""
    return allocate(
        name,
        cell["rate"][rows],
        demand_bps=cell["demand"][rows],
        sector=cell["sector"][rows],
        blocks=cell["blocks"],
        weight=cell["weight"][rows],
        head_start_blocks=cell["head"][rows],
        guaranteed_bps=cell["guaranteed"][rows],
        priority=cell["priority"][rows],
    )


def caps_of(cell):
    """Most blocks that each user can take."""
    caps = np.zeros(len(cell["rate"]))
    for user, (rate, demand) in enumerate(zip(cell["rate"], cell["demand"], strict=True)):
        caps[user] = demand / rate if rate > 0 else 0.0
    return caps


def filled_by_loops(cell, weight, head):
    """Shares clip(weight * level - head, 0, cap), the level of each sector found between its sorted kinks."""
    caps, shares = caps_of(cell), np.zeros(len(cell["rate"]))
    for sector, amount in enumerate(cell["blocks"]):
        users = [user for user in range(len(caps)) if cell["sector"][user] == sector and caps[user] > 0]

        def used(level, users=users):
            return [min(max(weight[user] * level - head[user], 0.0), caps[user]) for user in users]

        if sum(caps[user] for user in users) <= amount:
            shares[users] = caps[users]
            continue
        kinks = [head[user] / weight[user] for user in users]
        kinks += [(head[user] + caps[user]) / weight[user] for user in users if np.isfinite(caps[user])]
        below = max((kink for kink in kinks if sum(used(kink)) <= amount), default=0.0)
        rising = [
            user
            for user in users
            if head[user] / weight[user] <= below < (head[user] + caps[user]) / weight[user]
        ]
        slope = sum(weight[user] for user in rising)
        level = below + ((amount - sum(used(below))) / slope if slope else 0.0)
        shares[users] = used(level)
    return shares


def reserved_by_loops(cell, tie=None):
    """Blocks and flags of guarantees: one class of equal users after the other."""
    caps = caps_of(cell)
    met = [not (g > 0 and d > 0) for g, d in zip(cell["guaranteed"], cell["demand"], strict=True)]
    blocks = np.zeros(len(caps))
    for sector, amount in enumerate(cell["blocks"]):
        left = amount
        for priority in range(4):
            classes = {}
            for user in range(len(caps)):
                right = cell["sector"][user] == sector and cell["priority"][user] == priority
                if right and not met[user] and cell["rate"][user] > 0:
                    need = min(cell["guaranteed"][user] / cell["rate"][user], caps[user])
                    classes.setdefault((need, 0 if tie is None else tie[user]), []).append(user)
            for key in sorted(classes):
                if len(classes[key]) * key[0] > left + 1e-12 * amount:
                    break
                left -= len(classes[key]) * key[0]
                for user in classes[key]:
                    met[user], blocks[user] = True, key[0]
    return blocks, np.array(met, dtype=bool)


@pytest.mark.parametrize("name", SCHEDULERS)
@given(cell=cells())
def test_never_more_than_the_sector_has_or_a_user_can_use_and_nothing_is_wasted(name, cell):
    got = shared(name, cell).blocks
    caps = caps_of(cell)
    assert (got >= 0).all()
    assert (got * cell["rate"] <= cell["demand"] * (1 + 1e-9) + 1e-9).all()
    used = np.bincount(cell["sector"], weights=got, minlength=len(cell["blocks"]))
    asked = np.bincount(cell["sector"], weights=caps, minlength=len(cell["blocks"]))
    np.testing.assert_allclose(used, np.minimum(asked, cell["blocks"]), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SCHEDULERS)
@given(cell=cells(), data=st.data())
def test_the_order_of_the_users_does_not_matter(name, cell, data):
    order = np.array(data.draw(st.permutations(range(len(cell["rate"])))), dtype=np.int64)
    mixed = shared(name, cell, order)
    straight = shared(name, cell)
    np.testing.assert_allclose(mixed.blocks, straight.blocks[order], rtol=1e-9, atol=1e-9)
    assert (mixed.met == straight.met[order]).all()


@pytest.mark.parametrize("name", SCHEDULERS)
@given(cell=cells())
def test_a_sector_does_not_depend_on_other_sectors(name, cell):
    together = shared(name, cell)
    for sector in range(len(cell["blocks"])):
        rows = np.flatnonzero(cell["sector"] == sector)
        alone = shared(name, cell, rows)
        assert (alone.blocks == together.blocks[rows]).all()
        assert (alone.met == together.met[rows]).all()


@given(cell=cells())
def test_round_robin_gives_nobody_who_wants_more_fewer_blocks_than_another(cell):
    got = round_robin(cell["rate"], cell["demand"], sector=cell["sector"], blocks=cell["blocks"])
    hungry = got < caps_of(cell) * (1 - 1e-9)
    for user in np.flatnonzero(hungry):
        assert got[user] >= got[cell["sector"] == cell["sector"][user]].max() * (1 - 1e-9)


@given(cell=cells())
def test_max_min_raises_no_rate_at_the_cost_of_a_lower_one(cell):
    got = max_min(cell["rate"], cell["demand"], sector=cell["sector"], blocks=cell["blocks"]) * cell["rate"]
    hungry = (got < cell["demand"] * (1 - 1e-9)) & (cell["rate"] > 0)
    for user in np.flatnonzero(hungry):
        assert got[user] >= got[cell["sector"] == cell["sector"][user]].max() * (1 - 1e-9)


@given(cell=cells())
def test_proportional_fair_meets_the_conditions_of_an_optimum(cell):
    """KKT of max sum w log(head + blocks): one price per sector; above it only at the cap, below it only at 0."""
    got = proportional_fair(
        cell["rate"],
        cell["demand"],
        sector=cell["sector"],
        blocks=cell["blocks"],
        weight=cell["weight"],
        head_start_blocks=cell["head"],
    )
    caps = caps_of(cell)
    height = (cell["head"] + got) / cell["weight"]
    for sector in range(len(cell["blocks"])):
        mine = (cell["sector"] == sector) & (caps > 0)
        can_give, can_take = mine & (got > 1e-9), mine & (got < caps * (1 - 1e-9))
        if can_give.any() and can_take.any() and cell["blocks"][sector] > 1e-6:
            assert height[can_give].max() <= height[can_take].min() * (1 + 1e-7) + 1e-7


@given(cell=cells())
def test_schedulers_agree_with_loops(cell):
    inputs = {"sector": cell["sector"], "blocks": cell["blocks"]}
    ones, nothing = np.ones(len(cell["rate"])), np.zeros(len(cell["rate"]))
    near = {"rtol": 1e-8, "atol": 1e-8}
    equal = filled_by_loops(cell, ones, nothing)
    np.testing.assert_allclose(round_robin(cell["rate"], cell["demand"], **inputs), equal, **near)
    np.testing.assert_allclose(proportional_fair(cell["rate"], cell["demand"], **inputs), equal, **near)
    weighted = proportional_fair(cell["rate"], cell["demand"], weight=cell["weight"], **inputs)
    np.testing.assert_allclose(weighted, filled_by_loops(cell, cell["weight"], nothing), **near)
    past = proportional_fair(
        cell["rate"], cell["demand"], weight=cell["weight"], head_start_blocks=cell["head"], **inputs
    )
    np.testing.assert_allclose(past, filled_by_loops(cell, cell["weight"], cell["head"]), **near)
    inverse = np.array([1 / rate if rate else 1.0 for rate in cell["rate"]])
    level = max_min(cell["rate"], cell["demand"], **inputs)
    np.testing.assert_allclose(level, filled_by_loops(cell, inverse, nothing), **near)


@given(cell=cells(), with_tie=st.booleans())
def test_guarantees_agree_with_loops_and_those_admitted_are_met(cell, with_tie):
    tie = cell["tie"] if with_tie else None
    got = reserved_blocks(
        cell["rate"],
        cell["demand"],
        sector=cell["sector"],
        blocks=cell["blocks"],
        guaranteed_bps=cell["guaranteed"],
        priority=cell["priority"],
        tie_break=tie,
    )
    blocks, met = reserved_by_loops(cell, tie)
    assert (got.met == met).all()
    np.testing.assert_allclose(got.blocks, blocks, rtol=1e-9)
    used = np.bincount(cell["sector"], weights=got.blocks, minlength=len(cell["blocks"]))
    np.testing.assert_allclose(used + got.left, cell["blocks"], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rest", ["round-robin", "proportional-fair", "max-min"])
@given(cell=cells())
def test_a_guarantee_admitted_is_met_whoever_shares_the_rest(rest, cell):
    got = allocate(
        "guaranteed",
        cell["rate"],
        demand_bps=cell["demand"],
        sector=cell["sector"],
        blocks=cell["blocks"],
        guaranteed_bps=cell["guaranteed"],
        priority=cell["priority"],
        rest=rest,
    )
    due = np.minimum(cell["guaranteed"], cell["demand"])[got.met]
    assert (got.blocks[got.met] * cell["rate"][got.met] >= due * (1 - 1e-9)).all()


@given(
    cell=cells(), content=st.lists(st.integers(0, 3), min_size=24, max_size=24), left_out=st.floats(0, 0.9)
)
def test_every_member_of_a_group_who_is_reached_can_decode_it_and_few_are_left_out(cell, content, left_out):
    assume(len(cell["rate"]) > 0)
    what = np.array(content[: len(cell["rate"])])
    groups = multicast_groups(
        cell["rate"], cell["demand"], sector=cell["sector"], content=what, left_out_share=left_out
    )
    throughput = groups.rate_per_block_bps * 2
    to_members = groups.to_members(throughput)
    for key in range(len(groups.sector)):
        members = np.flatnonzero((cell["sector"] == groups.sector[key]) & (what == groups.content[key]))
        assert (groups.group[members] == key).all()
        assert groups.members[key] == len(members)
        rates = sorted(cell["rate"][members])
        gone = max(int(left_out * len(members) * (1 + 1e-12)), rates.count(0.0))
        slowest = rates[gone] if gone < len(rates) else 0.0
        assert groups.rate_per_block_bps[key] == slowest
        reached = members[(cell["rate"][members] >= slowest) & (cell["rate"][members] > 0)]
        assert set(np.flatnonzero(to_members)) & set(members) == set(reached)
        assert groups.demand_bps[key] == max(cell["demand"][reached], default=0.0)
    assert len(groups.sector) == len(set(zip(cell["sector"], what, strict=True)))

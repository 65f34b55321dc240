"""What does not depend on the length of an epoch, and what waits for the next one."""

import numpy as np
import pytest

EPOCHS_S = (0.01, 0.02, 0.1, 0.25, 0.5, 1.0)
SCHEDULERS = ("round-robin", "proportional-fair", "max-min")
JUST_BEFORE_S = 1e-9


def workload(arrivals, *, epoch_s):
    """Completion of each job (arrival_s, work_s) of one server that sees arrivals at the next begin of an epoch.

    Lindley's recursion: a job begins when it is seen and the one before is done.
    """
    done_s, found = 0.0, []
    for arrival_s, work_s in arrivals:
        seen_s = np.ceil(arrival_s / epoch_s - 1e-6) * epoch_s
        done_s = max(done_s, seen_s) + work_s
        found.append(done_s)
    return found


# At the begin of an epoch -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("epoch_s", EPOCHS_S)
def test_a_light_load_is_there_at_the_same_instants_whatever_the_epoch(tiny, epoch_s, scheduler):
    """Ten blocks of 100 bit/s carry 300, 1 and 2700 bit in 0.3, 0.001 and 2.7 s from the instants they come."""
    network = tiny([[100.0]], epoch_s=epoch_s, end_s=12.0, scheduler=scheduler)
    for name, at_s, bits in (("a", 2, 300), ("b", 3, 1), ("c", 4, 2700), ("d", 8, 300), ("e", 8, 300)):
        network.download(name, [0], bits, at_s=at_s - JUST_BEFORE_S)
    got = network.run()
    found = {name: instants[0] for name, instants in got.items()}
    assert found == pytest.approx({"a": 2.3, "b": 3.001, "c": 6.7, "d": 8.3, "e": 8.6}, abs=1e-6)
    used_s = network.network.books.used_block_s.sum() / 10
    assert used_s == pytest.approx(0.3 + 0.001 + 2.7 + 0.6)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("epoch_s", EPOCHS_S)
def test_a_sector_has_served_everybody_at_the_same_instant_whatever_the_epoch(tiny, epoch_s, scheduler):
    """100 bit at 100 bit/s of a block, 200 at 50 and 30 at 10 are 1 + 4 + 3 = 8 block seconds: 0.8 s of ten blocks.

    Within this time the order is the scheduler's, as fine as the epoch; nobody is done before it could be alone.
    """
    network = tiny([[100.0], [50.0], [10.0]], epoch_s=epoch_s, end_s=6.0, scheduler=scheduler)
    for user, bits in enumerate((100, 200, 30)):
        network.download(f"{user}", [user], bits, at_s=3.0 - JUST_BEFORE_S)
    got = network.run()
    instants = np.array([got[name][0] for name in "012"])
    assert instants.max() == pytest.approx(3.8, abs=1e-6)
    assert (instants >= 3.0 + np.array([0.1, 0.4, 0.3]) - 1e-6).all()


@pytest.mark.parametrize("epoch_s", EPOCHS_S)
def test_a_multicast_is_there_at_the_same_instant_whatever_the_epoch(tiny, epoch_s):
    """Ten blocks at the 50 bit/s of the weaker member carry 200 bit in 0.4 s, on the air once."""
    network = tiny([[100.0], [50.0]], epoch_s=epoch_s, end_s=6.0, multicast=[1])
    network.download("live", [0, 1], 200, service=1, at_s=3.0 - JUST_BEFORE_S)
    assert network.run() == {"live": pytest.approx([3.4, 3.4], abs=1e-6)}
    assert network.carried.sum() == pytest.approx(200)


# Inside an epoch --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epoch_s", EPOCHS_S)
@pytest.mark.parametrize("seed", range(3))
def test_one_user_is_a_single_server_that_looks_once_an_epoch(tiny, seed, epoch_s):
    """Every instant is that of Lindley's recursion; so none is later by more than the wait for the epoch."""
    rng = np.random.default_rng(seed)
    arrivals = [(float(at_s), int(rng.integers(1, 800))) for at_s in np.sort(rng.uniform(0.1, 25, size=40))]
    network = tiny([[100.0]], epoch_s=epoch_s, end_s=45.0)
    for number, (at_s, bits) in enumerate(arrivals):
        network.download(f"{number}", [0], bits, at_s=at_s)
    got = network.run()
    found = [got[f"{number}"][0] for number in range(40)]
    work = [(at_s, bits / 1000) for at_s, bits in arrivals]
    assert found == pytest.approx(workload(work, epoch_s=epoch_s), abs=1e-5)
    at_once = np.array(workload(work, epoch_s=1e-7))
    waited_s = np.array(found) - at_once
    assert (waited_s >= -1e-5).all()
    assert (waited_s <= epoch_s + 1e-5).all()
    assert waited_s.max() > epoch_s / 4  # the wait is there to be seen


@pytest.mark.parametrize("looks", [(), np.arange(0.003, 9.0, 0.07)])
def test_what_comes_inside_an_epoch_has_nothing_of_it(tiny, looks):
    """Ten blocks of 100 bit/s, epochs of a second: b comes while a is served, c when the sector is idle again.

    a is served from 2.0 to 2.3 s; b and c of the same user, and d of another one, wait for 3 s, whoever looks. Their
    600 + 100 and 300 bit fill the epoch from 3 s to 4 s, at 700 and 300 bit/s.
    """
    network = tiny([[100.0], [100.0]], epoch_s=1.0, end_s=9.0)
    for look in looks:
        network.at(float(look), network.network.close)
    network.download("a", [0], 300, at_s=1.5)
    network.download("b", [0], 600, at_s=2.1)
    network.download("c", [0], 100, at_s=2.7)
    network.download("d", [1], 300, at_s=2.2)
    got = {name: instants[0] for name, instants in network.run().items()}
    assert got["a"] == pytest.approx(2.3)
    assert got["d"] == pytest.approx(4.0)
    assert got["b"] == pytest.approx(3.0 + 600 / 700)
    assert got["c"] == pytest.approx(4.0)
    assert network.carried[:5].tolist() == pytest.approx([0, 0, 300, 1000, 0])


def test_what_comes_into_a_full_epoch_has_nothing_of_it(tiny):
    """An epoch is filled by a, from 2 s on to its last instant; b, which comes when 10 bit of it are left, is next."""
    network = tiny([[100.0]], epoch_s=1.0, end_s=6.0)
    network.download("a", [0], 1000, at_s=1.5)
    network.download("b", [0], 1, at_s=2.99)
    got = network.run()
    assert got == {"a": pytest.approx([3.0]), "b": pytest.approx([3.001])}


@pytest.mark.parametrize("epoch_s", [0.1, 0.7, 2.5])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nothing_is_there_before_it_came(tiny, epoch_s, scheduler):
    """Many small segments, and looks at all times: none is done before the first epoch after it and its own time."""
    rng = np.random.default_rng(5)
    network = tiny(
        [[100.0], [70.0], [100.0]], epoch_s=epoch_s, end_s=20.0, scheduler=scheduler, multicast=[2]
    )
    for look in rng.uniform(0, 20, size=300):
        network.at(float(look), network.network.close)
    sent = {}
    for number in range(150):
        at_s, bits, user = float(rng.uniform(0.1, 15)), int(rng.integers(1, 150)), int(rng.integers(0, 3))
        service = int(rng.integers(0, 3))
        sent[f"{number}"] = (np.ceil(at_s / epoch_s) * epoch_s, bits / (700 if user == 1 else 1000))
        network.download(f"{number}", [user], bits, at_s=at_s, service=service)
    got = network.run()
    for name, (begin_s, alone_s) in sent.items():
        assert got[name][0] >= begin_s + alone_s - 2e-5


# Blocks and bits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epoch_s", [0.02, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("multicast", [(), (1,)])
def test_blocks_in_use_are_the_bits_that_are_carried(tiny, epoch_s, scheduler, multicast):
    """Everybody has 100 bit/s of a block: in every interval of whole epochs, 100 bit for each block second.

    Nor does the epoch change how much there is to carry: what is sent to all goes out once in each of two sectors.
    """
    rng = np.random.default_rng(8)
    level = np.full((6, 2), 1.0)
    level[:3, 0] = level[3:, 1] = 100.0
    network = tiny(level, epoch_s=epoch_s, end_s=40.0, scheduler=scheduler, multicast=multicast)
    offered = 0
    for number in range(60):
        bits, service = int(rng.integers(1, 300)), int(rng.integers(0, 3))
        users = (
            np.arange(6) if service == 1 else np.sort(rng.choice(6, size=rng.integers(1, 7), replace=False))
        )
        offered += bits * (2 if service in multicast else len(users))
        network.download(f"{number}", users, bits, at_s=float(rng.uniform(0, 10)), service=service)
    network.run()
    books = network.network.books
    assert network.network.backlog_bits() == 0
    assert books.carried_bits.sum() == pytest.approx(offered)
    assert books.carried_bits == pytest.approx(100 * books.used_block_s, abs=1e-2)
    assert books.served_bits.sum() == pytest.approx(network.network.received_bits)
    assert (books.active_s.sum(axis=1) <= 6 + 1e-9).all()


def test_a_user_is_active_while_something_waits_for_it(tiny):
    """User 0 has 300 bit at 1000 bit/s from 2 s on, user 1 is out of range and waits to the end, from 2 to 6 s."""
    network = tiny([[100.0], [1e-12]], end_s=6.0)
    network.download("a", [0, 1], 300, at_s=1.5)
    network.run()
    books = network.network.books
    assert books.served_s.tolist() == pytest.approx([0.3, 4.0])
    assert books.active_s[:, 0].tolist() == pytest.approx([0, 0, 1.3, 1, 1, 1])
    assert books.used_block_s[:, 0].tolist() == pytest.approx([0, 0, 3, 0, 0, 0])
    assert books.served_bits[0] / books.served_s[0] == pytest.approx(1000)

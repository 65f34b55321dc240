import math
from collections import Counter

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from netgen.engine.gpu import Gpu, Job
from netgen.generative.device import Device
from netgen.topology.outages import Outages

S = 10**9
NONE = Outages.none()


class GpuBench:
    """A GPU on a clock of its own, for 10 s, and what became of the jobs."""

    def __init__(
        self, *, streams=1, memory_bytes=4_000, load_rate=1_000.0, idle_w=10.0, peak_w=110.0, outages=NONE
    ) -> None:
        self.env = simpy.Environment(0)
        device = Device(
            "any", "gpu", None, memory_bytes, None, peak_w, idle_w,
            load_rate_byte_per_s=load_rate, streams=streams,
        )  # fmt: skip
        self.gpu = Gpu(self.env, device, interval_ns=S, end_ns=10 * S, outages=outages)
        self.done: dict[str, tuple[int, int]] = {}
        self.asked: dict[str, list[int]] = {}
        self.failed: list[tuple[str, int]] = []
        self.given_up: list[str] = []

    def submit(
        self, name, *, at_s=0.0, service_s=1.0, model="m", memory_bytes=0, admit=True, failed=None
    ) -> None:
        """Submit a job at an instant."""

        def ask(finish_ns: int) -> bool:
            self.asked.setdefault(name, []).append(finish_ns)
            taken = admit(finish_ns) if callable(admit) else admit
            if not taken:
                self.given_up.append(name)
            return taken

        def done(taken_ns: int, finished_ns: int) -> None:
            self.done[name] = (taken_ns, finished_ns)

        def fail() -> None:
            self.failed.append((name, self.env.now))
            if failed is not None:
                failed()

        def process():
            yield self.env.timeout(round(at_s * S))
            self.gpu.submit(Job(model, memory_bytes, round(service_s * S), ask, done, fail))

        self.env.process(process())

    def finished_s(self) -> dict[str, float]:
        """Run to the end; return when each job was done."""
        if self.env.now < 10 * S:
            self.env.run(until=10 * S)
        return {name: finished / S for name, (_, finished) in self.done.items()}

    def failed_s(self) -> list[tuple[str, float]]:
        """Which jobs were handed back, and when, in order."""
        return [(name, time_ns / S) for name, time_ns in self.failed]


@pytest.fixture
def gpu_bench():
    return GpuBench


def test_jobs_run_in_order_on_as_many_streams_as_there_are(gpu_bench):
    for streams, expected in ((1, [1.0, 3.0, 3.5]), (2, [1.0, 2.0, 1.5]), (3, [1.0, 2.0, 0.5])):
        bench = gpu_bench(streams=streams)
        for name, service_s in (("a", 1.0), ("b", 2.0), ("c", 0.5)):
            bench.submit(name, service_s=service_s)
        assert [bench.finished_s()[name] for name in "abc"] == expected
        assert bench.gpu.jobs_done.sum() == 3


def test_a_model_is_loaded_once_and_others_wait_for_it(gpu_bench):
    """2000 byte at 1000 byte/s: 2 s; both streams then compute at once."""
    bench = gpu_bench(streams=2)
    bench.submit("a", memory_bytes=2000)
    bench.submit("b", memory_bytes=2000)
    bench.submit("c", memory_bytes=2000, at_s=4.0)
    assert bench.finished_s() == {"a": 3.0, "b": 3.0, "c": 5.0}
    assert bench.gpu.cold_starts == 1
    assert bench.gpu.load_ns.tolist() == [S, S, *[0] * 8]


def test_the_least_recently_used_model_is_evicted(gpu_bench):
    bench = gpu_bench()
    for at_s, model in ((0.0, "x"), (3.0, "y"), (6.0, "x"), (7.5, "z")):
        bench.submit(f"{model}{at_s}", at_s=at_s, model=model, memory_bytes=2000, service_s=0.25)
    bench.env.run(until=10 * S)
    # x was used after y, so z takes the place of y.
    assert set(bench.gpu.memory.resident) == {"x", "z"}
    assert (bench.gpu.cold_starts, bench.gpu.memory.evictions) == (3, 1)


def test_a_job_waits_for_memory_that_a_running_job_holds(gpu_bench):
    bench = gpu_bench(streams=2)
    bench.submit("a", model="x", memory_bytes=3000, service_s=2.0)
    bench.submit("b", model="y", memory_bytes=2000, service_s=0.5)
    # x is loaded until 3 s and used until 5 s; only then y can be loaded, until 7 s.
    assert bench.finished_s() == {"a": 5.0, "b": 7.5}


def test_the_deadline_is_asked_with_the_cold_start_included(gpu_bench):
    bench = gpu_bench()
    bench.submit("a", memory_bytes=2000, admit=lambda finish_ns: finish_ns <= 2.9 * S)
    bench.submit("b", memory_bytes=2000, admit=lambda finish_ns: finish_ns <= 3.0 * S)
    assert bench.finished_s() == {"b": 3.0}
    assert bench.asked == {"a": [3 * S], "b": [3 * S]}


def test_a_job_that_would_wait_for_a_load_of_another_stream_is_asked_with_that_wait(gpu_bench):
    bench = gpu_bench(streams=2)
    bench.submit("a", memory_bytes=2000)
    bench.submit("b", memory_bytes=2000, at_s=0.5, admit=lambda finish_ns: finish_ns <= 2 * S)
    assert bench.finished_s() == {"a": 3.0}
    assert bench.asked["b"] == [3 * S]


def test_a_job_that_waited_for_memory_longer_than_thought_is_asked_again(gpu_bench):
    bench = gpu_bench(streams=2)
    bench.submit("a", model="x", memory_bytes=3000, service_s=2.0)
    bench.submit("b", model="y", memory_bytes=2000, service_s=0.5, admit=lambda finish_ns: finish_ns <= 6 * S)
    bench.submit("c", model="y", memory_bytes=2000, service_s=0.5, at_s=8.0)
    assert bench.finished_s() == {"a": 5.0, "c": 8.5}
    assert bench.asked["b"] == [2.5 * S, 7.5 * S]


def test_a_job_given_up_frees_its_stream_at_once(gpu_bench):
    bench = gpu_bench()
    bench.submit("a", service_s=5.0, admit=False)
    bench.submit("b", service_s=1.0)
    assert bench.finished_s() == {"b": 1.0}
    assert bench.gpu.busy == 0


def test_waits_and_queues_are_what_is_seen_at_an_instant(gpu_bench):
    bench = gpu_bench(streams=2)
    for name, service_s in (("a", 4.0), ("b", 1.0), ("c", 2.0), ("d", 2.0)):
        bench.submit(name, service_s=service_s)
    assert bench.gpu.wait_ns() == 0
    bench.env.run(until=S // 2)
    assert (bench.gpu.busy, bench.gpu.queued) == (2, 2)
    # b is done in 0.5 s; the queue's 4 s are shared by two streams.
    assert bench.gpu.wait_ns() == 2.5 * S
    assert bench.gpu.offered_ns == 9 * S


def test_energy_by_hand(gpu_bench):
    """10 W idle, 110 W peak, two streams: half the difference for each busy stream."""
    bench = gpu_bench(streams=2)
    bench.submit("a", service_s=1.5)
    bench.submit("b", service_s=0.25, at_s=0.5)
    bench.submit("c", service_s=20.0, at_s=9.5)
    bench.env.run(until=10 * S)
    bench.gpu.close()
    joule = bench.gpu.energy_joule()
    assert joule[:3].tolist() == pytest.approx([10 + 50 * 1.25, 10 + 50 * 0.5, 10])
    assert joule[9] == pytest.approx(10 + 50 * 0.5)
    assert gpu_bench(idle_w=None, peak_w=None).gpu.energy_joule() is None


def test_time_on_streams_is_split_at_the_intervals(gpu_bench):
    bench = gpu_bench(streams=2)
    bench.submit("a", at_s=0.75, service_s=1.5)
    bench.env.run(until=10 * S)
    assert bench.gpu.busy_ns.tolist()[:3] == [S // 4, S, S // 4]
    assert bench.gpu.jobs_done.tolist()[:3] == [0, 0, 1]


def test_a_device_without_known_memory_is_refused(gpu_bench):
    device = gpu_bench().gpu.device
    unknown = type(device)("x", "gpu", None, None, None, None, None)
    with pytest.raises(ValueError, match="the memory of device x is not known"):
        Gpu(gpu_bench().env, unknown, interval_ns=S, end_ns=S)


def test_a_failure_by_hand(gpu_bench):
    """Out of order from 2.5 s to 4 s: one job runs, two wait, one comes during the repair, one after it."""
    bench = gpu_bench(outages=Outages.of([(2.5, 4.0)]))
    for name, at_s in (("a", 0.0), ("b", 1.0), ("c", 1.5), ("d", 2.0), ("e", 3.0), ("f", 4.5)):
        bench.submit(name, at_s=at_s, service_s=2.0)
    assert bench.finished_s() == {"a": 2.0, "f": 6.5}
    assert bench.failed_s() == [("b", 2.5), ("c", 2.5), ("d", 2.5), ("e", 3.0)]
    # b ran for half a second, which is spent: busy 2 + 0.5 + 2 s, and two of six jobs are done.
    assert (bench.gpu.busy_ns / S).tolist() == [1, 1, 0.5, 0, 0.5, 1, 0.5, 0, 0, 0]
    assert bench.gpu.jobs_done.sum() == 2
    assert bench.gpu.jobs_failed == 4
    assert bench.gpu.offered_ns == 12 * S
    assert list(bench.asked) == ["a", "b", "f"]


def test_failures_and_repairs_one_after_another(gpu_bench):
    """Up in [0, 1), [2, 3), [5, inf): jobs of 0.6 s every 0.5 s, by hand."""
    bench = gpu_bench(outages=Outages.of([(1.0, 2.0), (3.0, 5.0)]))
    for number in range(13):
        bench.submit(str(number), at_s=number * 0.5, service_s=0.6)
    # 1 is taken at 0.6 s and aborted at 1 s; 4 and 5 come at 2 s and 2.5 s; 10 to 12 at 5 s, 5.5 s and 6 s.
    finished_s = {"0": 0.6, "4": 2.6, "10": 5.6, "11": 6.2, "12": 6.8}
    assert bench.finished_s() == pytest.approx(finished_s)
    assert sorted(bench.failed_s()) == [
        ("1", 1.0), ("2", 1.0), ("3", 1.5), ("5", 3.0), ("6", 3.0), ("7", 3.5), ("8", 4.0), ("9", 4.5)
    ]  # fmt: skip
    assert bench.gpu.busy_ns.sum() / S == pytest.approx(5 * 0.6 + 0.4 + 0.4)


def test_models_are_loaded_again_after_a_failure(gpu_bench):
    """2000 byte at 1000 byte/s: 2 s of loading before the failure, and 2 s after it."""
    bench = gpu_bench(outages=Outages.of([(3.5, 4.0)]))
    bench.submit("a", memory_bytes=2000, service_s=0.5)
    bench.submit("b", memory_bytes=2000, service_s=0.5, at_s=3.0)
    bench.submit("c", memory_bytes=2000, service_s=0.5, at_s=4.0)
    assert bench.finished_s() == {"a": 2.5, "b": 3.5, "c": 6.5}
    assert bench.asked["c"] == [6.5 * S]
    assert (bench.gpu.cold_starts, bench.gpu.memory.evictions) == (2, 0)


def test_a_load_that_a_failure_cuts_short_is_gone(gpu_bench):
    """Both streams wait for the load; time spent on it is counted, and no pin is left behind."""
    bench = gpu_bench(streams=2, outages=Outages.of([(1.25, 2.0)]))
    bench.submit("a", model="x", memory_bytes=2000)
    bench.submit("b", model="x", memory_bytes=2000, at_s=0.5)
    bench.submit("c", model="y", memory_bytes=4000, at_s=3.0, service_s=0.5)
    bench.env.run(until=round(1.5 * S))
    assert bench.gpu.memory.resident == ()
    assert (bench.gpu.busy, bench.gpu.queued, bench.gpu.wait_ns()) == (0, 0, 0)
    assert bench.gpu.load_time_ns("x", 2000) == 2 * S
    bench.submit("d", model="x", memory_bytes=2000, at_s=4.5, service_s=0.25)
    # y takes all the memory, for which nothing of x may be in use; then x is loaded from the beginning.
    assert bench.finished_s() == {"c": 7.5, "d": 9.75}
    assert bench.failed_s() == [("a", 1.25), ("b", 1.25)]
    assert (bench.gpu.load_ns / S).tolist() == [1, 0.25, 0, 1, 1, 1, 1, 0.5, 1, 0.5]
    assert (bench.gpu.cold_starts, bench.gpu.memory.evictions) == (3, 1)


def test_evictions_before_a_failure_stay_counted_and_the_failure_is_none(gpu_bench):
    bench = gpu_bench(outages=Outages.of([(9.0, 9.5)]))
    bench.submit("a", model="x", memory_bytes=3000)
    bench.submit("b", model="y", memory_bytes=3000)
    assert bench.finished_s() == {"a": 4.0, "b": 8.0}
    assert (bench.gpu.memory.resident, bench.gpu.memory.evictions) == ((), 1)


def test_a_job_given_up_is_not_handed_back_as_well(gpu_bench):
    """One is given up when it is taken, one when it has waited for memory; the failure comes later."""
    bench = gpu_bench(streams=2, outages=Outages.of([(8.0, 9.0)]))
    bench.submit("a", model="x", memory_bytes=3000, service_s=2.0)
    bench.submit("b", model="y", memory_bytes=2000, service_s=0.5, admit=lambda finish_ns: finish_ns <= 6 * S)
    bench.submit("c", at_s=7.0, admit=False)
    assert bench.finished_s() == {"a": 5.0}
    assert bench.given_up == ["b", "c"]
    assert bench.failed == []


def test_a_job_that_waits_for_memory_is_handed_back(gpu_bench):
    bench = gpu_bench(streams=2, outages=Outages.of([(4.0, 5.0)]))
    bench.submit("a", model="x", memory_bytes=3000, service_s=2.0)
    bench.submit("b", model="y", memory_bytes=2000, service_s=0.5)
    bench.submit("c", model="y", memory_bytes=2000, service_s=0.5, at_s=5.0)
    assert bench.finished_s() == {"c": 7.5}
    assert bench.failed_s() == [("a", 4.0), ("b", 4.0)]


def test_what_ends_as_the_failure_begins_is_done_and_nothing_else_is_taken(gpu_bench):
    for submit_s in (0.0, 1.0):
        bench = gpu_bench(outages=Outages.of([(2.0, 3.0)]))
        bench.submit("a", at_s=submit_s, service_s=2.0 - submit_s)
        bench.submit("b", at_s=submit_s, service_s=0.5)
        bench.submit("c", at_s=2.0, service_s=0.5)
        bench.submit("d", at_s=3.0, service_s=0.5)
        assert bench.finished_s() == {"a": 2.0, "d": 3.5}
        assert sorted(bench.failed_s()) == [("b", 2.0), ("c", 2.0)]
        assert list(bench.asked) == ["a", "d"]


def test_a_gpu_works_up_to_an_outage_and_from_its_end_on(gpu_bench):
    bench = gpu_bench(outages=Outages.of([(0.0, 0.5), (2.0, 3.0), (8.0, math.inf)]))
    seen = {}

    def look():
        for time_s in (0.0, 0.4, 0.5, 1.9, 2.0, 2.9, 3.0, 7.9, 8.0, 9.9):
            yield bench.env.timeout(round(time_s * S) - bench.env.now)
            seen[time_s] = bench.gpu.working

    bench.env.process(look())
    bench.submit("a", at_s=9.0)
    bench.submit("b", at_s=7.5)
    assert bench.finished_s() == {}
    assert bench.failed_s() == [("b", 8.0), ("a", 9.0)]
    assert [time_s for time_s, working in seen.items() if working] == [0.5, 1.9, 3.0, 7.9]


def test_who_is_handed_a_job_back_may_offer_another_at_once(gpu_bench):
    """The relay asks its policy again, which may try the same GPU: it is handed back again, once."""
    bench = gpu_bench(outages=Outages.of([(1.0, 2.0)]))
    again = Job("m", 0, S, lambda _: True, lambda *_: None, lambda: bench.failed.append(("b", bench.env.now)))
    bench.submit("a", service_s=5.0, failed=lambda: bench.gpu.submit(again))
    bench.submit("c", service_s=1.0)
    assert bench.finished_s() == {}
    assert bench.failed_s() == [("a", 1.0), ("b", 1.0), ("c", 1.0)]
    assert bench.gpu.jobs_failed == 3


def test_waits_are_those_of_a_new_gpu_after_a_failure(gpu_bench):
    bench = gpu_bench(outages=Outages.of([(1.0, 2.0)]))
    for name in "abc":
        bench.submit(name, service_s=5.0)
    bench.submit("d", at_s=3.0, service_s=4.0)
    bench.env.run(until=3.5 * S)
    assert bench.gpu.wait_ns() == 3.5 * S
    bench.finished_s()
    bench.gpu.close()
    assert bench.gpu.busy_ns.sum() == 5 * S


def test_a_failed_gpu_draws_its_idle_power(gpu_bench):
    bench = gpu_bench(outages=Outages.of([(0.5, 10.0)]))
    bench.submit("a", service_s=5.0)
    bench.finished_s()
    bench.gpu.close()
    assert bench.gpu.energy_joule().tolist() == pytest.approx([10 + 100 * 0.5, *[10] * 9])


def test_a_policy_is_asked_again_when_the_gpu_fails_and_is_offered_no_action_until_its_repair(
    ran, gpu_spec, declared
):
    """Segments are all at B at 0.101 s, 1.101 s, ..., and contracted in 0.1 s + 0.4 s; B fails at 0.3 s for 1 s."""
    slow = declared(declared={"contract_time": "400 ms"}, playable=True)
    done = ran(
        plan={"B": ["contract"]}, nodes={"B": {"gpu": gpu_spec}}, actions={"slow": slow},
        faults=[{"what": "gpu", "where": "B", "at": "0.3 s", "repair": "1 s"}],
    )  # fmt: skip
    seen = [(view.time_s, view.missed, len(view.contractions)) for view in done.views("B")]
    assert seen == [
        (pytest.approx(0.011), "", 1), (0.3, "contract(slow)", 0), (pytest.approx(1.011), "", 0),
        (pytest.approx(2.011), "", 1),
    ]  # fmt: skip
    # The whole segment, which B still has, goes on at once: 100 ms on the link and 1 ms of delay.
    delays_s = [done.segment(index)["delay_s"] for index in range(3)]
    assert delays_s == pytest.approx([0.401, 0.112, 0.101 + 0.5 + 0.011])
    bits = [done.segment(index)["received_bits"] for index in range(3)]
    assert bits == [100_000, 100_000, 10_000]
    gpu = done.simulation.nodes["B"].gpu
    # Until 0.201 s the model is loaded, until 0.3 s it computes in vain; it is loaded again after the repair.
    assert (gpu.busy_ns / S).tolist() == pytest.approx([0.099, 0, 0.4])
    assert (gpu.load_ns / S).tolist() == pytest.approx([0.1, 0, 0.1])
    assert (gpu.cold_starts, gpu.jobs_failed, gpu.jobs_done.sum()) == (2, 1, 1)


def test_a_segment_that_is_still_coming_in_when_the_gpu_fails_is_decided_again_when_it_is_here(
    ran, gpu_spec, declared
):
    done = ran(
        plan={"B": ["contract"]}, nodes={"B": {"gpu": gpu_spec}}, actions={"a": declared(playable=True)},
        faults=[{"what": "gpu", "where": "B", "at": "50 ms", "repair": "0.5 s"}],
    )  # fmt: skip
    first, again = done.views("B")[:2]
    assert (first.missed, again.missed, again.time_s) == ("", "contract(a)", pytest.approx(0.101))
    assert done.segment(0)["received_bits"] == 100_000
    assert done.simulation.nodes["B"].gpu.jobs_failed == 1


EIGHTHS = st.integers(0, 79)


@given(
    jobs=st.lists(st.tuples(EIGHTHS, st.integers(0, 24), st.sampled_from("xyz"), st.booleans()), max_size=12),
    down=st.lists(st.tuples(EIGHTHS, st.integers(1, 24)), max_size=4),
    streams=st.integers(1, 3),
)
def test_every_job_meets_one_fate_and_all_time_is_accounted_for(jobs, down, streams):
    """Done, given up, handed back or still here: exactly one; nothing is busy or done during an outage."""
    outages = Outages.of([(start / 8, (start + length) / 8) for start, length in down])
    bench = GpuBench(streams=streams, outages=outages)
    for number, (at, service, model, admit) in enumerate(jobs):
        bench.submit(
            str(number), at_s=at / 8, service_s=service / 8, model=model, memory_bytes=1500, admit=admit
        )
    finished_s = bench.finished_s()
    held = len(bench.gpu._held)
    bench.gpu.close()
    fates = Counter([*bench.done, *bench.given_up, *(name for name, _ in bench.failed)])
    assert set(fates.values()) <= {1}
    assert len(fates) + held == len(jobs)
    assert bench.gpu.jobs_done.sum() == len(bench.done)
    assert bench.gpu.jobs_failed == len(bench.failed)
    assert bench.gpu.offered_ns == sum(service for _, service, _, _ in jobs) * S // 8
    for name, time_s in finished_s.items():
        taken_s = bench.done[name][0] / S
        assert taken_s == time_s or not outages.down_during(taken_s, math.nextafter(time_s, 0))
    for _, time_s in bench.failed_s():
        assert outages.down(time_s)
    up_ns = np.array([sum(not outages.down((8 * k + j) / 8) for j in range(8)) for k in range(10)]) * S // 8
    spent_ns = bench.gpu.busy_ns + bench.gpu.load_ns
    assert (spent_ns <= streams * up_ns).all()
    least_ns = sum(jobs[int(name)][1] for name in bench.done) * S // 8
    assert bench.gpu.busy_ns.sum() >= least_ns
    if not bench.gpu.busy:
        assert not any(bench.gpu.memory._pins.values())

import pytest

from netgen.engine.gpu import Gpu

S = 10**9


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

"""Models in device memory: least recently used goes first, what is in use stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.generative.model_memory import ModelMemory


def test_models_stay_while_there_is_room():
    memory = ModelMemory(10)
    assert memory.admit("a", 4)
    assert memory.admit("b", 6)
    assert (memory.free_bytes, memory.resident, memory.evictions) == (0, ("a", "b"), 0)
    assert memory.holds("a")
    assert not memory.holds("c")


def test_the_least_recently_used_goes_first():
    memory = ModelMemory(10)
    for name in "abc":
        memory.admit(name, 3)
    memory.pin("a")
    memory.unpin("a")
    assert memory.resident == ("b", "c", "a")
    assert memory.admit("d", 3)
    assert memory.resident == ("c", "a", "d")
    assert memory.evictions == 1


def test_no_more_is_evicted_than_is_needed():
    memory = ModelMemory(10)
    for name in "abcde":
        memory.admit(name, 2)
    assert memory.admit("x", 3)
    assert memory.resident == ("c", "d", "e", "x")
    assert memory.free_bytes == 1


def test_what_is_in_use_is_never_evicted():
    memory = ModelMemory(10)
    memory.admit("a", 6)
    memory.pin("a")
    memory.pin("a")
    memory.admit("b", 4)
    assert not memory.admit("c", 5)
    assert memory.resident == ("a", "b")  # refused: nothing was evicted in vain
    memory.unpin("a")
    assert not memory.admit("c", 5)
    memory.unpin("a")
    assert memory.admit("c", 5)
    assert memory.holds("c")


def test_a_model_that_can_never_fit_is_an_error():
    with pytest.raises(ValueError, match="model x needs 11 byte of 10 byte"):
        ModelMemory(10).admit("x", 11)


@given(
    steps=st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40),
    sizes=st.fixed_dictionaries({name: st.integers(0, 10) for name in "abcdef"}),
)
def test_memory_is_never_exceeded_and_pinned_models_stay(steps, sizes):
    memory, pinned = ModelMemory(12), []
    for name, use in steps:
        if memory.holds(name) or memory.admit(name, sizes[name]):
            if use:
                memory.pin(name)
                pinned.append(name)
        elif pinned:
            memory.unpin(pinned.pop())
        assert 0 <= memory.free_bytes == 12 - sum(sizes[model] for model in memory.resident)
        assert all(memory.holds(model) for model in pinned)

"""No hidden randomness, no wall clock in models: the same seed gives the same bytes."""

import ast

CLOCK_FREE = {
    "access",
    "broadcast",
    "engine",
    "generative",
    "ledger",
    "mobility",
    "nr",
    "policy",
    "propagation",
    "radio",
    "scheduling",
    "topology",
    "traffic",
    "transport",
}
CLOCK_ALLOWED = {"netgen.generative.calibrate", "netgen.policy.checking"}
GENERATORS_MADE_IN = {"netgen.rng", "netgen.policy.checking"}
SEEDS_DRAWN_IN = {"netgen.run": ["secrets"]}  # a seed that nobody gave is drawn once, printed and stored
NOW = {"now", "utcnow", "today"}
UNSEEDED = {"random", "secrets", "uuid"}


def dotted(node: ast.AST) -> str:
    """`np.random.seed` for the expression of that name, an empty string for any other expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(parts))) if isinstance(node, ast.Name) else ""


def hidden_randomness(source) -> list[str]:
    """Imports and calls that draw, seed or make generators; annotations such as np.random.Generator are fine."""
    found = sorted({name for name in source.imported if name.partition(".")[0] in UNSEEDED})
    found += sorted(name for name in source.imported if name.startswith("numpy.random."))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if (
                name.startswith(("np.random.", "numpy.random.", "random."))
                or name.endswith(("manual_seed", "default_rng"))
                or name == "os.urandom"
            ):
                found.append(name)
    return found


def wall_clock(source) -> list[str]:
    """Imports of `time` and calls of datetime's now."""
    found = sorted(name for name in source.imported if name.partition(".")[0] == "time")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOW:
            base = dotted(node.func.value)
            if base.rpartition(".")[2] in {"datetime", "date"}:
                found.append(f"{base}.{node.func.attr}")
    return found


def unordered_loops(source) -> list[str]:
    """Loops over a set expression, whose order differs from one process to the next."""
    loops = [node for node in ast.walk(source.tree) if isinstance(node, ast.For | ast.comprehension)]
    return [
        f"{source.module}: for ... in {ast.unparse(loop.iter)}"
        for loop in loops
        if isinstance(loop.iter, ast.Set | ast.SetComp)
        or (isinstance(loop.iter, ast.Call) and dotted(loop.iter.func) in {"set", "frozenset"})
    ]


def test_generators_are_made_in_one_place(sources, plugins):
    offences = {
        source.module: hidden_randomness(source)
        for source in (*sources, *plugins)
        if source.module not in GENERATORS_MADE_IN
        and hidden_randomness(source) != SEEDS_DRAWN_IN.get(source.module, [])
    }
    assert offences == {}, "take a stream from netgen.rng.Streams instead"


def test_models_have_no_wall_clock(sources, plugins):
    offences = {
        source.module: wall_clock(source)
        for source in (*sources, *plugins)
        if (source.package in CLOCK_FREE or source in plugins)
        and source.module not in CLOCK_ALLOWED
        and wall_clock(source)
    }
    assert offences == {}


def test_nothing_loops_over_a_set(sources, plugins):
    assert [line for source in (*sources, *plugins) for line in unordered_loops(source)] == []


def test_the_allowed_modules_exist_and_use_what_they_are_allowed(sources):
    """An exception for a module that is gone, or no longer needs it, would hide the next offence."""
    by_name = {source.module: source for source in sources}
    for name in GENERATORS_MADE_IN:
        assert hidden_randomness(by_name[name]), name
    for name in CLOCK_ALLOWED & set(by_name):
        assert wall_clock(by_name[name]), name


def test_the_checks_can_fail(sample):
    bad = sample(
        "netgen.engine.bad",
        """
        import random
        import datetime
        from time import perf_counter
        from numpy.random import default_rng
        import numpy as np

        def draw(rng: np.random.Generator) -> float:
            np.random.seed(1)
            torch.manual_seed(1)
            for name in {"a", "b"}:
                print(name, datetime.datetime.now(), [x for x in set(name)])
            return default_rng().random() + random.random() + np.random.default_rng(1).random()
        """,
    )
    assert {
        "random",
        "numpy.random.default_rng",
        "np.random.seed",
        "torch.manual_seed",
        "random.random",
    } <= set(hidden_randomness(bad))
    assert {"default_rng", "np.random.default_rng"} <= set(hidden_randomness(bad))
    assert wall_clock(bad) == ["time", "time.perf_counter", "datetime.datetime.now"]
    assert len(unordered_loops(bad)) == 2

    good = sample(
        "netgen.engine.good",
        """
        import numpy as np

        def draw(rng: np.random.Generator, names: set[str]) -> float:
            return sum(rng.random() for name in sorted(names))
        """,
    )
    assert hidden_randomness(good) == wall_clock(good) == unordered_loops(good) == []

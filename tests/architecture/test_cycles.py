"""No two packages of netgen import each other, directly or around corners."""

import graphlib

import pytest


def package_graph(sources) -> dict[str, set[str]]:
    """Which packages (or top-level modules) of netgen each of them imports."""
    graph: dict[str, set[str]] = {source.package: set() for source in sources if source.package}
    for source in sources:
        for name in source.imported:
            parts = name.split(".")
            if source.package and parts[0] == "netgen" and len(parts) > 1 and parts[1] in graph:
                graph[source.package].add(parts[1])
        graph.get(source.package, set()).discard(source.package)
    return graph


def test_packages_have_no_cycle(sources):
    graph = package_graph(sources)
    assert graph["engine"], "the graph was not read: the engine imports something"
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_a_cycle_is_found(sample):
    tree = (
        sample("netgen.media.a", "from netgen.radio import b\n"),
        sample("netgen.radio.b", "def later():\n    from netgen import traffic\n"),
        sample("netgen.traffic.c", "import netgen.media.a\n"),
    )
    with pytest.raises(graphlib.CycleError) as error:
        graphlib.TopologicalSorter(package_graph(tree)).prepare()
    assert set(error.value.args[1]) == {"media", "radio", "traffic"}

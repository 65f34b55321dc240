"""How deep, how many, how long, and what files and classes are never called."""

import ast
from collections import Counter

MODULES_PER_PACKAGE = 12
LINES_PER_MODULE = 400
LINES_PER_FUNCTION = 60
BANNED = {"util", "utils", "helper", "helpers", "misc", "manager", "handler", "data", "info"}
BANNED_ENDINGS = ("Manager", "Handler", "Helper", "Helpers", "Utils")


def too_deep(sources) -> list[str]:
    return [source.module for source in sources if source.module.count(".") > 2]


def too_many(sources) -> list[str]:
    counts = Counter(
        source.module.rpartition(".")[0]
        for source in sources
        if not source.is_package and source.module.count(".") == 2
    )
    return [f"{name} has {count} modules" for name, count in counts.items() if count > MODULES_PER_PACKAGE]


def too_long(sources) -> list[str]:
    lengths = {source.module: len(source.text.splitlines()) for source in sources}
    return [f"{name} has {lines} lines" for name, lines in lengths.items() if lines > LINES_PER_MODULE]


def long_functions(sources) -> list[str]:
    return [
        f"{source.module}.{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= LINES_PER_FUNCTION
    ]


def banned_names(sources) -> list[str]:
    found = []
    for source in sources:
        if BANNED & set(source.module.rpartition(".")[2].lower().split("_")):
            found.append(source.module)
        found += [
            f"{source.module}.{node.name}"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.ClassDef)
            and (node.name.lower().lstrip("_") in BANNED or node.name.endswith(BANNED_ENDINGS))
        ]
    return found


def test_modules_are_no_deeper_than_package_and_module(sources):
    assert too_deep(sources) == []


def test_packages_hold_at_most_twelve_modules(sources):
    assert too_many(sources) == [], "split the package sideways"


def test_modules_are_at_most_400_lines(sources):
    assert too_long(sources) == []


def test_functions_are_at_most_60_lines(sources):
    assert long_functions(sources) == []


def test_files_and_classes_are_called_by_what_they_are(sources):
    assert banned_names(sources) == []


def test_the_checks_can_fail(sample):
    deep = sample("netgen.media.codecs.x265", "")
    assert too_deep([deep]) == ["netgen.media.codecs.x265"]

    crowd = [sample(f"netgen.media.part_{number}", "") for number in range(13)]
    assert too_many(crowd) == ["netgen.media has 13 modules"]
    assert too_many(crowd[:12]) == []

    assert too_long([sample("netgen.media.epic", "x = 1\n" * 401)]) == ["netgen.media.epic has 401 lines"]
    assert too_long([sample("netgen.media.epic", "x = 1\n" * 400)]) == []

    body = "    x = 1\n" * 60
    assert long_functions([sample("netgen.media.f", f"def saga():\n{body}")]) == [
        "netgen.media.f.saga has 61 lines"
    ]
    assert long_functions([sample("netgen.media.f", f"def fine():\n{body[10:]}")]) == []

    text = "class Manager: ...\nclass LinkHandler: ...\nclass Metadata: ...\n"
    assert banned_names([sample("netgen.media.video_utils", text)]) == [
        "netgen.media.video_utils",
        "netgen.media.video_utils.Manager",
        "netgen.media.video_utils.LinkHandler",
    ]

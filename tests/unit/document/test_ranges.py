"""Numbered entries: what a range stands for, where its mistakes are reported, and that it cannot grow without end."""

from pathlib import Path

import pytest

from netgen.document.ranges import MOST_NUMBERS, MOST_VALUES, with_ranges
from netgen.document.source import parse_text
from netgen.document.tree import plain, walk


def written_out(text):
    """Return the bare values of a document with its ranges written out, and its issues as text."""
    root, issues = parse_text(text, "file.yaml", Path())
    assert issues == []
    made = with_ranges(root, issues)
    return plain(made), [str(issue) for issue in issues]


def values_of(text):
    values, issues = written_out(text)
    assert issues == []
    return values


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("t-{1..3}", ["t-1", "t-2", "t-3"]),
        ("t{8..11}", ["t8", "t9", "t10", "t11"]),
        ("t-{08..11}", ["t-08", "t-09", "t-10", "t-11"]),
        ("t-{08..9}", ["t-08", "t-09"]),
        ("t-{98..101}", ["t-98", "t-99", "t-100", "t-101"]),
        ("t-{0..2}x", ["t-0x", "t-1x", "t-2x"]),
        ("t-{5..5}", ["t-5"]),
        ("A -> b{1..2}", ["A -> b1", "A -> b2"]),
        ("b{1..2} <-> A", ["b1 <-> A", "b2 <-> A"]),
    ],
)
def test_a_key_stands_for_its_names(key, names):
    assert list(values_of(f'"{key}": x')) == names


def test_the_number_stands_in_every_text_below():
    text = '"t-{01..02}": {content: "c-{}", to: ["a-{}", b], deep: {er: ["x{}y{}"]}, rate: 3, none: null}'
    assert values_of(text)["t-02"] == {
        "content": "c-02",
        "to": ["a-02", "b"],
        "deep": {"er": ["x02y02"]},
        "rate": 3,
        "none": None,
    }


def test_braces_outside_a_numbered_entry_stay():
    assert values_of('a: {text: "t-{}"}') == {"a": {"text": "t-{}"}}


def test_a_range_in_a_list_stands_for_its_items_in_their_place():
    assert values_of('to: [a, "c{1..3}", b]') == {"to": ["a", "c1", "c2", "c3", "b"]}


def test_a_range_of_items_may_use_the_number_of_its_entry():
    assert values_of('"s{1..2}": {to: ["n{}-{1..2}"]}') == {
        "s1": {"to": ["n1-1", "n1-2"]},
        "s2": {"to": ["n2-1", "n2-2"]},
    }


@pytest.mark.parametrize(
    "text",
    [
        'a: "t-{1..3}"',
        '"t{1..2}-{1..2}": x',
        '"t-{1.2}": x',
        '"t-{1..}": x',
        '"t-{a..c}": x',
        '"{1..3}": x',
        "a: [[1, 2], {b: [3]}]",
    ],
)
def test_what_is_no_range_stays(text):
    root, _ = parse_text(text, "file.yaml", Path())
    assert values_of(text) == plain(root)


def test_generated_entries_know_their_path_and_where_their_range_is():
    root, issues = parse_text('nodes:\n  "n{1..2}": {gpu: L4, "m{1..2}": [a, "b{1..2}"]}\n', "f.yaml", Path())
    made = with_ranges(root, issues)
    first = made.mapping["nodes"].mapping["n2"]
    assert first.path == "nodes.n2"
    assert (first.key_mark.line, first.key_mark.column) == (2, 3)
    assert first.mapping["gpu"].path == "nodes.n2.gpu"
    assert [item.path for item in walk(first.mapping["m1"])][1:] == [f"nodes.n2.m1[{k}]" for k in range(3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'n:\n  "a-{3..1}": x',
            'file.yaml:2:3: n.a-{3..1}: "a-{3..1}" runs backwards; accepted: the lower number first',
        ),
        ('"a{1..10001}": x', 'file.yaml:1:1: a{1..10001}: "a{1..10001}" stands for 10,001 names; accepted:'),
        (
            'n:\n  to: [b, "a{9..8}"]',
            'file.yaml:2:11: n.to[1] = "a{9..8}": "a{9..8}" runs backwards; accepted:',
        ),
        ('"a{1..3}": x\n"a{3..5}": y', 'file.yaml:2:1: a{3..5}: gives "a3" again; accepted: each name once'),
        ('a2: x\n"a{1..3}": y', 'file.yaml:2:1: a{1..3}: gives "a2" again; accepted: each name once'),
        ('"a{1..3}": x\na2: y', 'file.yaml:2:1: a2: gives "a2" again; accepted: each name once'),
    ],
)
def test_a_wrong_range_is_reported_where_it_is(text, message):
    _, issues = written_out(text)
    assert len(issues) == 1
    assert issues[0].startswith(message)


def test_the_longest_range_is_accepted():
    assert len(values_of(f'"a{{1..{MOST_NUMBERS}}}": x')) == MOST_NUMBERS


def test_ranges_in_ranges_do_not_multiply_without_end():
    text = 'n:\n  "a{1..10000}":\n    "b{1..10000}": {"c{1..10000}": x}\n'
    root, issues = parse_text(text, "file.yaml", Path())
    made = with_ranges(root, issues)
    assert sum(1 for _ in walk(made)) <= 2 * MOST_VALUES
    assert [str(issue) for issue in issues] == [
        'file.yaml:3:21: n.a1.b16.c{1..10000}: "c{1..10000}" makes more values than can be held; '
        "accepted: up to 200,000 in all ranges"
    ]

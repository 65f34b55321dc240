"""A range and the same names written one by one make the same document."""

from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.document.ranges import with_ranges
from netgen.document.source import parse_text
from netgen.document.tree import plain, walk

LETTERS = "abxyz"
AFFIX = st.text(alphabet=LETTERS + "-_09", max_size=4)


@st.composite
def ranges(draw):
    """Return a range as it is written, and the numbers that it stands for as they are shown."""
    first = draw(st.integers(0, 120))
    count = draw(st.integers(1, 12))
    last = first + count - 1
    width = draw(st.sampled_from([0, len(str(last)), len(str(last)) + 1]))
    shown = [str(number).zfill(width) for number in range(first, last + 1)]
    return f"{{{shown[0]}..{shown[-1]}}}", shown


@st.composite
def names(draw):
    """Return a name with a range, and the names that it stands for."""
    before, after = draw(st.sampled_from(LETTERS)) + draw(AFFIX), draw(AFFIX)
    written, shown = draw(ranges())
    return before + written + after, [before + number + after for number in shown], shown


def read(document):
    text = yaml.safe_dump(document, sort_keys=False, default_style='"')
    root, issues = parse_text(text, "file.yaml", Path())
    return with_ranges(root, issues), issues


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(name=names())
def test_a_range_is_its_names_written_out(name):
    written, meant, shown = name
    made, issues = read({"services": {written: {"content": "c{}", "to": ["x", written]}}})
    assert issues == []
    assert plain(made) == {
        "services": {
            entry: {"content": f"c{number}", "to": ["x", *meant]}
            for entry, number in zip(meant, shown, strict=True)
        }
    }


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(name=names())
def test_writing_out_twice_changes_nothing(name):
    written, _, _ = name
    made, issues = read({"nodes": {written: {"to": [written]}}})
    assert with_ranges(made, issues) == made
    assert issues == []


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(name=names(), others=st.lists(st.sampled_from("qrs"), unique=True, max_size=3))
def test_every_value_is_found_at_its_path(name, others):
    written, _, _ = name
    made, _ = read({**dict.fromkeys(others, "x"), written: {"to": ["a", written]}})
    for item in walk(made):
        here = made
        for key in item.path.replace("[", ".[").split(".") if item.path else []:
            here = here.value[int(key[1:-1])] if key.startswith("[") else here.value[key]
        assert here is item


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(text=st.text(alphabet="a{}.0123456789- ", max_size=24))
def test_any_text_is_written_out_or_reported(text):
    made, issues = read({"n": {"k" + text: [text]}})
    entries = made.mapping["n"].mapping
    assert entries
    if issues:
        assert all("accepted" in issue.reason for issue in issues)

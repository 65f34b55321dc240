"""Every assumed number in netgen is listed in docs/assumptions.md, and nothing else is.

An assumption is written beside the number, as the mark and one sentence. Where one sentence ends, the
assumption ends; mentions of the mark in backticks are not assumptions.
"""

import csv
import io
import re
import tokenize
from pathlib import Path

MARK = "ASSUMED:"
PAGE = "docs/assumptions.md"
COMMENTED = {".yaml", ".yml", ".toml"}


def passages(path: Path, text: str) -> list[str]:
    """The pieces of a file in which an assumption may stand: comments in a row, strings, cells."""
    if path.suffix == ".csv":
        return [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    if path.suffix in COMMENTED:
        return re.findall(r"(?:^[^\n]*#[^\n]*\n)+", text + "\n", flags=re.MULTILINE)
    if path.suffix != ".py":
        return [text]
    found: list[str] = []
    last = (-1, -1)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comment = token.string.lstrip("#:").strip()
            if token.start == (last[0] + 1, last[1]):
                found[-1] += f"\n{comment}"
            else:
                found.append(comment)
            last = token.start
        elif token.type == tokenize.STRING:
            found.append(re.sub(r"^[rbfuRBFU]*(\"\"\"|'''|\"|')|(\"\"\"|'''|\"|')$", "", token.string))
    return found


def assumptions(path: Path, text: str) -> list[str]:
    """The sentences after the mark in one file, each on one line."""
    found = []
    for passage in passages(path, text):
        for match in re.finditer(rf"(?<!`){MARK}(?!`)", passage):
            rest = re.split(r"\n\s*#?\s*\n", passage[match.end() :])[0]
            line = " ".join(part.lstrip("#").strip() for part in rest.split("\n"))
            sentence = re.split(r"\.(?=\s|$)|;(?=\s)", " ".join(line.split()))[0]
            found.append(sentence.strip())
    return found


def rows_in_code(root: Path) -> list[str]:
    """The table rows that the page should have."""
    rows = []
    for path in sorted((root / "netgen").rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            where = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8", errors="replace")
            rows += [f"| `{where}` | {sentence} |" for sentence in assumptions(path, text)]
    return rows


def rows_in_page(page: str) -> list[str]:
    """The table rows that the page has."""
    return [line.strip() for line in page.splitlines() if line.startswith("| `netgen/")]


def test_every_assumption_is_listed(root):
    page = (root / PAGE).read_text(encoding="utf-8")
    wanted, listed = rows_in_code(root), rows_in_page(page)
    missing = [row for row in wanted if row not in listed]
    stale = [row for row in listed if row not in wanted]
    assert not missing, f"add to {PAGE}:\n" + "\n".join(missing)
    assert not stale, f"no longer in the code, remove from {PAGE}:\n" + "\n".join(stale)
    assert len(listed) == len(set(listed)), f"listed twice in {PAGE}"


def test_assumptions_are_found_where_they_are_written():
    code = '''
"""A module. Its numbers say `ASSUMED:` beside them.

Valid for    ASSUMED: users stay
             in one cell; nobody leaves. More text.
"""
# ASSUMED: a queue holds 100 ms
# of traffic (about e.g.three packets)
# and nothing is measured. Why: no source.
SIZE = 3  # ASSUMED: three copies
# not an assumption
TEXT = "a; b"

"""ASSUMED: 0.15 of the peak power"""
'''
    assert assumptions(Path("a.py"), code) == [
        "users stay in one cell",
        "a queue holds 100 ms of traffic (about e.g.three packets) and nothing is measured",
        "three copies",
        "0.15 of the peak power",
    ]
    assert assumptions(Path("a.csv"), 'a,note\n1,"ASSUMED: half of it, roughly; see b"\n') == [
        "half of it, roughly"
    ]
    yaml = "# ASSUMED: first\n# line\nx: 1\ny: 2  # ASSUMED: second\n"
    assert assumptions(Path("a.yaml"), yaml) == ["first line", "second"]


def test_a_row_that_is_not_in_the_page_would_be_seen():
    page = "text\n| `netgen/a.py` | one |\n| netgen | no row |\n"
    assert rows_in_page(page) == ["| `netgen/a.py` | one |"]

"""The pages agree with the code and with one another: links, generated parts, keys, files."""

import importlib.util
import re
import shutil

import pytest

from netgen.run import run

LARGEST_PICTURE_BYTES = 150_000


@pytest.fixture(scope="module")
def build(root):
    """docs/build.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_build", root / "docs" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(build, tmp_path_factory):
    """Result blocks and the folder of the runs behind them, made once."""
    folder = tmp_path_factory.mktemp("runs")
    return build.result_blocks(folder), folder


def slug(heading: str) -> str:
    """Anchor of a heading as GitHub makes it."""
    text = re.sub(r"`|\*", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def links(text: str) -> list[str]:
    """Targets of the links and pictures of a page, code left out."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text))


def test_links_lead_somewhere(pages):
    checked = 0
    for page in pages:
        for target in links(page.read_text(encoding="utf-8")):
            if target.startswith(("http://", "https://")):
                continue
            name, _, anchor = target.partition("#")
            found = (page.parent / name).resolve() if name else page
            assert found.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
                assert anchor in [slug(heading) for heading in headings], f"{page.name}: {target}"
            checked += 1
    assert checked > 50


def test_every_page_is_reached_from_the_map(root, pages):
    listed = links((root / "docs" / "index.md").read_text(encoding="utf-8"))
    reached = {(root / "docs" / target.partition("#")[0]).resolve() for target in listed}
    docs = {page for page in pages if (root / "docs") in page.parents and page.name != "index.md"}
    assert docs <= reached


def test_files_that_the_pages_name_are_there(root, pages):
    named = {
        (page.name, path)
        for page in pages
        for path in re.findall(
            r"`((?:tests|netgen|docs|scenarios|policies)/[\w./-]+\.(?:py|yaml|md))",
            page.read_text(encoding="utf-8"),
        )
    }
    assert len(named) > 10
    assert [entry for entry in sorted(named) if not (root / entry[1]).is_file()] == []


def test_pictures_are_small_and_shown(root, pages):
    pictures = sorted((root / "docs" / "pictures").iterdir())
    shown = {
        target.rpartition("/")[2] for page in pages for target in links(page.read_text(encoding="utf-8"))
    }
    assert [picture.name for picture in pictures if picture.stat().st_size >= LARGEST_PICTURE_BYTES] == []
    assert [picture.name for picture in pictures if picture.name not in shown] == []


def test_generated_pages_are_up_to_date(build, made, monkeypatch, capsys):
    monkeypatch.setattr(build, "result_blocks", lambda folder: dict(made[0]))
    assert build.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_page_is_reported(build, made, root, tmp_path, monkeypatch, capsys):
    shutil.copytree(root / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.py", "pictures"))
    shutil.copy(root / "README.md", tmp_path)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "result_blocks", lambda folder: dict(made[0]))
    assert build.main(["--check"]) == 0, capsys.readouterr().err

    records = tmp_path / "docs" / "reference" / "records.md"
    results = tmp_path / "docs" / "results.md"
    records.write_text(records.read_text(encoding="utf-8").replace("`delay_s`", "`delay`"), encoding="utf-8")
    results.write_text(
        results.read_text(encoding="utf-8").replace("| c3 | 15 |", "| c3 | 16 |"), encoding="utf-8"
    )
    assert build.main(["--check"]) == 3
    assert capsys.readouterr().err.splitlines() == [
        "docs/reference/records.md is out of date; run: make docs",
        "docs/results.md is out of date; run: make docs",
    ]
    assert "`delay`" in records.read_text(encoding="utf-8"), "--check writes nothing"


def test_a_block_that_no_page_has_is_an_error(build, made):
    with pytest.raises(SystemExit, match=r"no page has the block.*lost-block"):
        build.texts(made[0] | {"lost-block": "text\n"})


def test_blocks_are_filled_and_others_left_alone(build):
    page = "a\n<!-- begin one -->\nold\n<!-- end one -->\nb\n<!-- begin two -->\nkept\n<!-- end two -->\n"
    assert build.with_blocks(page, {"one": "new\n"}) == page.replace("old", "new")


def keys_of(summary: dict) -> set[str]:
    """Every key of a summary; names that a scenario chose (of services, nodes, links, ...) are left out."""
    found = set(summary)
    for mode in summary["service_modes"].values():
        found |= set(mode)
    found |= set(summary["service_modes"])
    for receivers in summary["receivers"].values():
        found |= {key for figures in receivers.values() for key in figures}
    for section in ("links", "nodes", "laws", "evaluations"):
        found |= {key for figures in summary[section].values() for key in figures}
    for figures in summary["radio"].values():
        found |= set(figures)
        for quantity in ("sinr_db", "rate_bps"):
            found |= set(figures.get(quantity, ()))
    if "baseline" in summary:
        found |= set(summary["baseline"])
        for receivers in summary["baseline"]["receivers"].values():
            found |= {key for figures in receivers.values() for key in figures}
    return found | set(summary["rating_levels"])


def test_every_key_of_a_summary_is_explained(root, tmp_path):
    page = (root / "docs" / "metrics.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z_0-9]+)`", page))
    found = set()
    names = (
        "elastic_small",
        "fig8_scenario2",
        "hex_7",
        "continuation_train",
        "offload_final",
        "utility_evaluation",
    )
    for name in names:
        path = root / "scenarios" / f"{name}.yaml"
        found |= keys_of(run(path, overrides=["duration=8 s"], out=tmp_path / name).summary)
    assert sorted(found - words) == []
    explained = {
        key
        for line in page.splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`([a-z_0-9]+)`", line.split("|")[1])
    }
    assert sorted(explained - found - {"failed"}) == []


def test_the_glossary_is_in_order_and_in_the_code(root):
    text = (root / "README.md").read_text(encoding="utf-8").partition("## Glossary")[2]
    rows = re.findall(r"^\| `([a-z_]+)`", text, flags=re.MULTILINE)
    assert rows == sorted(rows)
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "netgen").rglob("*.py")))
    assert [name for name in rows if name not in code] == []

"""Every field of what service policies see has a row on the page about policies, in its order."""

import dataclasses
import re

import pytest

from netgen.policy.service_views import (
    AdditionView,
    CellView,
    ChannelView,
    ContentView,
    ContinuationView,
    OffloadingView,
)

VIEWS = (ContinuationView, OffloadingView, ContentView, ChannelView, CellView, AdditionView)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_a_view_has_a_table_of_its_fields(view, root):
    page = (root / "docs" / "policies.md").read_text(encoding="utf-8").partition("### What they see")[2]
    table = re.search(rf"^`{view.__name__}`, .*?:\n\n((?:\|.*\n)+)", page, flags=re.MULTILINE)
    assert table is not None
    rows = [line.split("|")[1] for line in table[1].splitlines()[2:]]
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == [
        spec.name for spec in dataclasses.fields(view)
    ]

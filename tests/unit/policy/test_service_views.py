"""Views of service policies are values, and the sample views hold what their descriptions promise."""

import dataclasses
import typing

import numpy as np
import pytest

from netgen.policy import service_views
from netgen.policy.service_samples import addition_samples, continuation_samples, offloading_samples

VIEWS = [
    service_views.CellView,
    service_views.ContinuationView,
    service_views.ContentView,
    service_views.ChannelView,
    service_views.OffloadingView,
    service_views.AdditionView,
]
ARRAYS = [service_views.Bools, service_views.Floats, service_views.Ints]
SAMPLES = [*continuation_samples(), *offloading_samples(), *addition_samples()]


@pytest.mark.parametrize("view", VIEWS)
def test_views_are_frozen_and_hold_only_values_and_arrays(view):
    assert view.__dataclass_params__.frozen
    assert "__slots__" in vars(view)
    allowed = {str, int, float, bool, type(None), *VIEWS, service_views.GpuView}
    for hint in typing.get_type_hints(view).values():
        if hint in ARRAYS:
            continue
        parts = set(typing.get_args(hint)) - {Ellipsis} or {hint}
        assert parts <= allowed, hint


@pytest.mark.parametrize("view", SAMPLES, ids=lambda view: f"{type(view).__name__}-{view.time_s:g}")
def test_arrays_of_a_sample_are_read_only_and_as_long_as_said(view):
    hints = typing.get_type_hints(type(view))
    of_cells = {"multicast_share", "can_cell", "cell_s", "cell_streams"}
    arrays = {name: getattr(view, name) for name, hint in hints.items() if hint in ARRAYS}
    for name, array in arrays.items():
        assert not array.flags.writeable, name
        assert array.shape == ((len(view.cells),) if name in of_cells else view.user.shape), name
        assert array.dtype == typing.get_args(typing.get_args(hints[name])[1])[0], name
        assert not np.isnan(array).any(), name
    if "cell" in arrays:
        assert view.cell.max(initial=-1) < len(view.cells)
        assert (np.diff(view.user) > 0).all()


def test_the_samples_of_continuation_cover_what_is_promised():
    views = continuation_samples()
    assert {len(view.user) for view in views} == {0, 1, 60}
    assert any(not view.cells for view in views)
    assert any(not view.on_air for view in views)
    assert any(view.moving.all() and len(view.user) for view in views)
    assert any((view.loss_now == 1).all() and len(view.user) for view in views)
    assert any(all(cell.load == 1 for cell in view.cells) and view.cells for view in views)
    assert any(not any(cell.on_air for cell in view.cells) and view.cells for view in views)
    assert {served for view in views for served in view.served.tolist()} == {0, 1, 2}


def test_the_samples_of_offloading_cover_what_is_promised():
    views = offloading_samples()
    assert any(not view.contents for view in views)
    assert any(not view.channels for view in views)
    assert any(c.rate_bps > view.channels[c.channel].capacity_bps for view in views for c in view.contents)
    assert any(channel.capacity_bps == 0 for view in views for channel in view.channels)
    assert any(not channel.on_air for view in views for channel in view.channels)
    assert {c.on_tower for view in views for c in view.contents if c.moving} == {True, False}


def test_the_samples_of_addition_cover_what_is_promised():
    views = addition_samples()
    assert any(view.control_bits == 0 for view in views)
    assert any(view.deadline_s is None for view in views)
    assert any(len(view.user) and not view.can_terminal.any() and not view.can_cell.any() for view in views)
    assert any(len(view.user) and not view.battery.any() for view in views)
    assert any(len(view.user) and not view.rate_bps.any() for view in views)


def test_a_view_cannot_be_changed():
    view = continuation_samples()[4]
    with pytest.raises(dataclasses.FrozenInstanceError):
        view.poor = 0.5
    with pytest.raises(ValueError, match="read-only"):
        view.served[0] = 2

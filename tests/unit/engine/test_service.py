"""Routes of a service as trees of legs."""

import numpy as np

from netgen.engine.service import Service
from netgen.media.segment_track import SegmentTrack
from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance
from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess
from netgen.transport.link import Link
from netgen.transport.link_books import LinkBooks


def link(source, target):
    capacity = CapacityProcess.constant(1e6)
    return Link(
        f"{source}->{target}", source, target, capacity=capacity, delay_ns=1, queue_bits=None,
        loss=LossProcess.independent(0.0), retransmissions=0, noise_key=np.uint64(0),
        books=LinkBooks(capacity, 10**9, 10**9),
    )  # fmt: skip


AB, BC, BD, DE = link("A", "B"), link("B", "C"), link("B", "D"), link("D", "E")
TRACK = SegmentTrack(
    video_format=VideoFormat(100, 100, 10.0), segment_s=1.0, bits=np.array([100, 200]), frames=np.array([10, 5]),
    provenance=Provenance.DECLARED,
)  # fmt: skip


def service(**changes):
    fields = {
        "name": "s", "content": "film", "content_class": "natural", "track": TRACK, "semantic_bits": 1.0, "source": "A",
        "paths": {"C": (AB, BC), "E": (AB, BD, DE)}, "multicast": True, "deadline_ns": None, "required_fidelity": 0.0,
        "loss_tolerance": 0.0, "offers_ns": np.array([0]), "pacing": 0.0, "personal": False, "key": np.uint64(1),
    }  # fmt: skip
    return Service(**{**fields, **changes})


def shape(legs):
    """Legs as nested tuples of (link, stop, what follows)."""
    return [(leg.link.name, leg.stop, shape(leg.branches)) for leg in legs]


def test_sizes_repeat_when_the_run_is_longer_than_the_track():
    assert [service().size(index) for index in range(4)] == [(100, 10), (200, 5)] * 2


def test_next_links_are_grouped_by_link():
    assert [(one.name, behind) for one, behind in service().next_links("A", ("C", "E"))] == [
        ("A->B", ("C", "E"))
    ]
    assert [(one.name, behind) for one, behind in service().next_links("B", ("C", "E"))] == [
        ("B->C", ("C",)), ("B->D", ("E",)),
    ]  # fmt: skip
    assert service().next_links("E", ("E",)) == ()


def test_legs_run_to_the_receivers_where_nobody_decides():
    ((leg, groups),) = service().legs("A", ("C", "E"), frozenset())
    assert shape([leg]) == [("A->B", False, [("B->C", True, []), ("B->D", False, [("D->E", True, [])])])]
    assert groups == [("C",), ("E",)]


def test_legs_end_where_somebody_decides_or_receives():
    ((leg, groups),) = service().legs("A", ("C", "E"), frozenset({"B"}))
    assert shape([leg]) == [("A->B", True, [])]
    assert groups == [("C", "E")]
    through = service(paths={"B": (AB,), "C": (AB, BC)})
    ((leg, groups),) = through.legs("A", ("B", "C"), frozenset())
    assert shape([leg]) == [("A->B", True, [])]
    assert groups == [("B", "C")]

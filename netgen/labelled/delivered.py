"""What receivers of labelled scenes learned of their meaning, beside what the ledger says that they did."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netgen.generative.representation import Representation
from netgen.labelled.information import kept_meaning
from netgen.labelled.meaning import Meaning, scene_entropy_bits
from netgen.labelled.reading import read_meanings, reader_digest, views_of
from netgen.labelled.scene_content import SceneContent
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from

FEWEST_SCENES = 40
"""With fewer, a value of a label may be missing altogether, and nothing can be estimated."""


def reading_of(clip: YuvClip) -> Meaning:
    """Return what the reader makes of a scene as it was shown.

    Raises
    ------
    InputError                      The reader's weights are missing or damaged.
    MissingDependencyError          torch or safetensors is not installed.
    """
    return read_meanings(views_of([clip]))[0]


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One scene at one receiver; `read` is None where the source itself came, which is read when it is asked for."""

    index: int
    read: Meaning | None
    account: tuple[float, float, float]


@dataclass(slots=True)
class DeliveredMeaning:
    """The meaning of labelled scenes at their receivers, read from the frames that were shown.

    Parameters
    ----------
    contents : mapping              Labelled contents by name.
    """

    contents: Mapping[str, SceneContent]
    _delivered: dict[tuple[str, str, str], dict[int, _Delivery]] = field(default_factory=dict)

    def note(
        self,
        service: str,
        receiver: str,
        *,
        content: str,
        index: int,
        made: Representation,
        read: Meaning | None,
    ) -> None:
        """Note that a receiver was shown a segment; of a scene that comes again only the first time counts."""
        scene = index % self.contents[content].count
        low, high = made.semantic_interval
        delivery = _Delivery(index, read, (made.semantic_fidelity, low, high))
        self._delivered.setdefault((service, receiver, content), {}).setdefault(scene, delivery)

    def figures(self) -> list[dict[str, Any]]:
        """Return for every service and receiver what was read and what the ledger has, over the scenes delivered.

        `read_bits` is I(U~; U~_r) through the reader, a lower bound. `account_bits` is what the ledger's fidelities
        give; a source counts there with what the reader keeps of it, so that both sides bear the reader's errors.
        Fewer than 40 different scenes give no figures.
        """
        return [
            {"service": service, "receiver": receiver, **self._compared(content, tuple(found.values()))}
            for (service, receiver, content), found in sorted(self._delivered.items())
        ]

    def _compared(self, content: str, found: tuple[_Delivery, ...]) -> dict[str, Any]:
        scenes, count = self.contents[content], len(found)
        entropy_bits = scene_entropy_bits()
        told: dict[str, Any] = {
            "scenes": count,
            "offered_bits": count * entropy_bits,
            "reader_sha256": reader_digest(),
        }
        if count < FEWEST_SCENES:
            return told | {"note": f"fewer than {FEWEST_SCENES} different scenes: nothing is estimated"}
        true = [scenes.meaning(one.index) for one in found]
        originals = [reading_of(scenes.clip(one.index)) for one in found]
        shown = [
            original if one.read is None else one.read for one, original in zip(found, originals, strict=True)
        ]
        # The same draws for both, so that what was not touched differs by nothing.
        ceiling, read = (
            kept_meaning(true, one, generator_from(scenes.seed, count)) for one in (originals, shown)
        )
        reading = (ceiling.fidelity, ceiling.low, ceiling.high)
        phis = [reading if one.read is None else one.account for one in found]
        account, low, high = (math.fsum(column) * entropy_bits for column in zip(*phis, strict=True))
        read_bits, half = count * read.bits.bits, count * (read.bits.high_bits - read.bits.low_bits) / 2
        return told | {
            "read_bits": read_bits,
            "read_low_bits": count * read.bits.low_bits,
            "read_high_bits": count * read.bits.high_bits,
            "account_bits": account,
            "account_low_bits": low,
            "account_high_bits": high,
            "ceiling_bits": count * ceiling.bits.bits,
            "agrees": abs(read_bits - account) <= math.hypot(half, (high - low) / 2),
        }

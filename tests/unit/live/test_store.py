from fractions import Fraction

import pytest

from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.live.store import ArtefactStore


def representation(number, size):
    parts = (Part(PartKind.GENERATIVE, bytes([number]) * size), Part(PartKind.DISCRIMINATIVE, b"abc"))
    return ContractedVideo(f"domain {number}", 64, 48, 25, Fraction(30000, 1001), parts)


def test_representations_come_back_in_any_order(tmp_path):
    made = [representation(number, size) for number, size in ((1, 5000), (2, 0), (3, 77))]
    with ArtefactStore(tmp_path) as store:
        assert store.size_bytes == 0
        numbers = [
            store.put(one, action=name) for one, name in zip(made, ("x265", None, "flat"), strict=True)
        ]
        assert numbers == [0, 1, 2]
        assert [store.get(number) for number in (2, 0, 1, 2)] == [made[2], made[0], made[1], made[2]]
        later = store.put(made[0], action="x265")
        assert store.get(later) == made[0]
        assert store.get(1) == made[1]
        assert [store.action_of(number) for number in numbers] == ["x265", None, "flat"]
        assert [store.bits(number) for number in numbers] == [one.bits for one in made]
        assert store.size_bytes == sum(one.bits for one in made) // 8 + made[0].bits // 8
        assert len(store) == 4
        assert list(tmp_path.iterdir()) == []
        for number in (-1, 4):
            with pytest.raises(ValueError, match=f"representation {number} of 4"):
                store.get(number)

import pytest

from netgen.described.grids import (
    COARSEST,
    DETAIL_STEP,
    FINEST,
    layout_cells,
    quantiser_step,
    sketch_cells,
    study_cells,
)


@pytest.mark.parametrize(
    ("size_px", "cells"),
    [
        ((480, 272), (136, 240)),
        ((1280, 720), (135, 240)),
        ((720, 1280), (240, 135)),
        ((176, 144), (144, 176)),
    ],
)
def test_a_layout_has_at_most_240_cells_along_the_longer_side(
    size_px: tuple[int, int], cells: tuple[int, int]
) -> None:
    assert layout_cells(*size_px) == cells
    assert max(study_cells(*size_px)) == 160
    assert max(sketch_cells(*size_px)) == 120


def test_steps_fall_with_detail_and_are_clear_of_rounding() -> None:
    levels = [COARSEST + DETAIL_STEP * index for index in range(int((FINEST - COARSEST) / DETAIL_STEP) + 1)]
    steps = [quantiser_step(level) for level in levels]
    assert steps == sorted(set(steps), reverse=True)
    assert (steps[0], steps[-1]) == (5120, 683)
    assert all(abs((5120 * 0.75 ** (level - 1)) % 1 - 0.5) > 0.005 for level in levels)
    assert quantiser_step(8, chroma=True) == 1092

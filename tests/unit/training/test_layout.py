import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from netgen.models.layout_generator import LayoutGenerator  # noqa: E402  (needs torch)
from netgen.models.restorer import initialise  # noqa: E402
from netgen.training.fit import Budget, FitSettings, fit  # noqa: E402
from netgen.training.layout import make_layouts, prepare_layout  # noqa: E402
from netgen.training.photographs import Photograph  # noqa: E402


def _photographs() -> list[Photograph]:
    rng = np.random.default_rng(0)
    blocks = rng.integers(20, 235, (2, 20, 36)).astype(np.uint8)
    return [
        Photograph(f"blocks-{index}", np.kron(one, np.ones((20, 20), np.uint8)))
        for index, one in enumerate(blocks)
    ]


def test_layouts_resemble_their_photographs_and_repeat() -> None:
    made, again = (
        make_layouts(_photographs(), 5, np.random.default_rng(2), progress=lambda line: None)
        for _ in range(2)
    )
    np.testing.assert_array_equal(made.layout, again.layout)
    assert made.clean.shape == made.plain.shape == (5, 272, 480)
    assert made.layout.shape == made.sketch.shape == (5, 136, 240)
    error = np.square(made.clean.astype(float) - made.plain).mean(axis=(1, 2))
    finest, coarsest = np.argmin(made.step), np.argmax(made.step)
    assert error[finest] < error[coarsest] < made.clean.astype(float).var()
    assert 0.005 < made.sketch.mean() < 0.2


def test_a_few_steps_lower_the_loss_and_repeat() -> None:
    curves = []
    for _ in range(2):
        loss = prepare_layout(_photographs(), np.random.default_rng(1), lambda line: None, small=True)
        model = LayoutGenerator((8, 8, 8))
        initialise(model, torch.Generator().manual_seed(0))
        before = float(loss(model, np.random.default_rng(9)).detach())
        log = fit(
            model, loss, FitSettings(Budget(steps=12), 4, learning_rate=3e-3), progress=lambda line: None
        )
        after = float(loss(model, np.random.default_rng(9)).detach())
        curves.append((before, after, log.curve))
    assert curves[0] == curves[1]
    assert curves[0][1] < curves[0][0]

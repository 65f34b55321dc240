import pytest

torch = pytest.importorskip("torch", reason="the layout generator is a torch network")

from netgen.models.layout_generator import LayoutGenerator  # noqa: E402  (needs torch)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 16), (135, 240), (17, 41)])
def test_it_makes_pictures_of_twice_the_sides(height: int, width: int) -> None:
    layout = torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        detail = LayoutGenerator()(layout, torch.zeros_like(layout), torch.zeros(2), torch.full((2,), 80.0))
    assert detail.shape == (2, 1, 2 * height, 2 * width)
    assert torch.isfinite(detail).all()


def test_it_is_small() -> None:
    assert sum(parameter.numel() for parameter in LayoutGenerator().parameters()) < 1_000_000


def test_every_input_reaches_the_output() -> None:
    generator = torch.Generator().manual_seed(1)
    model = LayoutGenerator()
    given = [torch.rand(1, 1, 16, 16, generator=generator) for _ in range(2)]
    given += [torch.tensor([1.0]), torch.tensor([100.0])]
    for one in given:
        one.requires_grad_(True)
    model(*given).square().sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in given)

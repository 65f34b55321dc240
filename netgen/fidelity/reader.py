"""The shipped reader of labelled scenes, loaded once, for those who look inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.labelled.reading import shipped_reader, views_of
from netgen.media.yuv_clip import YuvClip

if TYPE_CHECKING:
    from torch import Tensor


def features_of(piece: YuvClip) -> NDArray[np.float32]:
    """Return the features that the reader's readers of objects find: (4, 24, 8, 8).

    Raises
    ------
    InputError                          The weights are missing or damaged.
    MissingDependencyError              torch or safetensors is not installed.
    """
    import torch  # noqa: PLC0415  (optional: loaded when a network is used)

    with torch.inference_mode():
        found: NDArray[np.float32] = shipped_reader().features(_frames(piece))[0].numpy()
    return found


def likelihoods_of(piece: YuvClip) -> dict[str, NDArray[np.float32]]:
    """Return the probabilities that the reader gives the values of every label; raises as `features_of`.

    Returns
    -------
    dict                                `background` (8,), `there` (4, 2), and each attribute (4, values).
    """
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        logits = shipped_reader()(_frames(piece))
    return {name: values[0].softmax(dim=-1).numpy() for name, values in logits.items()}


def _frames(piece: YuvClip) -> Tensor:
    views = views_of([piece])  # says which extra is missing
    import torch  # noqa: PLC0415

    return torch.from_numpy(views).float() / 255 - 0.5

"""Feature distance by a large pretrained encoder: the image encoder of CLIP, where its weights are present."""

from __future__ import annotations

import json
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.fidelity.contract import Family, FidelityEstimator
from netgen.fidelity.correlation import agreement_of_features
from netgen.media.yuv_clip import YuvClip, rgb_from_clip
from netgen.models.pretrained_folder import digest_of_weights, import_transformers, safe_weights

_FRAMES = 5
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of RGB, 0..1, in the pictures that CLIP learned from: Radford et al., ICML 2021, as its authors publish them."""
_KINDS = {"clip": "vision_config", "clip_vision_model": None}


class ClipFeatures(FidelityEstimator[NDArray[np.float32]]):
    """Compares the embeddings of five frames a second by CLIP's image encoder.

    Nothing is downloaded, only safetensors are read, and no code that lies beside them is run.

    Parameters
    ----------
    folder : Path                       What `save_pretrained` wrote of a CLIPModel, a CLIPVisionModelWithProjection.
    device : str                        `cpu`, `cuda` or `cuda:N`.

    Raises
    ------
    InputError                          No such folder, another model in it, or weights that are missing or pickled.

    Source                              Radford et al., Learning transferable visual models from natural language
                                        supervision, ICML 2021.
    """

    family = Family.FEATURES

    def __init__(self, folder: Path, *, device: str = "cpu") -> None:
        self.folder, self.device = folder, device
        self.side_px = _side_px(folder)
        self.name = f"clip-{digest_of_weights(folder)[:12]}-v1"

    def described(self, piece: YuvClip) -> NDArray[np.float32]:
        """Return the embeddings of five frames: (5, width of the projection).

        Raises
        ------
        InputError                      transformers cannot load the weights, with its own words.
        MissingDependencyError          torch or transformers is not installed.
        """
        model = self._model
        torch = import_module("torch")
        chosen = np.rint(np.linspace(0, piece.frames - 1, _FRAMES)).astype(np.int64)
        rgb = rgb_from_clip(YuvClip(np.ascontiguousarray(piece.planes[chosen]), piece.frame_rate_hz))
        pixels = torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
        # The whole frame, not its middle as when photographs are sorted: what stands at the edge counts as well.
        pixels = torch.nn.functional.interpolate(
            pixels, size=(self.side_px, self.side_px), mode="bicubic", antialias=True, align_corners=False
        ).clamp(0, 1)
        mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (_MEAN, _DEVIATION))
        with torch.inference_mode():
            found = model(pixel_values=((pixels - mean) / deviation).to(self.device)).image_embeds
        embeddings: NDArray[np.float32] = found.float().cpu().numpy()
        return embeddings

    def compared(self, reference: NDArray[np.float32], shown: NDArray[np.float32]) -> float:
        """Correlate the embeddings frame by frame, and take the mean."""
        return float(np.mean([agreement_of_features(*pair) for pair in zip(reference, shown, strict=True)]))

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401  (a model of transformers, of which mypy knows nothing)
        transformers = import_transformers("CLIP")
        damaged = import_module("safetensors").SafetensorError
        try:
            model, report = transformers.CLIPVisionModelWithProjection.from_pretrained(
                str(self.folder), use_safetensors=True, local_files_only=True, output_loading_info=True
            )
        except (OSError, ValueError, RuntimeError, damaged) as error:
            raise InputError(
                f"{self.folder}: transformers {transformers.__version__} cannot load it: {error}"
            ) from error
        if report["missing_keys"]:  # transformers would draw them at random, and warn
            missing = sorted(report["missing_keys"])
            raise InputError(f"{self.folder}: {len(missing)} weights are missing, {missing[0]} among them")
        return model.eval().to(self.device)


def _side_px(folder: Path) -> int:
    """Return the side of the pictures that a model takes, after making sure that it is CLIP with safe weights."""
    config = folder / "config.json"
    if not config.is_file():
        raise InputError(
            f"no CLIP model at {folder.absolute()}: it has no config.json; give a folder that save_pretrained wrote, "
            "for example what `hf download openai/clip-vit-base-patch32 --local-dir FOLDER` fetches where there is a "
            "network"
        )
    try:
        found = json.loads(config.read_text(encoding="utf-8"))
        kind = found["model_type"]
        vision = found if kind == "clip_vision_model" else found.get("vision_config", {})
        side_px = int(vision.get("image_size", 224))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{config} cannot be read as the configuration of a model: {error!r}") from error
    if kind not in _KINDS:
        raise InputError(f"{config}: model_type {kind}; accepted: {', '.join(_KINDS)}")
    safe_weights(folder)
    return side_px

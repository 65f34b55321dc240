"""Rating by a multimodal large model: the probabilities of five words, where the answer to a question begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from netgen.errors import InputError, MissingDependencyError
from netgen.media.yuv_clip import YuvClip, rgb_from_clip
from netgen.models.pretrained_folder import digest_of_weights, import_transformers, safe_weights
from netgen.rating.dimensions import RATED
from netgen.rating.rater import Rating, rating_of

WORDS = ("bad", "poor", "fair", "good", "excellent")
"""Levels 1 to 5 as the model is asked for them."""

QUESTIONS = MappingProxyType(
    {
        "consistency": "Does this video show clearly what it is meant to show? Rate its consistency.",
        "reasonableness": "Do the things in this video last and move as real things do? Rate its reasonableness.",
        "usability": "Could somebody find the objects in this video by what they look like? Rate its usability.",
        "utility": "How useful is this video, given how clear and how natural it is? Rate its utility.",
    }
)
_CHOICE = "Answer with one of: excellent, good, fair, poor, bad."
_FRAMES = 5


class LargeModel:
    """A multimodal model of transformers that takes pictures and text, and answers in words.

    It is shown five frames of a second and asked a question of `QUESTIONS`; the logits of the five words' first
    tokens, where the answer goes on, are the logits of the levels. Nothing is downloaded, only safetensors are read,
    and no code that lies beside them is run.

    Parameters
    ----------
    folder : Path                       What `save_pretrained` wrote of a model and of its processor.
    device : str                        `cpu`, `cuda` or `cuda:N`.

    Raises
    ------
    InputError                          No such folder, or weights that are missing or pickled.

    Source                              Wu et al., Q-Align: teaching LMMs for visual scoring via discrete text-defined
                                        levels, ICML 2024; Zhang et al., Engineering 56(1), 2026, section 3.3.1.
    """

    def __init__(self, folder: Path, *, device: str = "cpu") -> None:
        self.folder, self.device = folder, device
        self.name = f"{_model_type(folder)}-{digest_of_weights(folder)[:12]}-v1"

    @property
    def weights_bytes(self) -> int:
        """Size of the weights."""
        return sum(path.stat().st_size for path in safe_weights(self.folder))

    def rate(self, clip: YuvClip, rated: str = "utility") -> Rating:
        """Rate a second of video.

        Parameters
        ----------
        clip : YuvClip                  What is shown.
        rated : str                     One of `RATED`.

        Raises
        ------
        InputError                      transformers cannot load the folder, or the model's words do not differ.
        MissingDependencyError          torch, transformers, or what that needs for the folder is not installed.
        """
        if rated not in RATED:
            raise ValueError(f"{rated!r} is not rated; accepted: {', '.join(RATED)}")
        model, processor = self._model, self._processor
        torch = import_module("torch")
        chosen = np.rint(np.linspace(0, clip.frames - 1, _FRAMES)).astype(np.int64)
        pictures = rgb_from_clip(YuvClip(np.ascontiguousarray(clip.planes[chosen]), clip.frame_rate_hz))
        with _needed():
            inputs = processor(
                text=[self._prompt(rated)], images=[list(pictures)], return_tensors="pt"
            ).to(self.device)  # fmt: skip
        with torch.inference_mode():
            logits = model(**inputs).logits[0, -1].float().cpu()
        return rating_of(logits[list(self._words(rated))].tolist())

    def _prompt(self, rated: str) -> str:
        """Return what the model reads up to where the word of its answer begins."""
        asked = f"{QUESTIONS[rated]} {_CHOICE}"
        answer = _answer(rated)
        processor = self._processor
        if getattr(processor, "chat_template", None):
            content = [*({"type": "image"} for _ in range(_FRAMES)), {"type": "text", "text": asked}]
            turn = [{"role": "user", "content": content}]
            return str(processor.apply_chat_template(turn, add_generation_prompt=True)) + answer
        picture = getattr(processor, "image_token", "<image>")
        return f"USER: {picture * _FRAMES}\n{asked} ASSISTANT: {answer}"

    def _words(self, rated: str) -> tuple[int, ...]:
        """Return the token with which each word of `WORDS` goes on from the answer.

        The answer is tokenised with the word: on its own a word may begin with a space that some tokenizers add.
        """
        tokenizer = self._processor.tokenizer
        answer = _answer(rated)
        before = tokenizer(answer, add_special_tokens=False)["input_ids"]
        found = [tokenizer(f"{answer} {word}", add_special_tokens=False)["input_ids"] for word in WORDS]
        if any(tokens[: len(before)] != before for tokens in found):
            raise InputError(
                f"{self.folder}: its tokenizer does not begin a token where the answer goes on with one of "
                f"{', '.join(WORDS)}"
            )
        first = tuple(int(tokens[len(before)]) for tokens in found if len(tokens) > len(before))
        if len(set(first)) != len(WORDS):
            raise InputError(
                f"{self.folder}: its tokenizer does not tell {', '.join(WORDS)} apart by their first token"
            )
        return first

    @cached_property
    def _processor(self) -> Any:  # noqa: ANN401  (of transformers, of which mypy knows nothing)
        transformers = import_transformers("a multimodal large model")
        try:
            with _needed():
                processor = transformers.AutoProcessor.from_pretrained(
                    str(self.folder), local_files_only=True
                )
        except (OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
            raise self._not_loaded("processor", error) from error
        if not hasattr(processor, "tokenizer") or not hasattr(processor, "image_processor"):
            raise InputError(
                f"{self.folder}: has no processor of pictures and text; save the model's processor there as well"
            )
        return processor

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401
        transformers = import_transformers("a multimodal large model")
        damaged = import_module("safetensors").SafetensorError
        try:
            with _needed():
                model, report = transformers.AutoModelForImageTextToText.from_pretrained(
                    str(self.folder), use_safetensors=True, local_files_only=True, output_loading_info=True
                )
        except (OSError, ValueError, RuntimeError, damaged) as error:
            raise self._not_loaded("model", error) from error
        if report["missing_keys"]:  # transformers would draw them at random, and warn
            missing = sorted(report["missing_keys"])
            raise InputError(f"{self.folder}: {len(missing)} weights are missing, {missing[0]} among them")
        return model.eval().to(self.device)

    def _not_loaded(self, what: str, error: Exception) -> InputError:
        version = import_module("transformers").__version__
        return InputError(f"{self.folder}: transformers {version} cannot load its {what}: {error}")


def _answer(rated: str) -> str:
    """Return the beginning of the answer, which one of `WORDS` goes on."""
    return f"The {rated} of this video is"


@contextmanager
def _needed() -> Iterator[None]:
    """Tell what transformers misses for a folder: Pillow, torchvision, sentencepiece and others are not its own."""
    try:
        yield
    except ImportError as error:
        why = " ".join(str(error).split())
        raise MissingDependencyError(
            f"a multimodal large model needs another package: {why}; run: pip install netgen[diffusion] pillow "
            f"torchvision sentencepiece"
        ) from error


def _model_type(folder: Path) -> str:
    """Return the kind of model, after making sure that there is one with safe weights."""
    config = folder / "config.json"
    if not config.is_file():
        raise InputError(
            f"no multimodal model at {folder.absolute()}: it has no config.json; give a folder that save_pretrained "
            "wrote of a model and of its processor"
        )
    try:
        kind = str(json.loads(config.read_text(encoding="utf-8"))["model_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{config} cannot be read as the configuration of a model: {error!r}") from error
    safe_weights(folder)
    return kind

"""A multimodal large model as a rater, on a tiny LLaVA with random weights; and folders that are refused."""

import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="large models are torch models")

import torch

from netgen.errors import InputError, MissingDependencyError
from netgen.media.yuv_clip import YuvClip, rgb_from_clip
from netgen.rating.large_model import QUESTIONS, WORDS, LargeModel

CHAT = (
    "{% for message in messages %}{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %} ASSISTANT: {% endfor %}"
)


UNKNOWN, PADDING, PICTURE = "<unk>", "<pad>", "<image>"


def vocabulary() -> dict[str, int]:
    """Return every word of the questions, of the answers and of the chat."""
    text = " ".join(
        [*QUESTIONS.values(), "Answer with one of: excellent, good, fair, poor, bad.", *WORDS, *QUESTIONS]
    )
    words = sorted({word.strip(".,:;?") for word in f"{text} The of this video is USER ASSISTANT".split()})
    return {word: number for number, word in enumerate([UNKNOWN, PADDING, PICTURE, *words])}


def save(path: Path, *, chat: str | None = None) -> Path:
    """Write a LLaVA of two small towers and its processor, as `save_pretrained` does."""
    transformers = pytest.importorskip("transformers", reason="large models are loaded by transformers")
    tokenizers = pytest.importorskip("tokenizers", reason="comes with transformers")
    plain = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary(), unk_token=UNKNOWN))
    plain.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    plain.add_special_tokens([UNKNOWN, PADDING, PICTURE])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, unk_token=UNKNOWN, pad_token=PADDING
    )
    side = {"height": 32, "width": 32}
    pictures = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=side)
    processor = transformers.LlavaProcessor(
        pictures, tokenizer, patch_size=16, vision_feature_select_strategy="default", chat_template=chat,
        image_token=PICTURE, num_additional_image_tokens=1,
    )  # fmt: skip
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(
            hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=32,
            patch_size=16,
        ),
        text_config=transformers.LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.random.manual_seed(1)
        model = transformers.LlavaForConditionalGeneration(config)
    model.save_pretrained(path)
    processor.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("llava"))


@pytest.fixture(scope="module")
def clip() -> YuvClip:
    planes = np.random.Generator(np.random.PCG64(1)).integers(16, 235, (25, 96, 64), dtype=np.uint8)
    return YuvClip(planes, Fraction(25))


def test_it_rates(folder: Path, clip: YuvClip) -> None:
    """Five probabilities of the five words; the same again; another clip, another rating."""
    model = LargeModel(folder)
    rating = model.rate(clip)
    assert sum(rating.probabilities) == pytest.approx(1)
    assert 1 < rating.score < 5
    assert LargeModel(folder).rate(clip) == rating
    other = YuvClip(np.full_like(clip.planes, 128), clip.frame_rate_hz)
    assert model.rate(other) != rating
    assert model.rate(clip, "usability") != rating
    assert model.name.startswith("llava-")
    assert model.weights_bytes > 10_000


def test_the_rating_is_the_softmax_of_the_words_logits(folder: Path, clip: YuvClip) -> None:
    """By the model itself: its probabilities over all words, those of the five words, divided by their sum."""
    transformers = pytest.importorskip("transformers")
    model = LargeModel(folder)
    prompt = model._prompt("utility")
    assert prompt.endswith("ASSISTANT: The utility of this video is")
    assert prompt.count("<image>") == 5
    processor = transformers.AutoProcessor.from_pretrained(folder)
    frames = rgb_from_clip(clip)[[0, 6, 12, 18, 24]]
    inputs = processor(text=[prompt], images=[list(frames)], return_tensors="pt")
    whole = transformers.LlavaForConditionalGeneration.from_pretrained(folder)
    with torch.inference_mode():
        probabilities = whole(**inputs).logits[0, -1].softmax(dim=-1)
    own = torch.stack([probabilities[vocabulary()[word]] for word in WORDS])
    assert model.rate(clip).probabilities == pytest.approx((own / own.sum()).tolist(), abs=1e-5)


def test_a_chat_template_is_used(tmp_path: Path, clip: YuvClip) -> None:
    model = LargeModel(save(tmp_path, chat=CHAT))
    assert model._prompt("utility").startswith("<image><image><image><image><image>How useful")
    assert sum(model.rate(clip).probabilities) == pytest.approx(1)


def test_words_that_it_cannot_tell_apart(tmp_path: Path, clip: YuvClip) -> None:
    path = save(tmp_path)
    listing = json.loads((path / "tokenizer.json").read_text())
    vocab = listing["model"]["vocab"]
    vocab["bat"], vocab["bats"] = vocab.pop("bad"), vocab.pop("poor")
    (path / "tokenizer.json").write_text(json.dumps(listing))
    with pytest.raises(InputError, match="does not tell bad, poor, fair, good, excellent apart"):
        LargeModel(path).rate(clip)


def spaced(path: Path) -> Path:
    """Make the tokenizer one that puts a space of its own before any text, as those of the Llama family do."""
    listing = json.loads((path / "tokenizer.json").read_text())
    space = "\u2581"
    # The space takes the place of the last word, so that the model has a row for each.
    words = [space, *(space + word for word in vocabulary() if word.isalpha())][:-1]
    listing["model"]["vocab"] |= {word: 3 + number for number, word in enumerate(words)}
    kept = [UNKNOWN, PADDING, PICTURE]
    listing["model"]["vocab"] = {
        word: n for word, n in listing["model"]["vocab"].items() if word in kept or word[0] == space
    }
    listing["normalizer"] = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": space},
            {"type": "Replace", "pattern": {"String": " "}, "content": space},
        ],
    }
    listing["pre_tokenizer"] = {
        "type": "Split", "pattern": {"String": space}, "behavior": "MergedWithNext", "invert": False,
    }  # fmt: skip
    (path / "tokenizer.json").write_text(json.dumps(listing))
    return path


def test_a_tokenizer_with_a_space_of_its_own(tmp_path: Path, clip: YuvClip) -> None:
    """The words' own tokens are taken, not that of the space which all of them begin with."""
    model = LargeModel(spaced(save(tmp_path)))
    tokenizer = model._processor.tokenizer
    alone = [tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in WORDS]
    assert len({tokens[0] for tokens in alone}) == 1
    assert len({tokens[1] for tokens in alone}) == 5
    assert model._words("utility") == tuple(tokens[1] for tokens in alone)
    assert sum(model.rate(clip).probabilities) == pytest.approx(1)


def test_words_that_change_what_comes_before(
    folder: Path, clip: YuvClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a word and the end of the answer are one token, the logits behind the answer are not the word's."""
    model = LargeModel(folder)
    tokens = {"The utility of this video is": [1, 2, 3]}
    tokens |= {f"The utility of this video is {word}": [1, 2, 10 + n] for n, word in enumerate(WORDS)}

    class Joining:
        def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
            assert not add_special_tokens
            return {"input_ids": tokens[text]}

    monkeypatch.setattr(model._processor, "tokenizer", Joining())
    with pytest.raises(InputError, match="does not begin a token where the answer goes on"):
        model._words("utility")


@pytest.mark.parametrize("what", ["AutoProcessor", "AutoModelForImageTextToText"])
def test_without_what_transformers_itself_needs(
    folder: Path, clip: YuvClip, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    transformers = pytest.importorskip("transformers")

    def missing(*_: object, **__: object) -> None:
        raise ImportError("CLIPImageProcessor requires the PIL library but it was not found.\nInstall it.")

    monkeypatch.setattr(getattr(transformers, what), "from_pretrained", missing)
    with pytest.raises(
        MissingDependencyError, match=r"requires the PIL library.*pip install netgen\[diffusion\]"
    ):
        LargeModel(folder).rate(clip)


def test_folders_that_are_refused(tmp_path: Path, folder: Path, clip: YuvClip) -> None:
    with pytest.raises(InputError, match=r"no multimodal model at .*gone.*save_pretrained"):
        LargeModel(tmp_path / "gone")
    config = tmp_path / "config.json"
    config.write_text("[1]")
    with pytest.raises(InputError, match="cannot be read as the configuration"):
        LargeModel(tmp_path)
    config.write_text(json.dumps({"model_type": "llava"}))
    with pytest.raises(InputError, match=r"no \*.safetensors"):
        LargeModel(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80")
    with pytest.raises(InputError, match=r"only pickled weights.*refused"):
        LargeModel(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:100])
    for name in (
        "processor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "preprocessor_config.json",
    ):
        if (folder / name).is_file():
            (tmp_path / name).write_bytes((folder / name).read_bytes())
    config.write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(InputError, match="cannot load its model"):
        LargeModel(tmp_path).rate(clip)


def test_without_transformers_the_extra_is_named(
    folder: Path, clip: YuvClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingDependencyError, match=r"pip install netgen\[diffusion\]"):
        LargeModel(folder).rate(clip)


def test_what_is_not_rated(folder: Path, clip: YuvClip) -> None:
    with pytest.raises(ValueError, match="'beauty' is not rated"):
        LargeModel(folder).rate(clip, "beauty")

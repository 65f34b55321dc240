"""Every promise of the contract is checked: an action that breaks just one is caught, and told which."""

import pytest

from netgen.actions.contract import Placement
from netgen.catalogue.checking import Finding, check_action, inspect_action, inspect_afresh
from netgen.catalogue.loading import action_factory
from netgen.catalogue.starting_point import action_text
from netgen.catalogue.variants import VARIANTS
from netgen.errors import CheckFailedError, InputError

SOUND = action_text("own")
EXPAND = "    def expand(self, contracted, *, seed=0):"
CONTRACT = "    def contract_at(self, frames, knob, *, seed):"
MADE = "        parts = (Part(PartKind.DISCRIMINATIVE, payload),)"
SHOWN = "            return YuvClip(planes, contracted.frame_rate_hz)"


def written(tmp_path, text):
    (tmp_path / "own.py").write_text(text)
    return action_factory("own.py:Own", folders=(tmp_path,))


def broken(text, *changes):
    """Return the sound action with some lines replaced; each must be there exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def before(line, *others):
    return line, "\n".join((*others, line))


def found_in(tmp_path, text):
    """Failures of both inspections, in this process."""
    make = written(tmp_path, text)
    told = []
    first = inspect_action(make, Placement(), told.append)
    if not first.messages:
        return first.failures
    return (
        first.failures
        + inspect_afresh(make, Placement(), first.messages, first.digests, told.append).failures
    )


def test_the_starting_point_keeps_every_promise(tmp_path):
    check = check_action(written(tmp_path, SOUND))
    assert check.name == "plugin.own"
    assert check.domain == "plugin.own[side_px=8]"
    assert {"contract", "expand", "determinism", "rates", "fresh process", "memory bound"} <= set(
        check.checks
    )
    assert check.contract_s > 0
    assert check.expand_s > 0
    assert check.precision is None  # it has no network
    assert 0 <= check.peak_bytes <= check.bound_bytes
    assert found_in(tmp_path, SOUND) == ()


BREAKS = {
    "a name without family": ([('"plugin.own"', '"own"')], "declared attributes: name 'own'"),
    "a summary of two lines": ([('deflated"', 'deflated\\nthus"')], "declared attributes: summary"),
    "a mode that is text": (
        [("mode = CodingMode.SEMI_REFERENCE", 'mode = "semi"')],
        "declared attributes: mode = 'semi'",
    ),
    "learned without weights": ([("learned = False", "learned = True")], "its weights take 0 byte"),
    "weights without being learned": (
        [before(EXPAND, "    model_bytes = 1000", "")],
        "learned = False, but its weights take 1000",
    ),
    "a grid out of range": ([("grid=(0, 16,", "grid=(0, 160,")], "knob coarseness: 160 is out of its range"),
    "a domain per instance": (
        [('return f"{self.name}[', 'return f"{id(self)}[')],
        "differs from that of another instance",
    ),
    "a default that is not accepted": (
        [("Parameter(8, (4, 8, 16)", "Parameter(8, (4, 16)")],
        "making an instance: raised",
    ),
    "an accepted value that fails": (
        [
            ("Parameter(8, (4, 8, 16)", "Parameter(8, (4, 8, 0)"),
            before(
                EXPAND,
                "    def __init__(self, **values):",
                "        super().__init__(**values)",
                "        assert self.values['side_px']",
                "",
            ),
        ],
        "side_px = 0 is declared as accepted, but raised AssertionError",
    ),
    "unknown parameters swallowed": (
        [before(EXPAND, "    def __init__(self, **values):", "        super().__init__()", "")],
        "takes a parameter that it does not declare",
    ),
    "the knob the wrong way round": (
        [("2 ** (knob / 8))", "2 ** ((48 - knob) / 8))")],
        "they are the wrong way round",
    ),
    "input frames changed": (
        [
            before(
                "        step = round(2 ** (knob / 8))",
                "        frames.planes.flags.writeable = True",
                "        frames.planes[0, 0, 0] += 1",
            )
        ],
        "contract changed the frames",
    ),
    "no stages": (
        [
            (
                "    def contract_at",
                "    def timed(self, stage):\n        return open(__file__)\n\n    def contract_at",
            )
        ],
        "reports no stage",
    ),
    "nested stages": (
        [
            before(
                SHOWN,
                "            with self.timed(Stage.INFER):",
                "                __import__('time').sleep(0.02)",
            )
        ],
        "they overlap",
    ),
    "another frame rate named": (
        [("frames.frames, frames.frame_rate_hz, parts", "frames.frames, frames.frame_rate_hz * 2, parts")],
        "which are not the clip's",
    ),
    "too few frames": (
        [(SHOWN, "            return YuvClip(planes[: max(1, len(planes) - 1)], contracted.frame_rate_hz)")],
        "which are not the clip's",
    ),
    "planes of another type": (
        [(SHOWN, "            return YuvClip(planes.astype(np.int16), contracted.frame_rate_hz)")],
        "planes of int16",
    ),
    "a side channel in the instance": (
        [
            before(MADE, "        self.hidden = frames"),
            before(
                SHOWN,
                "            if hasattr(self, 'hidden'):",
                "                return YuvClip(self.hidden.planes[: contracted.frames], contracted.frame_rate_hz)",
            ),
        ],
        "shows other frames than one that reads its bytes",
    ),
    "lying bits": (
        [
            before(
                "        return ContractedVideo(",
                "        class Small(ContractedVideo):",
                "            bits = 8",
                "",
            ),
            ("        return ContractedVideo(", "        return Small("),
        ],
        "contract returned Small, not ContractedVideo",
    ),
    "drawn without the seed": (
        [before(MADE, "        payload += bytes([np.random.default_rng().integers(256)])")],
        "contracted again with the same seed it gives other bytes",
    ),
    "state that changes results": (
        [
            before(
                MADE,
                "        self.calls = getattr(self, 'calls', 0) + 1",
                "        payload += bytes([self.calls])",
            )
        ],
        "contracted by a new instance with the same seed it gives other bytes",
    ),
    "noise of its own on expansion": (
        [
            before(
                SHOWN,
                "            planes[0, 0, 0] = np.random.default_rng().integers(256)",
                "            planes[0, 0, 1] = np.random.default_rng().integers(256)",
            )
        ],
        "it shows other frames",
    ),
    "batches in another order": (
        [
            before(
                EXPAND,
                "    def expand_many(self, contracted, *, seeds):",
                "        return super().expand_many(contracted, seeds=seeds)[::-1]",
                "",
            )
        ],
        "expand_many shows other frames",
    ),
    "batches that lose one": (
        [
            before(
                EXPAND,
                "    def expand_many(self, contracted, *, seeds):",
                "        return super().expand_many(contracted, seeds=seeds)[1:]",
                "",
            )
        ],
        "expand_many returned 6 clips for 7",
    ),
    "any domain": (
        [("        self.check_domain(contracted)", "        pass")],
        "expands a representation of another domain",
    ),
    "any size": (
        [
            ("        self.check_size(frames.width_px, frames.height_px)", "        pass"),
            before(EXPAND, "    def check_size(self, width_px, height_px):", "        pass", ""),
        ],
        "below its smallest side",
    ),
    "any knob": (
        [
            before(
                EXPAND,
                "    def contract(self, frames, target, *, seed=0):",
                "        value = getattr(target, 'value', 3)",
                "        return self.contract_at(frames, min(max(value, 0), 48), seed=seed)",
                "",
            )
        ],
        "coarseness = 49, which is outside its range",
    ),
    "damage that crashes": (
        [("            except zlib.error as error:", "            except KeyError as error:")],
        "not InputError",
    ),
    "no rate met": (
        [
            before(
                EXPAND,
                "    def _contract_to_rate(self, frames, bits_per_pixel, seed):",
                "        return self.contract_at(frames, 48, seed=seed)",
                "",
            )
        ],
        "rates: asked for",
    ),
    "any device": (
        [before(EXPAND, "    def place(self, placement):", "        pass", "")],
        'goes to the device "no-such-device"',
    ),
    "an expansion that raises": ([before(SHOWN, "            1 / 0")], "expand: raised ZeroDivisionError"),
    "an exit": ([before(MADE, "        raise SystemExit(0)")], "contract: raised SystemExit"),
    "more memory than declared": (
        [
            before(MADE, "        heap = np.ones(200_000_000, np.uint8)"),
            before(
                EXPAND,
                "    def memory_bound_bytes(self, width_px, height_px, frames):",
                "        return 50_000_000 + frames",
                "",
            ),
        ],
        "memory bound: moving clip: contract took",
    ),
    "memory that grows": (
        [before(MADE, "        self.seen = [*getattr(self, 'seen', []), frames.planes + 0]")],
        "memory kept: 8 further calls left",
    ),
}


@pytest.mark.parametrize("promise", list(BREAKS))
def test_an_action_that_breaks_one_promise_is_caught(tmp_path, promise):
    changes, message = BREAKS[promise]
    failures = found_in(tmp_path, broken(SOUND, *changes))
    assert any(message in failure for failure in failures), failures


def test_a_channel_outside_of_the_bytes_is_caught_in_another_process(tmp_path):
    """Frames kept in the module serve every instance of one process; only a fresh one notices."""
    text = broken(
        SOUND,
        before(MADE, "        KEPT[zlib.crc32(payload)] = frames.planes"),
        before(SHOWN, "            planes = KEPT.get(zlib.crc32(payload), planes).copy()"),
    )
    with pytest.raises(CheckFailedError) as failed:
        check_action(written(tmp_path, text + "\n\nKEPT = {}\n"))
    lines = str(failed.value).splitlines()
    assert lines[0] == 'action "plugin.own" on cpu does not keep the contract:'
    assert all("expand to other frames in another process" in line for line in lines[1:])


LEARNED = broken(
    SOUND,
    ("learned = False", "learned = True\n    model_bytes = 1000"),
    ("side_px={self.values['side_px']}]", "side_px={self.values['side_px']}, {self.placement.precision}]"),
)
"""An action whose domain tells what its network would run in."""


@pytest.mark.parametrize(
    ("asked", "native", "used"),
    [
        ("auto", True, "bfloat16"),
        ("auto", False, "float32"),
        ("float32", True, "float32"),
        ("float16", True, "float16"),
    ],
)
def test_networks_are_checked_in_the_precision_that_runs_use(tmp_path, monkeypatch, asked, native, used):
    torch = pytest.importorskip("torch", reason="what a processor can do is asked of torch")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native}, raising=False)
    placements = []

    def told(inspection, arguments, longest_s):
        placements.append(arguments[1])
        return Finding(messages={"moving clip": b""})

    monkeypatch.setattr("netgen.catalogue.checking._in_process", told)
    check = check_action(written(tmp_path, LEARNED), precision=asked)
    assert check.precision == used
    assert placements == [Placement(precision=used)] * 2


def in_this_process(inspection, arguments, longest_s):
    return inspection(*arguments, lambda step: None)


def test_a_broken_promise_names_the_precision_of_the_networks(tmp_path, monkeypatch):
    monkeypatch.setattr("netgen.catalogue.checking._in_process", in_this_process)
    text = broken(LEARNED, ("        self.check_domain(contracted)", "        pass"))
    with pytest.raises(CheckFailedError) as failed:
        check_action(written(tmp_path, text), precision="float16")
    lines = str(failed.value).splitlines()
    assert lines == [
        'action "plugin.own" on cpu in float16 does not keep the contract:',
        "- refusals: expands a representation of another domain",
    ]


def test_an_action_that_does_not_say_whether_it_is_learned_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr("netgen.catalogue.checking._in_process", in_this_process)
    text = broken(SOUND, ("    learned = False", "    # learned:"))
    with pytest.raises(CheckFailedError, match="has no attribute 'learned'"):
        check_action(written(tmp_path, text), precision="float32")


def test_every_failure_is_told_not_only_the_first(tmp_path):
    text = broken(SOUND, ('"plugin.own"', '"own"'), ("        self.check_domain(contracted)", "        pass"))
    failures = found_in(tmp_path, text)
    assert len(failures) == 2
    assert failures[0].startswith("declared attributes")
    assert failures[1].startswith("refusals")


def test_a_crash_is_a_failure_of_its_step(tmp_path):
    text = broken(SOUND, before(SHOWN, "            __import__('os').kill(__import__('os').getpid(), 11)"))
    with pytest.raises(CheckFailedError, match="expand: its process ended with exit code -11"):
        check_action(written(tmp_path, text))


def test_a_hang_is_stopped(tmp_path):
    text = broken(SOUND, before(SHOWN, "            __import__('threading').Event().wait()"))
    with pytest.raises(CheckFailedError, match="expand: took longer than 8 s, and was stopped"):
        check_action(written(tmp_path, text), longest_s=8)


def test_what_cannot_be_sent_to_a_process_is_told(tmp_path):
    make = written(tmp_path, SOUND)
    with pytest.raises(InputError, match="pass what action_factory"):
        check_action(lambda: make() or None)


@pytest.mark.parametrize("name", ["x264", "svtav1-mci2"])
def test_some_shipped_variants(name):
    pytest.importorskip("av")
    check_action(action_factory(name))


REPRESENTATIVES = (
    "vp9", "x265-quarter", "svtav1-drop4", "choose-plain", "restore-half", "interpolate-2", "guided",
    "choose-learned", "flat", "layout",
)  # fmt: skip
"""One variant of each class: the others differ in a parameter."""


@pytest.mark.slow
@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_a_variant_of_every_shipped_class(name):
    pytest.importorskip("av")
    check_action(action_factory(name))


def test_every_shipped_class_has_a_representative():
    classes = {VARIANTS[name].class_name for name in (*REPRESENTATIVES, "x264", "svtav1-mci2")}
    others = {variant.class_name for variant in VARIANTS.values()} - classes
    assert others <= {"X265Action", "SvtAv1Action"}  # as X264Action but for the codec

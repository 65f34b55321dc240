"""Every policy that ships, built in or in `policies/`, keeps the contract."""

import inspect
import re
from pathlib import Path

import pytest

from netgen.policy import POLICY_KINDS, check_policy, kinds_of, load_policy_class, policy_factory
from netgen.policy.catalogue import list_policies

ROOT = Path(__file__).resolve().parents[3]
REFERENCES = [*list_policies(ROOT)]


def factory(reference):
    return policy_factory(reference, {}, folders=(ROOT,), base=None)


@pytest.mark.parametrize("reference", REFERENCES)
def test_it_passes_the_conformance_check_with_its_defaults(reference):
    found = check_policy(factory(reference))
    assert found.views >= 8
    assert found.decision_s > 0


@pytest.mark.parametrize("reference", REFERENCES)
def test_its_parameters_are_described(reference):
    """Each keyword argument is named in the class's table of parameters."""
    policy = load_policy_class(reference, folders=(ROOT,))
    text = policy.__doc__.partition("Parameters\n")[2]
    described = re.findall(r"\w+", " ".join(re.findall(r"^    ([\w, ]+?)(?: :|   |$)", text, re.MULTILINE)))
    accepted = [*inspect.signature(policy).parameters]
    assert [name for name in accepted if name not in described] == []
    assert bool(accepted) == bool(text)


def test_there_are_policies_of_every_kind():
    count = dict.fromkeys(POLICY_KINDS, 0)
    for reference in REFERENCES:
        for kind in kinds_of(reference, folders=(ROOT,)):
            count[kind] += 1
    assert list(count.values()) == [5, 8, 8, 8]


def test_names_are_unique_within_a_kind():
    for kind in POLICY_KINDS:
        named = [r for r in REFERENCES if kind in kinds_of(r, folders=(ROOT,))]
        names = [load_policy_class(reference, folders=(ROOT,)).name for reference in named]
        assert len(names) == len(set(names))
        assert all(names)


@pytest.mark.parametrize("reference", [r for r in REFERENCES if ":" in r and "scaling" not in r])
def test_the_page_lists_it_with_its_parameters_and_defaults(reference):
    """A row of the table of its file; `those of` another one stands for what both have."""
    file, _, name = reference.rpartition(":")
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    table = page.partition(f": `{file}` | what it does")[2].partition("\n\n")[0]
    (row,) = (line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
    of_others = re.search(r"those of `(\w+)`", row)
    others = {}
    if of_others:
        others = inspect.signature(load_policy_class(f"{file}:{of_others[1]}", folders=(ROOT,))).parameters
    given = {}
    for parameter in inspect.signature(load_policy_class(reference, folders=(ROOT,))).parameters.values():
        if others.get(parameter.name) == parameter:
            continue
        found = re.search(
            rf"`{parameter.name}` (\([^|]+?\)|[\w.]+)", row.rpartition("|")[0].rpartition("|")[2]
        )
        assert found, f"{reference}: {parameter.name} is not on the page"
        given[parameter.name] = (found[1], parameter.default)
    for parameter, (shown, default) in given.items():
        if default is None:
            assert shown.startswith("("), parameter
        else:
            assert shown in {str(default), f"{default:g}" if not isinstance(default, str) else default}, (
                parameter
            )

"""The list of policies: built in, in files, of every kind, and files are not run."""

from netgen.policy.catalogue import list_policies

FILE = '''
"""A file of policies."""
import no_such_package_anywhere
from netgen.policy import ContinuationPolicy, OffloadingPolicy


class _Base(ContinuationPolicy):
    """A base of others."""

    def decide(self, view, rng): ...


class Derived(_Base):
    """Derives from one that decides.

    More of it.
    """


class Own(OffloadingPolicy):
    def decide(self, view, rng): ...


class Memory:
    """No policy."""
'''


def test_built_in_policies_are_listed_with_their_first_line(tmp_path):
    found = list_policies(tmp_path)
    assert list(found) == ["forward", "never-collaborate"]
    assert found["never-collaborate"].startswith("Asks for nothing in any mode")


def test_policies_of_all_kinds_in_files_are_listed_without_running_them(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "own.py").write_text(FILE, encoding="utf-8")
    found = list_policies(tmp_path)
    assert {name: text for name, text in found.items() if ":" in name} == {
        "policies/own.py:Derived": "Derives from one that decides.",
        "policies/own.py:Own": "",
    }

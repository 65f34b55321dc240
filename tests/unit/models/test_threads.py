"""The threads of a process: torch's, and those of linear algebra."""

import subprocess
import sys

import pytest

from netgen.errors import MissingDependencyError
from netgen.models import threads
from netgen.models.threads import ThreadLimit, limit_threads

pytest.importorskip("threadpoolctl")

PROGRAM = """
import numpy, threadpoolctl
from netgen.models.threads import ThreadLimit, limit_threads

def blas():
    return sorted({one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"})

limit_threads(3)
assert blas() == [3], blas()
limit = ThreadLimit()
limit.apply(1)
assert blas() == [1], blas()
import scipy.linalg, torch
assert 1 in blas()
limit.apply(1)
assert blas() == [1], blas()
assert torch.get_num_threads() == 1
"""


def test_what_is_loaded_is_limited_and_what_comes_later_when_asked_again():
    """In a process of its own: it keeps the limits for good."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unchanged_process_is_not_looked_at_again(monkeypatch):
    asked = []
    monkeypatch.setattr(threads, "limit_threads", asked.append)
    limit = ThreadLimit()
    for count in (1, 1, 2):
        limit.apply(count)
    assert asked == [1, 2]


def test_the_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with pytest.raises(MissingDependencyError, match=r"netgen\[actions\]"):
        limit_threads(1)

"""A reader who has gone is no fault of netgen's."""

import subprocess
import sys


def test_a_reader_who_leaves_early_gets_no_complaint():
    """`netgen profiles | head -1`: more is printed than a pipe holds back, after its reader has closed it."""
    command = f"{sys.executable} -m netgen profiles | {sys.executable} -c 'import sys; sys.stdin.close()'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""

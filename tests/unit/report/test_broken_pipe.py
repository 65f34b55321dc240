"""A reader who has gone is no fault of netgen's."""

import subprocess
import sys


def test_a_reader_who_leaves_early_gets_no_complaint():
    """As in `netgen profiles | true`: nobody reads what is printed."""
    command = [sys.executable, "-m", "netgen", "profiles"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
        writer.stdout.close()
        complaint = writer.stderr.read()
    assert complaint == ""

"""The validation suite on the installed copy: closed forms, hand-computed cases, published tables, laws."""

from netgen.verify.check import Check
from netgen.verify.suite import run_checks

__all__ = ["Check", "run_checks"]

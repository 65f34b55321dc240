"""Commands that list what there is: policies, profiles, scenarios."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from netgen.cli.command import Add
from netgen.errors import CheckFailedError, InputError, NetgenError, PolicyError


def add_commands(add: Add) -> None:
    """Add the commands of this module with their arguments."""
    policies = add("policies", _policies, "list policies, or check one against the policy contract")
    policies.add_argument(
        "--check", metavar="POLICY", help="file.py:Class, entry point or built-in name to check"
    )
    add("profiles", _profiles, "list profiles of generative actions")
    add("scenarios", _scenarios, "list the scenarios in ./scenarios")


def _policies(options: argparse.Namespace) -> int:
    if options.check is not None:
        from netgen.policy import check_policy, policy_factory

        make = policy_factory(options.check, {}, base=None)
        try:
            found = check_policy(make)
        except PolicyError as error:
            raise CheckFailedError(str(error)) from error
        sys.stdout.write(
            f"{options.check}: ok on {found.views} views, {found.decision_s * 1e6:.0f} us a decision\n"
        )
        return 0
    from netgen.policy.catalogue import list_policies
    from netgen.report.terminal import name_table

    name_table("policies", list_policies(Path.cwd()))
    return 0


def _profiles(_options: argparse.Namespace) -> int:
    from netgen.generative.profile import load_profiles
    from netgen.report.terminal import profile_table

    profile_table(load_profiles())
    return 0


def _scenarios(_options: argparse.Namespace) -> int:
    from netgen.report.terminal import name_table
    from netgen.scenario import load_scenario

    folder = Path("scenarios")
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder.resolve()}; run this where the scenarios are")
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[str(path)] = load_scenario(path).description.strip().split("\n")[0]
        except NetgenError as error:
            found[str(path)] = f"(not valid: {str(error).splitlines()[0]})"
    name_table("scenarios", found)
    return 0

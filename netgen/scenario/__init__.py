"""Scenario files: YAML with units, presets and inheritance, into frozen and checked models."""

from netgen.scenario.loading import load_scenario
from netgen.scenario.reachability import scenario_warnings
from netgen.scenario.reference import field_table, json_schema, resolved_yaml
from netgen.schema.scenario import Scenario

__all__ = ["Scenario", "field_table", "json_schema", "load_scenario", "resolved_yaml", "scenario_warnings"]

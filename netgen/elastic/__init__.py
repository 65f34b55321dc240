"""Elastic transmission: a broadcast core and a cellular core that serve users together."""

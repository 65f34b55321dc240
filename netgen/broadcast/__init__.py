"""Terrestrial broadcast: physical layers, single-frequency networks, receivers, coverage."""

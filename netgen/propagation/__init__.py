"""Propagation: path loss, line of sight, shadowing, building entry and antennas, as functions of arrays."""

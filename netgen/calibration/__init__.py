"""Calibration: what an executable action does to real frames on this machine, measured and stored as a profile."""

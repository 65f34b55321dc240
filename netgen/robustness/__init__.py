"""How representations stand a channel: what is left of each part over SNR, as tables.

Measured by `netgen.received`; looked up by the simulation.
"""

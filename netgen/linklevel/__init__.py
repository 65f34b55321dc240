"""What happens to bits and symbols on one radio link: coded blocks through channels, tabulated once and looked up.

Decoders run at tens of blocks per second on a processor, so nothing here is called by a simulation: tables are.
"""

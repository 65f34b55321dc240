"""netgen: a network-level emulator of collaborative transmission for generative video."""

__version__ = "0.1.0"

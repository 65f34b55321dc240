"""The version of netgen."""

__version__ = "0.1.0"

"""Measures what is received of representations over channels: meaning and quality over SNR, on labelled scenes."""

"""The NR downlink of one cell: numerology, modulation and coding, block errors, HARQ, link adaptation."""

"""Radio models: arrays in, arrays out."""

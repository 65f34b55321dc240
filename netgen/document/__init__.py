"""YAML documents with the place of every value, and error messages that point at it."""

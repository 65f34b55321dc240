"""Immutable link and graph models."""

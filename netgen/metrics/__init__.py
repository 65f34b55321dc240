"""Figures of a run, as pure functions of its ledger."""

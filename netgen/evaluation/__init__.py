"""Utility evaluation as jobs of a run: who is asked to rate what is about to be shown, and what follows."""

"""Live fidelity: actions run on real frames in worker processes, and real bytes travel."""

"""SimPy processes that turn the models into a run."""

"""The only place that knows scenario, models and engine: makes a simulation of a scenario."""

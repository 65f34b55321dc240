"""Coverage maps of a scenario: location probability of its towers and of its cellular networks."""

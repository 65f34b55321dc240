"""How users move: random models, roads and rails, groups, and traces."""

"""What all tests share: reproducible property tests."""

from hypothesis import HealthCheck, settings

# The same examples on every machine and every day; a slow machine is no failure.
settings.register_profile(
    "netgen", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.load_profile("netgen")

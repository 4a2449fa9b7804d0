"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["pytester"]

# No test is a matter of time: a busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

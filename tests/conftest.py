"""What all tests share."""

from __future__ import annotations

import importlib
import os
from contextlib import suppress

import narwhals.stable.v2 as nw
from hypothesis import settings

pytest_plugins = ["pytester"]

# A pytester run in this process forgets all modules that it imported first, and two copies of a
# backend of narwhals do not know each other's columns: every one is imported before.
for library, name in (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "table")):
    with suppress(ImportError):
        frame = getattr(importlib.import_module(library), name)({"x": [1]})
        _ = nw.from_native(frame).select(nw.col("x") + 1).get_column("x") > 0

# No test leaves anything in the user's folders, or depends on what an earlier run left there.
os.environ["MLGATES_DIGEST_CACHE"] = "off"

# Nor does it depend on where it runs: tests of what CI changes say that they are in CI.
_OF_CI = ("CI", "GITHUB_", "GITLAB_", "BITBUCKET_", "SYSTEM_PULLREQUEST_", "CHANGE_TARGET")
for told in [name for name in os.environ if name.startswith(_OF_CI)]:
    del os.environ[told]

# No test is a matter of time: a busy machine is no failure. Nor of luck: the examples are the same
# in every run. HYPOTHESIS_PROFILE=random searches for new ones (`make test-random`).
settings.register_profile("random", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

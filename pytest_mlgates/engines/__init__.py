"""The boundary to dataframes and files: anything that holds rows becomes a ``Table``."""

from __future__ import annotations

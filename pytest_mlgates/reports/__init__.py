"""Verdicts as text, one file per format. Nothing here evaluates, prints or exits."""

from __future__ import annotations

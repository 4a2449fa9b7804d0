"""Bridges to optional libraries, loaded by name; nothing below imports them."""

from __future__ import annotations

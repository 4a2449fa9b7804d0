"""Bounds of columns of integers and floats, exact for numbers of any size."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

_WRITTEN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_AS_JSON = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def is_number(text: str) -> bool:
    """Whether *text* is how a number is written."""
    return _WRITTEN.fullmatch(text.strip()) is not None


def unquoted(value: Any) -> str:
    """What to do about *value* where numbers are compared: empty if it is no number as text."""
    if not isinstance(value, str) or not is_number(value):
        return ""
    text = value.strip()
    return f": write {text} without quotes" if _AS_JSON.fullmatch(text) else ": write a number"


def integer_comparison(op: str, bound: Fraction, low: int, high: int) -> tuple[str, int] | bool:
    """The same comparison with a whole number from *low* to *high*, or its answer."""
    if op in ("==", "!="):
        possible = bound.denominator == 1 and low <= bound <= high
        return (op, int(bound)) if possible else op == "!="
    if op in (">=", ">"):
        least = math.ceil(bound) if op == ">=" else math.floor(bound) + 1
        if least <= low:
            return True
        return (">=", least) if least <= high else False
    most = math.floor(bound) if op == "<=" else math.ceil(bound) - 1
    if most >= high:
        return True
    return ("<=", most) if most >= low else False


def float_comparison(op: str, bound: float) -> tuple[str, float] | bool:
    """The same comparison with a float, where *bound* may be an integer that no float equals."""
    if op in ("==", "!="):
        return (op, float(bound)) if fits_float(bound) else op == "!="
    try:
        value = float(bound)
    except OverflowError:
        value = math.inf if bound > 0 else -math.inf
    if not math.isfinite(value) or Fraction(value) == Fraction(bound):
        return op, value
    below = Fraction(value) < Fraction(bound)
    if op in (">=", ">"):
        return (">" if below else ">="), value
    return ("<=" if below else "<"), value


def fits_float(value: float) -> bool:
    """Whether a float equals *value*."""
    try:
        return Fraction(float(value)) == Fraction(value)
    except OverflowError:
        return False

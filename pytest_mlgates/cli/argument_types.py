"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse


def confidence(text: str) -> float:
    """A one-sided confidence, more than that of a coin.

    Raises:
        ArgumentTypeError: for anything else.
    """
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.5 <= found < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.5 to under 1")
    return found


def rows(text: str) -> int:
    """A number of rows.

    Raises:
        ArgumentTypeError: for anything but a whole number over 0.
    """
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)

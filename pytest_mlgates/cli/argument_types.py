"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import age

if TYPE_CHECKING:
    import datetime as dt


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


def span(text: str) -> dt.timedelta:
    """An age: ``7d``, ``12h``.

    Raises:
        ArgumentTypeError: for anything else.
    """
    found = age(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: 7d, 12h or 30m")
    return found


def commit(text: str) -> str:
    """A commit, or the beginning of one, in lower case.

    Raises:
        ArgumentTypeError: for anything else.
    """
    if re.fullmatch(r"[0-9a-fA-F]{7,64}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no commit: 7 to 64 hex digits")
    return text.lower()

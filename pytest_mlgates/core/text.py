"""Small pieces of every message: plurals, numbers, near names."""

from __future__ import annotations

import difflib
import json
import re
from itertools import count as counting
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Container, Iterable, Sequence

_PSEUDONYM = re.compile(r"group [0-9]+", re.ASCII)


def plural(count: int, noun: str, nouns: str = "") -> str:
    """``1 row``, ``2 rows``, ``6,512 rows``."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def line_of(error: UnicodeDecodeError) -> int:
    """The line of the first byte that is no text."""
    return error.object[: error.start].count(b"\n") + 1


def number(value: float | None, digits: int = 3) -> str:
    """A measured number for people: *digits* significant after the point, ``-`` if undefined."""
    if value is None:
        return "-"
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  (NaN)
        return str(value)
    if value and abs(value) < 10**-digits:
        return f"{value:.1e}"
    return f"{value:.{digits}f}"


def limit(value: float) -> str:
    """A bound as people wrote it: ``0.1`` is shown as ``0.10``, ``3`` as ``3``."""
    text = repr(value)
    if "e" in text or "." not in text:
        return text
    if text.endswith(".0"):
        return text[:-2]
    return text if len(text.split(".")[1]) > 1 else text + "0"


def percent(value: float) -> str:
    """A confidence level: ``0.95`` is ``95 %``."""
    return f"{value * 100:.4g} %"


def listing(names: Iterable[object], most: int = 12) -> str:
    """Names in a row, the rest counted."""
    items = [repr(name) for name in names]
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more if items else "none"


def group_named(name: str) -> str:
    """``group F``; the pseudonym ``group 2`` of a private table is called so already."""
    return name if _PSEUDONYM.fullmatch(name) else f"group {name}"


def groups_named(first: str, second: str) -> str:
    """``groups F and M``, or ``group 2 and group 1`` of a private table."""
    pseudonyms = _PSEUDONYM.fullmatch(first) and _PSEUDONYM.fullmatch(second)
    return f"{first} and {second}" if pseudonyms else f"groups {first} and {second}"


def untaken(name: str, taken: Container[str]) -> str:
    """*name*, or where that is *taken* the first of ``name-2``, ``name-3``, … that is not."""
    numbered = (f"{name}-{number}" for number in counting(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def printable(text: str) -> str:
    """*text* of a table or a suite in one line that moves no cursor and turns no words around.

    Control characters, line breaks and invisible marks are written as Python escapes.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printable_lines(text: str) -> str:
    """*text* with its line breaks, each line of it :func:`printable`."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, most: int) -> str:
    """*text*, or its first *most* characters and how many there are."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def quoted(text: str) -> str:
    """*text* as a string of TOML, Python and YAML alike, in one line."""
    escaped = json.dumps(text, ensure_ascii=False)
    if escaped.isprintable():
        return escaped
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in escaped)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def nearest(wanted: str, names: Sequence[str]) -> str | None:
    """The name that *wanted* was most probably meant to be, or None."""
    # A dataframe may call its columns by numbers.
    by_folded = {str(name).casefold().replace("-", "_"): name for name in names}
    found = difflib.get_close_matches(
        wanted.casefold().replace("-", "_"), list(by_folded), n=1, cutoff=0.6
    )
    return by_folded[found[0]] if found else None


def did_you_mean(wanted: str, names: Sequence[str]) -> str:
    """A hint for a misspelt name, empty if none is near."""
    name = nearest(wanted, names)
    return f"did you mean {name!r}?" if name is not None else ""


def did_you_mean_file(wanted: str, names: Sequence[str]) -> str:
    """A hint for a misspelt name of a file, empty if none is near.

    Names are compared without their suffix: `.parquet` alone would make any two files alike.
    """
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(_stem(name), []).append(name)
    near = nearest(_stem(wanted), list(stems))
    if near is None:
        return ""
    # The same suffix first; another one may be what is there now.
    suffix = wanted.removeprefix(_stem(wanted))
    found = next((n for n in stems[near] if n.endswith(suffix)), stems[near][0])
    return f"did you mean {found!r}?" if found != wanted else ""


def _stem(name: str) -> str:
    """*name* up to its suffixes; a hidden file keeps its dot."""
    return name[:1] + name[1:].partition(".")[0]


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def age(text: str) -> dt.timedelta | None:
    """The time that ``7d`` or ``12h`` says; None for anything else, and for none at all."""
    found = re.fullmatch(r"([0-9]{1,6})([smhdw])", text, re.ASCII)
    if found is None or not int(found[1]):
        return None
    import datetime as dt

    return dt.timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def scheme_of(reference: str) -> str | None:
    """``s3`` of ``s3://user:secret@bucket/x.csv``, all of a URL that a message may show.

    Paths make one slash of two; one letter is a drive of Windows.
    """
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/", reference)
    return found[1] if found else None


def without_password(reference: str) -> str:
    """*reference* without the user and the password of a URL, and its query, which may sign it."""
    without = re.sub(r"(?<=//)[^/@\s]*:[^/@\s]*@", "…@", reference)
    return re.sub(r"(://[^?\s]*\?).*", r"\1…", without, flags=re.DOTALL)

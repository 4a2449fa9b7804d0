"""Texts that ``datetime.strptime`` evidently reads, as a pattern for every engine.

The pattern accepts no text that ``strptime`` refuses. Texts that it does not accept (a 29th of
February, single digits, digits of other scripts) are judged by ``strptime`` itself.
"""

from __future__ import annotations

import re

_PARTS = {
    "%Y": "[1-9][0-9]{3}",
    "%H": "(?:[01][0-9]|2[0-3])",
    "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]",
    "%f": "[0-9]{1,6}",
    "%%": "[%]",
}
# Months beside the days that each of them has.
_DAYS = (
    ("(?:0[1-9]|1[0-2])", "(?:0[1-9]|1[0-9]|2[0-8])"),
    ("(?:0[13-9]|1[0-2])", "(?:29|30)"),
    ("(?:0[13578]|1[02])", "31"),
)


def evident(form: str) -> str | None:
    """A pattern of texts that *form* reads, None where none is known."""
    parts = re.findall(r"%.|[^%]", form, flags=re.DOTALL)
    directives = [part for part in parts if len(part) == 2 and part != "%%"]
    known = {*_PARTS, "%m", "%d"}
    if not set(directives) <= known or len(set(directives)) < len(directives) or not directives:
        return None
    if not form.isascii() or re.search(r"\s\s|[\x00-\x1f]", form):
        return None
    variants = _DAYS if {"%m", "%d"} & set(directives) else _DAYS[:1]
    written = ["".join(_part(part, month, day) for part in parts) for month, day in variants]
    return rf"\A(?:{'|'.join(written)})\z"


def _part(part: str, month: str, day: str) -> str:
    if part in {"%m", "%d"}:
        return month if part == "%m" else day
    if part in _PARTS:
        return _PARTS[part]
    return part if part.isalnum() else f"[\\x{ord(part):02X}]"

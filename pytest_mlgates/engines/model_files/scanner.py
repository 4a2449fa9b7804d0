"""picklescan's word on a pickle: its list of dangerous globals, kept by people who find new ones.

Its verdict on a whole file is not asked for, nor its text: it skips parts of archives that it
cannot read, and ends at the first array of a joblib file. What is on its list is never allowed.
"""

from __future__ import annotations

import io
import logging
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def dangerous(names: Iterable[tuple[str, str]], data: bytes) -> set[tuple[str, str]]:
    """Those of *names*, and of what picklescan finds in the pickle *data*, that its list has."""
    lines = [f"c{module}\n{name}\n0" for module, name in names if _is_line(module, name)]
    found = _asked("".join(lines).encode("utf-8", "replace") + b"N.") if lines else set()
    return found | _asked(data) if data else found


def _is_line(module: str, name: str) -> bool:
    """Whether the two can be written as lines; others cannot be imported by any machine."""
    return f"{module}{name}".isascii() and not {"\n", "\r", " "} & {*module, *name}


def _asked(data: bytes) -> set[tuple[str, str]]:
    scanner = _scanner()
    log = logging.getLogger("picklescan")
    before, log.disabled = log.disabled, True  # what it finds is told once, by us
    try:
        result = scanner.scan_pickle_bytes(io.BytesIO(data), "")
    except Exception:  # the bytes of arrays, which it takes for opcodes; followed on our own
        return set()
    finally:
        log.disabled = before
    return {
        (one.module, one.name)
        for one in result.globals
        if one.safety is scanner.SafetyLevel.Dangerous and "unknown" not in (one.module, one.name)
    }


@cache
def _scanner() -> Any:
    """Imported when the first pickle is judged: it takes as long as everything else together."""
    from picklescan import scanner

    return scanner

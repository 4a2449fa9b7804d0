"""Evidence as workflow commands of GitHub Actions: annotations at the lines of gates.

GitHub shows ten errors and ten warnings of a step (and fifty of a job): the worst come first, and
the last one of ten counts the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.text import printable, shortened
from pytest_mlgates.reports.findings import Told, told

if TYPE_CHECKING:
    from pytest_mlgates.core.evidence import Evidence
    from pytest_mlgates.reports.findings import PlaceOf

_MOST = 10
# GitHub cuts annotations off at 64 KiB, titles at 255 characters.
_LONGEST, _LONGEST_TITLE = 16_000, 200
# The worst first: what was not even judged, then what failed, then what rows left open.
_LEVEL = {"ERROR": "error", "FAIL": "error", "PASS?": "warning", "WAIVED": "warning"}
_RANK = {status: place for place, status in enumerate(_LEVEL)}


def render(evidence: Evidence, place_of: PlaceOf, otherwise: str) -> str:
    """A line for each annotation; arguments as of :func:`findings.told`."""
    found = sorted(told(evidence, place_of, otherwise), key=_rank)
    lines = []
    for level in ("error", "warning"):
        own = [one for one in found if _LEVEL[one.status] == level]
        shown = own if len(own) <= _MOST else own[: _MOST - 1]
        lines += [_command(level, one) for one in shown]
        if rest := own[len(shown) :]:
            names = shortened(printable(", ".join(one.id for one in rest)), _LONGEST)
            lines.append(f"::{level} title=ML gates::{_data(f'{len(rest)} more: {names}')}")
    return "".join(f"{line}\n" for line in lines)


def _rank(one: Told) -> tuple[int, bool]:
    """What is sorted by: of what failed, a problem of the whole run stands before the gates."""
    return _RANK[one.status], not one.of_run


def _command(level: str, one: Told) -> str:
    where = f"file={_property(one.path)},line={one.line},title={_property(_title(one))}"
    return f"::{level} {where}::{_data(shortened(one.text, _LONGEST))}"


def _title(one: Told) -> str:
    return shortened(one.title, _LONGEST_TITLE)


def _data(text: str) -> str:
    """*text* as GitHub's own toolkit escapes it; a line of it can start no other command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

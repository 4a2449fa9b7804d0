"""What runs in a fresh process: load the callable, call it, leave its fingerprint in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import write_atomically
from pytest_mlgates.engines import stored
from pytest_mlgates.engines.differences import needed
from pytest_mlgates.engines.environment import environment
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.engines.handover import load_extensions, unpack
from pytest_mlgates.engines.runs import call, describe, place
from pytest_mlgates.engines.writes import Watcher


def main(job: dict[str, Any]) -> None:
    """Do *job* (see ``fresh``) and write ``report.json``."""
    folder = Path(job["folder"])
    with Watcher(job["watched"], job["scratch"], job["earlier"]) as watcher:
        report = _outcome(job, folder)
    report |= {"written": list(watcher.written), "read": list(watcher.read)}
    write_atomically(folder / "report.json", json.dumps(report))


def _outcome(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    try:
        load_extensions(job["extensions"])
        function = unpack(Path(job["callable"]).read_bytes(), job["modules"])
    except MLGatesError as error:  # a gate that starts itself again
        return _misuse(error)
    except BaseException as error:  # importing what users wrote may raise anything
        return _misuse(
            MLGatesError(
                "the callable cannot be loaded in a fresh process",
                got=f"{describe(error)} ({place(error)})",
                want="a module that can be imported outside of this test run",
                fix="move the function into a module of the project",
            )
        )
    try:
        reference = None if job["first"] is None else Path(job["first"]).parent / "stages"
        value, duration, drawn = call(function, folder / "stages", reference)
    except MLGatesError as error:  # what it told `trace` has no fingerprint
        return _misuse(error)
    except BaseException as error:  # sys.exit(0) must not look like a result
        return {"status": "raised", "error": describe(error), "place": place(error)}
    first = None if job["first"] is None else stored.load(Path(job["first"]))
    try:
        found = fingerprint(value)
        found.digests(like=first)
    except MLGatesError as error:
        return _misuse(error)
    paths = None if first is None else needed(first, found)
    stored.save(found, folder / "result", paths)
    return {
        "status": "returned",
        "duration_s": duration,
        "random": drawn,
        "environment": environment(),
    }


def _misuse(error: MLGatesError) -> dict[str, Any]:
    names = ("what", "where", "got", "want", "fix")
    return {"status": "misuse", "error": {name: getattr(error, name) for name in names}}

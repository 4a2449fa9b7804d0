"""The process in which hostile suites are evaluated, every effect of it recorded.

Run as ``python -m tests.hostile_process FOLDER``; prints one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

_WATCHED = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.utime",
    "os.putenv",
    "pty.",
    "shutil.",
    "tempfile.",
    "subprocess.",
    "socket.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
    "webbrowser.",
    "pickle.find_class",
    "code.__new__",
    "ctypes.dlopen",
    "sqlite3.connect",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Set and unset again around Great Expectations, to keep its telemetry off.
_OURS = ("GX_ANALYTICS_ENABLED",)


class Recorder:
    """What the process does, while it is armed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.armed, self.seen = str(folder), False, []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "open":
            path, mode, flags = args
            writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
                isinstance(flags, int) and flags & _WRITING
            )
            if writes or self.folder in str(path):
                self.seen.append(f"open {path!r} {mode!r}")
        elif event == "import" and "hostile" in str(args[0]):
            self.seen.append(f"import {args[0]!r}")
        elif event.startswith(_WATCHED):
            if event == "os.putenv" and os.fsdecode(args[0]) in _OURS:
                return
            self.seen.append(f"{event} {str(args)[:200]}")


def subjects() -> dict[str, Any]:
    """The same four rows in two engines; one column has a hostile name itself."""
    import duckdb
    import pandas as pd

    frame = pd.DataFrame({"x": [1, 2, 3, 9], "s": ["a", "b", "c", "zz"], 'q"; --': [1, 2, 3, 4]})
    relation = duckdb.connect().sql(
        """select * from (values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (9, 'zz', 4))
        t(x, s, "q""; --")"""
    )
    return {"pandas": frame, "duckdb": relation}


def evaluate(subject: Any, suite: Any) -> tuple[str, str]:
    """``(misuse | passed | failed | crash, text)``; without a subject the suite is only read."""
    from pytest_mlgates import data_schema
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.gates.data_schema.suite import load

    try:
        if subject is None:
            load(suite, Path())
            return "read", ""
        verdict = data_schema(subject, suite)
        return str(verdict.outcome), f"{verdict.summary}\n{verdict.message}"[:2000]
    except MLGatesError as error:
        return "misuse", str(error)[:2000]
    except BaseException:  # whatever comes is recorded
        return "crash", traceback.format_exc()[-1500:]


def spied() -> list[str]:
    """What reaches the two places where GX and pandas execute text; filled as it happens."""
    import great_expectations as gx
    import pandas as pd
    from great_expectations.execution_engine import PandasExecutionEngine

    seen: list[str] = []

    def executed(_: Any, text: Any, *args: Any, **more: Any) -> Any:
        seen.append(f"pandas executes {text!r}")
        raise RuntimeError("pandas executes text")

    pd.DataFrame.query = pd.DataFrame.eval = executed
    records = PandasExecutionEngine.get_domain_records

    def asked(self: Any, domain_kwargs: dict[str, Any]) -> Any:
        if domain_kwargs.get("row_condition"):
            seen.append(f"GX is given {domain_kwargs['row_condition']!r}")
        return records(self, domain_kwargs)

    PandasExecutionEngine.get_domain_records = asked
    suite = gx.ExpectationSuite.__init__

    def made(self: Any, *args: Any, **more: Any) -> None:
        for one in more.get("expectations") or []:
            fields = one.dict()
            seen.extend(
                f"GX is given {name} {fields[name]!r}"
                for name in fields
                if (name == "row_condition" or "query" in name) and fields[name]
            )
        suite(self, *args, **more)

    gx.ExpectationSuite.__init__ = made
    return seen


def control(recorder: Recorder, seen: list[str]) -> list[str]:
    """What is recorded of effects that are known: the instrument itself is tried."""
    import socket
    import subprocess

    import pandas as pd

    recorder.armed = True
    Path("written").write_text("", encoding="utf-8")
    Path("written").unlink()
    os.system("true")
    subprocess.run(["true"], check=True)
    socket.socket().close()
    Path(recorder.folder, "secret.json").read_bytes()
    with contextlib.suppress(RuntimeError):
        pd.DataFrame({"x": [1]}).query("x > 0")
    recorder.armed = False
    return [*recorder.seen, *seen]


def main(folder: Path) -> None:
    """Evaluate every case on every subject, and print what was seen."""
    from tests import hostile_suites

    recorder = Recorder(folder)
    cases = hostile_suites.cases(folder)
    tables = subjects()
    seen = spied()
    warm = [
        *hostile_suites._outliers(),
        *hostile_suites._one("expect_column_values_to_match_regex", column="s", regex="(?=a)"),
        *hostile_suites._one(
            "expect_column_values_to_match_json_schema", column="s", json_schema={"type": "object"}
        ),
        *hostile_suites._one("expect_column_type_to_be", column="x", type_="datetime64[ns, UTC]"),
        *hostile_suites._one(hostile_suites.NATIVE, column="x", row_condition="x > 0"),
    ]
    for subject in (None, *tables.values()):
        evaluate(subject, warm)
        evaluate(subject, [{"type": "unknown", "kwargs": {}}])
    out = [["control", "", False, "", "", control(recorder, seen)]]
    for case in cases:
        for name, subject in {"no table": None, **tables}.items():
            seen.clear()
            recorder.seen.clear()
            recorder.armed = True
            outcome, text = evaluate(subject, case.suite)
            recorder.armed = False
            effects = [*recorder.seen, *seen]
            out.append([case.name, name, case.inert, outcome, text, effects])
            if subject is None and outcome != "read":  # refused before any table is looked at
                break
    sys.stdout.write(json.dumps(out))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

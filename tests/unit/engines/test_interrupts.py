"""Ctrl-C ends a long query, and the process in order."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from pytest_mlgates.engines.interrupts import interruptible

PROGRAM = """
import narwhals.stable.v2 as nw
from pytest_mlgates.core.boundary import guarded
from pytest_mlgates.engines.readers import connection
from pytest_mlgates.engines.table import Table

def run():
    link = connection()
    rows = link.sql("select a.range x, b.range y from range(1000000) a, range(10000000) b")
    table = Table(nw.from_native(rows), name="long", link=link)
    print("started", flush=True)
    table.aggregate({"m": (nw.col("x") * nw.col("y")).max()})
    return 0

raise SystemExit(guarded(run))
"""


def test_an_interrupt_ends_a_long_query():
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "interrupted\n"


def test_what_a_query_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0, object())
    assert interruptible(lambda: 1, object()) == 1
    assert interruptible(lambda: 2, None) == 2

"""Files larger than the memory that a run may take."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import memory, readers

MB = 1 << 20


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("2GB", 2_000_000_000),
        ("1.5 GiB", 3 << 29),
        ("512MiB", 512 * MB),
        ("300M", 300_000_000),
        ("1048576", MB),
    ],
)
def test_the_limit_is_a_size(monkeypatch, given, size):
    monkeypatch.setenv(memory.ENVIRONMENT, given)
    assert memory.limit() == size
    told = readers.connection().execute("select current_setting('memory_limit')").fetchall()
    assert re.fullmatch(r"[0-9.]+ [KMG]iB", told[0][0])


@pytest.mark.parametrize("given", ["much", "-1GB", "1kg", "0", "10KB", "1e9", "50%"])
def test_a_limit_that_is_no_size_is_misuse(monkeypatch, given, tmp_path, capsys):
    from pytest_mlgates.hooks import mlgates_data

    monkeypatch.setenv(memory.ENVIRONMENT, given)
    with pytest.raises(MLGatesError, match="MLGATES_MEMORY_LIMIT is not a size"):
        memory.limit()
    (tmp_path / "t.csv").write_text('a\n"1"\n', encoding="utf-8")
    (tmp_path / "s.json").write_text(
        '{"expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}]}',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    assert mlgates_data.main(["--suite", "s.json", "t.csv"]) == 2
    assert "fix:   MLGATES_MEMORY_LIMIT=2GB" in capsys.readouterr().out


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system of 8 GB, 4 GB of them available."""
    monkeypatch.delenv(memory.ENVIRONMENT, raising=False)
    monkeypatch.setattr(memory, "_PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "groups")

    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")

    write("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable:    4194304 kB\n")
    return write


def test_without_a_limit_half_of_what_is_available_is_taken(system):
    assert memory.limit() == 2048 * MB


def test_a_system_with_little_left_still_works_with_a_little(system):
    system("proc/meminfo", "MemAvailable: 1024 kB\n")
    assert memory.limit() == 256 * MB


def test_the_limit_of_a_container_counts_without_its_cached_files(system):
    system("proc/self/cgroup", "0::/app/job\n")
    system("groups/app/job/memory.max", "max\n")
    system("groups/app/memory.max", f"{1024 * MB}\n")
    system("groups/app/memory.current", f"{512 * MB}\n")
    system("groups/app/memory.stat", f"anon 1\ninactive_file {256 * MB}\n")
    assert memory.limit() == 768 * MB // 2


def test_a_container_that_sees_its_group_as_the_root_counts_too(system):
    system("proc/self/cgroup", "0::/\n")
    system("groups/memory.max", f"{2048 * MB}\n")
    system("groups/memory.current", "0\n")
    assert memory.limit() == 1024 * MB


def test_the_limit_of_a_container_of_version_1_counts(system):
    system("proc/self/cgroup", "5:cpu:/\n4:memory:/docker/x\n0::/\n")
    system("groups/memory/docker/x/memory.limit_in_bytes", f"{1024 * MB}\n")
    system("groups/memory/docker/x/memory.usage_in_bytes", f"{24 * MB}\n")
    assert memory.limit() == 500 * MB


JUDGE = """
import json, sys, threading
from pytest_mlgates import data_schema

# Pages of mapped files are the kernel's to take back at any time: what counts is the rest.
peak, over = 0, threading.Event()

def sample():
    global peak
    while not over.wait(0.002):
        lines = open("/proc/self/status").read().splitlines()
        peak = max(peak, int(next(x for x in lines if x.startswith("RssAnon")).split()[1]))

sampler = threading.Thread(target=sample)
sampler.start()
try:
    verdict = data_schema("d", json.loads(sys.argv[1]))
finally:
    over.set()
    sampler.join()
print(verdict.outcome, verdict.n, peak // 1024)
"""
SUITE = """[
  {"type": "expect_column_values_to_be_between",
   "kwargs": {"column": "x", "min_value": 0, "max_value": 1}},
  {"type": "expect_column_mean_to_be_between",
   "kwargs": {"column": "y", "min_value": 0.4, "max_value": 0.6}},
  {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "z"}}
]"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv"])
def test_a_folder_of_files_is_judged_in_less_memory_than_it_has(tmp_path, kind):
    duckdb = pytest.importorskip("duckdb")
    (tmp_path / "d").mkdir()
    first = tmp_path / f"d/0.{kind}"
    rows, files = (1_600_000, 10) if kind != "csv" else (250_000, 20)
    table = duckdb.sql(f"select random() as x, random() as y, random() as z from range({rows})")
    if kind == "arrow":
        pa = pytest.importorskip("pyarrow")
        reader = table.to_arrow_reader() if hasattr(table, "to_arrow_reader") else None
        batches = reader or table.fetch_arrow_reader()
        with pa.ipc.new_file(first, batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
    elif kind == "parquet":
        table.write_parquet(str(first))
    else:
        table.write_csv(str(first), header=True)
    for place in range(1, files):
        os.link(first, tmp_path / f"d/{place}.{kind}")
    size = first.stat().st_size * files // MB
    assert size > 150
    run = subprocess.run(
        [sys.executable, "-c", JUDGE, SUITE],
        cwd=tmp_path,
        env={**os.environ, memory.ENVIRONMENT: "100MB"},
        capture_output=True,
        text=True,
        check=True,
    )
    outcome, n, peak = run.stdout.split()
    assert (outcome, int(n)) == ("passed", rows * files)
    assert 0 < int(peak) < 0.9 * size, f"{peak} MB for {size} MB of files"

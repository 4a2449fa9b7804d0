"""An Arrow file with damaged bytes is refused: readers that trust its offsets end the process."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

pyarrow = pytest.importorskip("pyarrow")
feather = pytest.importorskip("pyarrow.feather")

_JUDGE = """
import sys
import pytest_mlgates

suite = [
    {"type": "expect_column_value_lengths_to_be_between",
     "kwargs": {"column": "text", "min_value": 0, "max_value": 99}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "kind"}},
]
for path in sys.argv[1:]:
    try:
        print(pytest_mlgates.data_schema(path, suite).outcome)
    except pytest_mlgates.MLGatesError:
        print("misuse")
"""


@pytest.mark.parametrize("compression", ["uncompressed", "lz4"])
def test_damaged_bytes_are_misuse_and_end_no_process(tmp_path, compression):
    table = pyarrow.table(
        {
            "text": [f"t{i}" if i % 7 else None for i in range(2000)],
            "kind": pyarrow.array([f"x{i % 3}" for i in range(2000)]).dictionary_encode(),
        }
    )
    whole = tmp_path / "whole.feather"
    feather.write_feather(table, whole, compression=compression)
    seeded = random.Random(7)
    paths = [whole]
    for number in range(12):
        damaged = bytearray(whole.read_bytes())
        for _ in range(40):
            damaged[seeded.randrange(len(damaged))] = seeded.randrange(256)
        paths.append(tmp_path / f"{number}.feather")
        paths[-1].write_bytes(damaged)
    command = [sys.executable, "-c", _JUDGE, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.split()
    assert first == "passed"
    assert len(rest) == 12
    assert rest.count("misuse") >= 10

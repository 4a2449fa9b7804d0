"""A command tells its stages with ``trace``, as a function does."""

from __future__ import annotations

import os

import pytest

from pytest_mlgates.cli import main

TRAIN = """
import os, pathlib, random, subprocess, sys
import numpy as np
from pytest_mlgates import trace

out = pathlib.Path(sys.argv[1])
rows = trace("data", np.arange(20.0))
{body}
(out / "p.csv").write_text("id,p\\n" + "".join(f"{{n}},{{p!r}}\\n" for n, p in enumerate(order)))
"""
UNSEEDED = "order = trace('split', 1, np.random.permutation(20)).tolist()"
STEADY = "order = trace('split', 1, np.random.default_rng(7).permutation(20)).tolist()"
UNSEEN = "trace('memory', os.urandom(4))\norder = [1, 2]"
NO_FINGERPRINT = """
order = [1, 2]
try:
    trace("model", object())
except Exception:
    pass
"""
KILLED = """
order = [1, 2]
subprocess.run([sys.executable, "-c", "import os; from pytest_mlgates import trace; "
                "trace('inner', 1.0); os._exit(0)"], check=True)
"""
TWO = """
import subprocess, sys
code = "import sys, numpy as np; from pytest_mlgates import trace; trace(sys.argv[1], np.ones(2))"
for name in ("first", "second"):
    subprocess.run([sys.executable, "-c", code, name], check=True)
"""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(body, keys="", head=""):
        (tmp_path / "train.py").write_text(head + TRAIN.format(body=body))
        (tmp_path / "mlgates.toml").write_text(
            '[gates.training]\nkind = "reproducibility"\noutputs = ["p.csv"]\n'
            f'command = "python train.py {{out}}"\n{keys}\n'
        )
        code = main(["check", "--json", "record.json"])
        import json

        (verdict,) = json.loads((tmp_path / "record.json").read_text())["verdicts"]
        return code, verdict, capsys.readouterr().out

    return run


def labels(verdict, run=0):
    return [one["stage"] for one in verdict["details"][run]["stages"]]


def test_the_first_stage_of_a_command_that_differs_is_named_with_its_cause(check):
    code, verdict, text = check(UNSEEDED)
    assert code == 1
    assert "from stage 'split 1' on (2 of 2)" in text
    assert "the same 20 values in another order" in text
    assert "numpy.random" in text
    assert labels(verdict) == labels(verdict, 1) == ["data", "split 1"]
    assert verdict["details"][0]["global_generators"] == ["numpy.random"]


def test_a_command_whose_stages_agree_passes_and_they_are_on_record(check):
    code, verdict, _ = check(STEADY, 'vary = ["hash_seed"]')
    assert code == 0
    assert [labels(verdict, run) for run in range(3)] == [["data", "split 1"]] * 3


def test_a_stage_that_differs_fails_although_the_outputs_agree(check):
    code, _, text = check(UNSEEN)
    assert code == 1
    assert "from stage 'memory' on (2 of 2)" in text


def test_the_stages_of_several_processes_stand_in_their_order(check):
    """Those that were started before the training uses ``trace`` itself."""
    code, verdict, _ = check(STEADY, head=TWO)
    assert code == 0
    assert labels(verdict) == ["first", "second", "data", "split 1"]


def test_a_stage_without_a_fingerprint_is_misuse_although_the_command_caught_it(check):
    code, _, text = check(NO_FINGERPRINT)
    assert code == 2
    assert "stage 'model': its value is of a type that has no fingerprint" in text


def test_a_process_that_ends_before_it_wrote_its_stages_is_misuse(check):
    code, _, text = check("order = [1, 2]\nos._exit(0)")
    assert code == 2
    assert "did not write" in text
    ends = "order = [1, 2]\n(out / 'p.csv').write_text('id,p\\n0,1\\n')\nos._exit(0)"
    code, _, text = check(ends)
    assert code == 2
    assert "told stages and ended before it could say which" in text


def test_what_a_process_starts_later_tells_nothing_of_its_own(check):
    code, verdict, _ = check(KILLED)
    assert code == 0
    assert labels(verdict) == ["data"]


def test_outside_of_a_gate_a_traced_command_only_runs(tmp_path):
    import subprocess
    import sys

    (tmp_path / "train.py").write_text(TRAIN.format(body=STEADY))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "train.py", "."], cwd=tmp_path, env=environment, check=True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["p.csv", "train.py"]

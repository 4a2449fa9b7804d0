"""What the lock says of a gate holds under the waivers of today, everywhere and in one way."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core import waivers
from pytest_mlgates.hooks.mlgates_check import main as check_hook
from pytest_mlgates.hooks.mlgates_config import main as config_hook

DAY = dt.date(2027, 1, 1)
HOLDOUT = "y_true,y_pred,sex\n" + "1,1,F\n0,1,F\n" * 200 + "1,1,M\n0,0,M\n" * 200 + "1,0,X\n" * 60
SUITE = [
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "y_true", "min_value": 0, "max_value": 0},
    },
    {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "sex", "value": 2}},
]
TABLE = '[tables.holdout]\npath = "holdout.csv"\n'
ACCURACY = """
[gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.9
"""
ROWS = ACCURACY.replace("accuracy]", "rows]").replace("min = 0.9", "min = 0.1")
SLICES = """
[gates.slices]
kind = "metric"
table = "holdout"
metric = "accuracy"
by = "sex"
min = 0.3
"""
SCHEMA = '\n[gates.schema]\nkind = "data_schema"\ntable = "holdout"\nsuite = "suite.json"\n'
TRAINING = '\n[gates.training]\nkind = "reproducibility"\nentry = "MODULE:train"\n'
LENGTHS = 'expectation = "expect_column_value_lengths_to_equal:sex"'
BETWEEN = 'expectation = "expect_column_values_to_be_between"'
X, F = 'group = ["X"]', 'group = ["F"]'


def waiver(gate: str, more: str = "", *, expires: str = "2027-03-01") -> str:
    return (
        f'\n[[waivers]]\ngate = "{gate}"\nowner = "ana@example.org"\n'
        f'reason = "relabelling is under way"\nexpires = {expires}\n{more}\n'
    )


GONE_BY = waiver("accuracy", expires="2026-12-31")
EXPIRED = "the waiver of accuracy expired on 2026-12-31 (ana@example.org: relabelling is under"
UNKNOWN = "a waiver names the unknown gate 'acuracy'"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the configuration; the day is always the same, and this is no CI."""
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "holdout.csv").write_text(HOLDOUT)
    (tmp_path / "suite.json").write_text(json.dumps(SUITE))
    monkeypatch.chdir(tmp_path)
    on(monkeypatch, DAY)

    def written(*parts: str) -> None:
        (tmp_path / "mlgates.toml").write_text(TABLE + "".join(parts))

    return written


def on(monkeypatch, day: dt.date) -> None:
    monkeypatch.setattr(waivers, "today", lambda: day)
    monkeypatch.setattr("pytest_mlgates.runner.waiving.today", lambda: day)


@pytest.fixture
def repository(write):
    """What `mlgates-config` reads: files that git knows."""
    write()
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    subprocess.run(["git", "add", "."], check=True)
    return write


def ran(capsys, *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(list(arguments))
    out = capsys.readouterr()
    return code, out.out + out.err


def hooked(capsys, hook, *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = hook(list(arguments))
    out = capsys.readouterr()
    return code, out.out + out.err


def doctor(capsys) -> dict[str, dict]:
    capsys.readouterr()
    main(["doctor", "--json", "doctor.json"])
    found = json.loads(Path("doctor.json").read_text())
    findings = found["findings"] if isinstance(found, dict) else found
    return {one["topic"]: one for one in findings}


def entry(name: str) -> dict:
    return json.loads(Path("mlgates.lock").read_text())["gates"][name]


def edited(name: str, **verdict: object) -> None:
    lock = json.loads(Path("mlgates.lock").read_text())
    lock["gates"][name]["verdict"].update(verdict)
    Path("mlgates.lock").write_text(json.dumps(lock))


def test_a_waived_gate_is_as_locked_and_says_by_whom(write, capsys):
    write(ACCURACY, waiver("accuracy"))
    assert ran(capsys, "lock")[0] == 0
    assert entry("accuracy")["verdict"]["outcome"] == "waived"
    code, text = ran(capsys, "check", "--locked")
    assert code == 0
    assert " WAIVED accuracy  waived until 2027-03-01 by ana@example.org: relabelling" in text
    assert " 1 gate: 0 as locked, 0 changed, 0 failed, 1 waived; nothing was evaluated" in text


def test_a_waiver_that_is_gone_excuses_nothing_that_was_locked(write, capsys):
    write(ACCURACY, waiver("accuracy"))
    ran(capsys, "lock")
    write(ACCURACY)
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " FAIL   accuracy  outcome waived in the lock, failed now; " in text
    assert " 1 gate: 0 as locked, 0 changed, 1 failed; nothing was evaluated" in text
    assert "fix:   run it in the project's environment: mlgates lock" in text


def test_locking_anew_writes_that_a_waiver_is_gone(write, capsys, monkeypatch):
    write(ACCURACY, waiver("accuracy"))
    ran(capsys, "lock")
    write(ACCURACY)
    code, text = ran(capsys, "check")
    assert code == 1
    assert "outcome waived in the lock, failed now" in text
    code, text = ran(capsys, "lock")
    assert code == 1
    assert " FAIL   accuracy  " in text
    assert " 0 gates evaluated, 0 unchanged, 1 under other waivers" in text
    assert entry("accuracy")["verdict"]["outcome"] == "failed"
    assert "waivers" not in entry("accuracy")
    for ci in (False, True):
        if ci:
            monkeypatch.setenv("CI", "true")
        code, text = ran(capsys, "check")
        assert code == 1
        assert "in the lock" not in text
    assert " 0 gates evaluated, 1 unchanged" in ran(capsys, "lock")[1]


def test_a_gate_locked_as_failed_is_excused_by_a_waiver_that_was_added(write, capsys, monkeypatch):
    write(ACCURACY)
    assert ran(capsys, "lock")[0] == 1
    write(ACCURACY, waiver("accuracy"))
    assert ran(capsys, "check", "--locked")[0] == 0
    monkeypatch.setenv("CI", "true")
    code, text = ran(capsys, "check")
    assert (code, "in the lock" in text) == (0, False)
    code, text = ran(capsys, "lock")
    assert code == 0
    assert " 0 gates evaluated, 0 unchanged, 1 under other waivers" in text
    assert entry("accuracy")["verdict"]["outcome"] == "waived"
    assert ran(capsys, "check", "--locked")[0] == 0


def test_an_expired_waiver_fails_wherever_the_lock_is_compared(
    repository, capsys, monkeypatch, tmp_path
):
    repository(ACCURACY, waiver("accuracy", expires="2026-12-31"))
    on(monkeypatch, dt.date(2026, 12, 31))
    assert ran(capsys, "lock")[0] == 0
    on(monkeypatch, DAY)
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " FAIL   accuracy  outcome waived in the lock, failed now" in text
    assert EXPIRED in text
    code, text = hooked(capsys, config_hook)
    assert code == 1
    assert EXPIRED in text
    assert "not up to date: gate 'accuracy': outcome waived in the lock, failed now" in text
    code, text = hooked(capsys, check_hook, "holdout.csv")
    assert code == 1
    assert EXPIRED in text
    found = doctor(capsys)
    assert found["waivers"]["state"] == found["lock"]["state"] == "broken"
    assert EXPIRED in found["waivers"]["says"]
    assert "accuracy (outcome waived in the lock, failed now)" in found["lock"]["says"]
    code, text = ran(capsys, "lock")
    assert code == 1
    assert EXPIRED in text
    assert EXPIRED in ran(capsys, "check")[1]


def test_an_expired_waiver_fails_also_where_its_gate_passes_and_without_a_lock(repository, capsys):
    repository(ROWS, ACCURACY.replace("0.9", "0.2"), GONE_BY)
    code, text = hooked(capsys, config_hook)
    assert code == 1
    assert EXPIRED in text
    for command in (("lock",), ("check", "--locked"), ("check", "--locked", "rows"), ("check",)):
        code, text = ran(capsys, *command)
        assert code == 1, command
        assert EXPIRED in text


def test_a_waiver_of_an_unknown_gate_fails_wherever_the_lock_is_compared(repository, capsys):
    repository(ROWS, ACCURACY, waiver("accuracy"))
    assert ran(capsys, "lock")[0] == 0
    repository(ROWS, ACCURACY, waiver("accuracy"), waiver("acuracy"))
    for command in (("check",), ("lock",), ("check", "--locked")):
        code, text = ran(capsys, *command)
        assert code == 1, command
        assert UNKNOWN in text
        assert "did you mean 'accuracy'" in text
    for hook, file in ((config_hook, "mlgates.toml"), (check_hook, "holdout.csv")):
        code, text = hooked(capsys, hook, file)
        assert code == 1
        assert UNKNOWN in text
    found = doctor(capsys)["waivers"]
    assert (found["state"], UNKNOWN in found["says"]) == ("broken", True)
    assert "did you mean 'accuracy'" in found["fix"]
    assert ran(capsys, "check", "--locked", "rows")[0] == 0, "a run of some does not know all"


def test_a_waiver_that_moved_to_an_unknown_gate_excuses_nothing(write, capsys):
    write(ACCURACY, waiver("accuracy"))
    ran(capsys, "lock")
    write(ACCURACY, waiver("acuracy"))
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " FAIL   accuracy  outcome waived" in text
    assert UNKNOWN in text


def test_a_waiver_that_moved_to_another_gate_excuses_that(write, capsys):
    other = ACCURACY.replace("accuracy]", "other]")
    write(ACCURACY, other, waiver("accuracy"))
    assert ran(capsys, "lock")[0] == 1
    write(ACCURACY, other, waiver("other"))
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " FAIL   accuracy  " in text
    assert " WAIVED other  " in text


def test_a_waiver_that_is_renewed_changes_nothing_in_the_lock(write, capsys):
    write(ACCURACY, waiver("accuracy"))
    ran(capsys, "lock")
    before = Path("mlgates.lock").read_text()
    write(ACCURACY, waiver("accuracy", expires="2028-01-01"))
    code, text = ran(capsys, "check", "--locked")
    assert code == 0
    assert "waived until 2028-01-01" in text
    assert " 0 gates evaluated, 1 unchanged ·" in ran(capsys, "lock")[1]
    assert Path("mlgates.lock").read_text() == before


def test_a_waiver_that_ends_soon_is_told_of(repository, capsys):
    repository(ACCURACY, waiver("accuracy", expires="2027-01-02"))
    said = "the waiver of accuracy ends in 1 day, on 2027-01-02"
    for command in (("lock",), ("check", "--locked")):
        code, text = ran(capsys, *command)
        assert (code, said in text) == (0, True)
    code, text = hooked(capsys, config_hook)
    assert (code, said in text) == (0, True)
    assert doctor(capsys)["waivers"]["state"] == "note"


@pytest.mark.parametrize(
    ("gate", "locked", "now", "expected"),
    [
        (SLICES, (X,), (), 1),
        (SLICES, (X,), (F,), 1),
        (SLICES, (X,), (X, F), 0),
        (SLICES, (F,), (X,), 0),
        (SLICES, (), (X,), 0),
        (SLICES, ("",), (F,), 1),
        (SLICES, (F,), ("", F), 0),
        (SLICES, ("", F), (F,), 1),
        (SCHEMA, (LENGTHS, BETWEEN), (LENGTHS,), 1),
        (SCHEMA, (LENGTHS,), (LENGTHS, BETWEEN), 0),
        (SCHEMA, (LENGTHS, BETWEEN), (BETWEEN, LENGTHS), 0),
        (SCHEMA, (LENGTHS, BETWEEN), ("",), 0),
    ],
)
def test_other_waivers_of_parts_are_evaluated_again(write, capsys, gate, locked, now, expected):
    """The lock passes at most what an evaluation passes, and locking anew brings both together."""
    name = "slices" if gate == SLICES else "schema"
    write(gate, *(waiver(name, more) for more in locked))
    ran(capsys, "lock")
    write(gate, *(waiver(name, more) for more in now))
    told, _ = ran(capsys, "check", "--locked")
    assert told in {1, expected}
    assert ran(capsys, "lock")[0] == expected
    assert ran(capsys, "check", "--locked")[0] == expected
    assert ran(capsys, "check")[0] == expected
    assert "unchanged ·" in ran(capsys, "lock")[1]


def test_another_group_counts_as_a_change_in_every_tool(repository, capsys, monkeypatch):
    repository(SLICES, waiver("slices", X))
    assert ran(capsys, "lock")[0] == 0
    assert entry("slices")["waivers"] == [["group", "X"]]
    assert ran(capsys, "check", "--locked")[0] == 0
    repository(SLICES, waiver("slices", X), waiver("slices", F))
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " STALE  slices  its waivers changed" in text
    assert "fix:   run it in the project's environment: mlgates lock" in text
    assert "gate 'slices': its waivers changed" in hooked(capsys, config_hook)[1]
    assert doctor(capsys)["lock"]["says"] == "not up to date: slices"
    monkeypatch.setenv("CI", "true")
    code, text = ran(capsys, "check")
    assert code == 1
    assert "slices is not as mlgates.lock claims: its waivers changed" in text
    assert " 1 gate evaluated, 0 unchanged ·" in ran(capsys, "lock")[1]
    assert entry("slices")["waivers"] == [["group", "F"], ["group", "X"]]


@pytest.fixture
def training(write, tmp_path):
    """A training that never gives the same twice: no hook evaluates it."""
    module = "trainer_" + "".join(c if c.isalnum() else "_" for c in str(tmp_path))
    source = "import random\ndef train():\n    return random.random()\n"
    (tmp_path / f"{module}.py").write_text(source)
    gate = f'pythonpath = ["."]\n{TABLE}{ROWS}{TRAINING.replace("MODULE", module)}'

    def written(*parts: str) -> str:
        (tmp_path / "mlgates.toml").write_text(gate + "".join(parts))
        return f"{module}.py"

    return written


def test_the_hook_excuses_a_gate_without_a_table_as_long_as_its_waiver_holds(training, capsys):
    module = training(waiver("training"))
    assert ran(capsys, "lock", "training")[0] == 0
    code, text = hooked(capsys, check_hook, module)
    assert code == 0
    assert "it is as locked, waived until 2027-03-01 by ana@example.org: relabelling" in text
    training()
    code, text = hooked(capsys, check_hook, module)
    assert code == 1
    assert "outcome waived in the lock, failed now" in text
    assert "mlgates lock training\n" in text
    assert ran(capsys, "check", "--locked", "training")[0] == 1
    assert ran(capsys, "lock", "training")[0] == 1
    code, text = hooked(capsys, check_hook, module)
    assert code == 1
    assert "the lock says that it failed" in text
    training(waiver("training"))
    assert hooked(capsys, check_hook, module)[0] == 0
    training(waiver("training", expires="2026-12-31"))
    code, text = hooked(capsys, check_hook, module)
    assert code == 1
    assert "the waiver of training expired on 2026-12-31" in text
    training(waiver("training"), waiver("trainin"))
    code, text = hooked(capsys, check_hook, module)
    assert code == 1
    assert "a waiver names the unknown gate 'trainin'" in text


def test_a_lock_that_calls_a_gate_waived_needs_a_waiver_for_it(write, capsys):
    write(ACCURACY)
    ran(capsys, "lock")
    edited("accuracy", outcome="waived")
    assert ran(capsys, "check", "--locked")[0] == 1
    lock = json.loads(Path("mlgates.lock").read_text())
    lock["gates"]["accuracy"]["waivers"] = [["gate"], ["group", "X"]]
    Path("mlgates.lock").write_text(json.dumps(lock))
    assert ran(capsys, "check", "--locked")[0] == 1
    assert ran(capsys, "lock")[0] == 1
    assert entry("accuracy")["verdict"]["outcome"] == "failed"


def test_a_lock_that_calls_a_gate_passed_is_believed_by_no_ci(write, capsys, monkeypatch):
    write(ACCURACY, waiver("accuracy"))
    ran(capsys, "lock")
    edited("accuracy", outcome="passed", finding="proven")
    monkeypatch.setenv("CI", "true")
    code, text = ran(capsys, "check")
    assert code == 1
    assert "outcome passed in the lock, waived now" in text


@pytest.mark.parametrize("value", [3, [3], [[]], [[3]], ["gate"], {"gate": "x"}, [["gate", None]]])
def test_waivers_in_a_lock_that_are_none_are_damage(write, capsys, value):
    write(ACCURACY)
    ran(capsys, "lock")
    lock = json.loads(Path("mlgates.lock").read_text())
    lock["gates"]["accuracy"]["waivers"] = value
    Path("mlgates.lock").write_text(json.dumps(lock))
    code, text = ran(capsys, "check", "--locked")
    assert code == 2
    assert "gate 'accuracy': waivers is not a list of lists of texts" in text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('gate = "accuracy"\nowner = "a"\nexpires = 2027-03-01', "reason is missing"),
        ('gate = "accuracy"\nowner = " "\nreason = "b"\nexpires = 2027-03-01', "owner is not us"),
        ('gate = "accuracy"\nowner = "a"\nreason = "b"\nexpires = "soon"', "expires is not usable"),
        (
            'gate = "accuracy"\nowner = "a"\nreason = "b"\nexpires = 2027-03-01\nx = 1',
            "unknown key",
        ),
        (
            'gate = "accuracy"\nowner = "a"\nreason = "b"\nexpires = 2027-03-01\nexpectation = "e"',
            "has no expectations",
        ),
    ],
)
def test_a_waiver_that_is_not_whole_is_misuse_where_nothing_is_evaluated(
    repository, capsys, entry, said
):
    repository(ACCURACY, waiver("accuracy"))
    ran(capsys, "lock")
    subprocess.run(["git", "add", "."], check=True)
    repository(ACCURACY, f"\n[[waivers]]\n{entry}\n")
    code, text = ran(capsys, "check", "--locked")
    assert code == 2
    assert said in text
    evaluated = ran(capsys, "check")
    assert evaluated[0] == 2
    assert said in evaluated[1]
    assert hooked(capsys, config_hook)[0] == 2


def test_a_configuration_that_cannot_be_read_is_no_lock_up_to_date(repository, capsys):
    """Also where nothing changed that is looked at for mistakes."""
    repository(ACCURACY, waiver("accuracy").replace("owner", "owned"))
    subprocess.run(["git", "add", "."], check=True)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, "commit", "-q", "-m", "first"], check=True)
    code, text = hooked(capsys, config_hook)
    assert code == 1
    assert "owner is missing" in text


def test_a_gate_that_only_the_lock_has_fails_in_every_tool(repository, capsys, monkeypatch):
    repository(ROWS, ACCURACY, waiver("accuracy"))
    assert ran(capsys, "lock")[0] == 0
    repository(ROWS)
    said = "accuracy is in mlgates.lock, and no gate is declared by that id"
    code, text = ran(capsys, "check", "--locked")
    assert code == 1
    assert " STALE  accuracy  is in mlgates.lock, and no gate is declared by that id" in text
    assert " 1 gate: 1 as locked, 0 changed, 0 failed, 1 no longer declared; nothing" in text
    assert "fix:   run it in the project's environment: mlgates lock" in text
    assert ran(capsys, "check", "--locked", "rows")[0] == 0, "named gates are as locked"
    code, text = hooked(capsys, config_hook)
    assert (code, said in text) == (1, True)
    found = doctor(capsys)["lock"]
    assert (found["state"], found["fix"]) == ("broken", "mlgates lock")
    assert said in found["says"]
    monkeypatch.setenv("CI", "1")
    code, text = ran(capsys, "check")
    assert (code, said in text) == (1, True)
    code, text = ran(capsys, "lock")
    assert code == 0
    assert " 0 gates evaluated, 1 unchanged, 1 dropped" in text
    assert ran(capsys, "check")[0] == ran(capsys, "check", "--locked")[0] == 0
    assert hooked(capsys, config_hook)[0] == 0
    assert doctor(capsys)["lock"]["says"] == "up to date"


def test_the_last_gate_that_is_gone_is_dropped_too(repository, capsys):
    repository(ACCURACY, waiver("accuracy"))
    ran(capsys, "lock")
    repository()
    assert hooked(capsys, config_hook)[0] == 1
    assert ran(capsys, "check", "--locked")[0] == 2
    code, text = ran(capsys, "lock")
    assert code == 0
    assert " 0 gates evaluated, 0 unchanged, 1 dropped" in text
    assert hooked(capsys, config_hook)[0] == 0
    code, text = ran(capsys, "lock")
    assert code == 2
    assert "there are no gates to run" in text


def test_a_lock_knows_no_gate_for_a_waiver_but_those_of_tests(write, capsys):
    write(ROWS, ACCURACY)
    ran(capsys, "lock")
    write(ROWS, waiver("accuracy"))
    for command in (("check",), ("check", "--locked")):
        code, text = ran(capsys, *command)
        assert code == 1
        assert "a waiver names the unknown gate 'accuracy'" in text
    lock = json.loads(Path("mlgates.lock").read_text())
    lock["gates"]["accuracy"]["test"] = "tests/test_it.py"
    Path("mlgates.lock").write_text(json.dumps(lock))
    for command in (("check",), ("check", "--locked")):
        assert ran(capsys, *command)[0] == 0


def test_waivers_are_compared_without_importing_what_evaluates(write, capsys):
    write(ACCURACY, SLICES, waiver("accuracy"), waiver("slices", X))
    assert ran(capsys, "lock")[0] == 0
    code = (
        "import sys\n"
        "from pytest_mlgates.cli import main\n"
        "assert main(['check', '--locked']) == 0\n"
        "heavy = {'msgspec', 'numpy', 'duckdb', 'narwhals', 'pluggy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    write(
        ACCURACY,
        SLICES,
        waiver("accuracy", expires="9000-01-01"),
        waiver("slices", X, expires="9000-01-01"),
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
    assert " 2 gates: 0 as locked, 0 changed, 0 failed, 2 waived" in told.stdout

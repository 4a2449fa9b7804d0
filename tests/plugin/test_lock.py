"""Gates that are tests in ``mlgates.lock``, as pytest resolves them."""

from __future__ import annotations

import json

import pytest

TEST = """
import pandas as pd
import pytest

LIMIT = 0.4
HOLDOUT = pd.DataFrame({"y_true": [0, 1] * 100, "y_pred": [0, 0] * 100})

@pytest.mark.metric("accuracy", min=LIMIT)
@pytest.mark.parametrize("fold", [1, 2])
def test_model(mlgate, fold):
    mlgate(HOLDOUT)

def test_method(mlgate):
    mlgate.metric(HOLDOUT, "accuracy", max=0.9, subject="all")
"""
FOLDS = [f"test_it.py::test_model[{fold}]::metric:accuracy" for fold in (1, 2)]
METHOD = "test_it.py::test_method::metric:accuracy@all"


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(test_it=TEST)
    pytester.path.joinpath("mlgates.toml").write_text(
        '[tables.t]\npath = "t.csv"\n[gates.declared]\nkind = "metric"\ntable = "t"\n'
        'metric = "accuracy"\nmin = 0.1\n'
    )
    pytester.path.joinpath("t.csv").write_text("y_true,y_pred\n" + "1,1\n0,0\n" * 50)
    return pytester


def locked(project):
    return json.loads(project.path.joinpath("mlgates.lock").read_text())["gates"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "xdist"])
def test_markers_methods_and_declared_gates_are_locked(project, workers):
    assert project.runpytest("--mlgates", "--mlgates-lock", *workers).ret == 0
    found = locked(project)
    assert set(found) == {*FOLDS, METHOD, "declared"}
    assert found[FOLDS[0]]["definition"] == {
        "gate": {"kind": "metric", "metric": "accuracy", "min": 0.4}
    }
    assert found[FOLDS[0]]["test"] == "test_it.py"
    assert found[METHOD]["verdict"]["outcome"] == "passed"
    assert found["declared"]["inputs"]["t.csv"].startswith("sha256:")
    assert "test" not in found["declared"]


def test_a_run_of_some_files_keeps_what_the_others_locked(project):
    project.runpytest("--mlgates-lock")
    project.makepyfile(
        test_other=TEST.replace("test_model", "test_more").partition("def test_method")[0]
    )
    project.runpytest("--mlgates-lock", "test_other.py")
    assert set(FOLDS) < set(locked(project))
    assert "test_other.py::test_more[1]::metric:accuracy" in locked(project)
    project.path.joinpath("test_it.py").write_text(TEST.replace("[1, 2]", "[1]"))
    project.runpytest("--mlgates-lock", "test_it.py")
    assert FOLDS[1] not in locked(project)


def test_in_ci_what_the_lock_claims_otherwise_fails_the_run(project, monkeypatch):
    project.runpytest("--mlgates", "--mlgates-lock")
    monkeypatch.setenv("CI", "true")
    assert project.runpytest("--mlgates").ret == 0
    path = project.path / "mlgates.lock"
    text = path.read_text()
    lock = json.loads(text)
    lock["gates"][METHOD]["verdict"]["estimate"] = 0.8
    path.write_text(json.dumps(lock))
    result = project.runpytest("--mlgates")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*{METHOD} is not as mlgates.lock claims: estimate 0.8 in *"])
    path.write_text(text)
    project.path.joinpath("test_it.py").write_text(TEST.replace("LIMIT = 0.4", "LIMIT = 0.3"))
    result = project.runpytest("--mlgates")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*is not as mlgates.lock claims: its definition changed*"])
    project.path.joinpath("test_it.py").write_text(TEST.replace("[1, 2]", "[1]"))
    result = project.runpytest("--mlgates")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*is in mlgates.lock, and no test evaluated it*"])


def test_a_damaged_lock_fails_the_run(project, monkeypatch):
    project.path.joinpath("mlgates.lock").write_text("{")
    result = project.runpytest("--mlgates-lock")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*mlgates.lock is damaged*"])


WAIVER = '[[waivers]]\ngate = "{gate}"\nowner = "ana"\nreason = "known"\nexpires = 9000-01-01\n'


@pytest.mark.parametrize("before", [True, False], ids=["deleted", "added"])
def test_the_lock_of_a_test_holds_under_the_waivers_of_today(project, monkeypatch, before):
    """What it says of a gate that failed is true with and without a waiver of the whole gate."""
    project.path.joinpath("test_it.py").write_text(TEST.replace("max=0.9", "max=0.1"))
    path = project.path / "mlgates.toml"
    plain, waived = path.read_text(), path.read_text() + WAIVER.format(gate=METHOD)
    path.write_text(waived if before else plain)
    assert project.runpytest("--mlgates", "--mlgates-lock").ret == (0 if before else 1)
    assert locked(project)[METHOD]["verdict"]["outcome"] == ("waived" if before else "failed")
    assert locked(project)[METHOD].get("waivers") == ([["gate"]] if before else None)
    path.write_text(plain if before else waived)
    monkeypatch.setenv("CI", "true")
    result = project.runpytest("--mlgates")
    assert result.ret == (1 if before else 0)
    told = f"{METHOD} is not as mlgates.lock claims: outcome waived in the lock, failed now"
    assert (told in result.stdout.str()) == before
    result = project.runpytest("--mlgates", "--mlgates-lock")
    assert "in the lock" not in project.runpytest("--mlgates").stdout.str()
    assert locked(project)[METHOD]["verdict"]["outcome"] == ("failed" if before else "waived")


def test_a_waiver_of_another_group_is_another_lock_of_a_test(project, monkeypatch):
    project.makepyfile(
        test_it=TEST.replace(
            'mlgate.metric(HOLDOUT, "accuracy", max=0.9, subject="all")',
            'mlgate.metric(HOLDOUT.assign(sex=["F", "M"] * 100), "accuracy", min=0.4, by="sex",'
            ' subject="all")',
        )
    )
    gate = "test_it.py::test_method::metric:accuracy:sex@all"
    path = project.path / "mlgates.toml"
    plain = path.read_text()
    path.write_text(plain + WAIVER.format(gate=gate) + 'group = ["M"]\n')
    assert project.runpytest("--mlgates", "--mlgates-lock").ret == 0
    assert locked(project)[gate]["waivers"] == [["group", "M"]]
    monkeypatch.setenv("CI", "true")
    assert project.runpytest("--mlgates").ret == 0
    path.write_text(plain + WAIVER.format(gate=gate) + 'group = ["F"]\n')
    result = project.runpytest("--mlgates")
    assert result.ret == 1
    assert f"{gate} is not as mlgates.lock claims: its waivers changed" in result.stdout.str()


def test_a_declared_gate_that_only_the_lock_has_fails_a_whole_run_in_ci(project, monkeypatch):
    assert project.runpytest("--mlgates", "--mlgates-lock").ret == 0
    path = project.path / "mlgates.toml"
    path.write_text(path.read_text().replace("[gates.declared]", "[gates.other]"))
    monkeypatch.setenv("CI", "true")
    result = project.runpytest("--mlgates")
    assert result.ret == 1
    told = "declared is in mlgates.lock, and no gate is declared by that id"
    result.stdout.fnmatch_lines([f"*{told}*"])
    assert told not in project.runpytest("--mlgates", "test_it.py").stdout.str()

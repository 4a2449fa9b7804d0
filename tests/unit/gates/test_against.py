"""A training is held to a stored run, at the level that its environment allows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates import MLGatesError, reproducibility, seed, trace
from pytest_mlgates.core.verdict import Finding, Outcome
from pytest_mlgates.engines.stored_runs import load, save

STORED = "repro/training.json"
# Of no machine that runs tests: with the one that ran them, the tests would find no change.
OTHER_CPU = {"cpu": "CentaurHauls family 6 model 15"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def training(seed=7, rows=20, bias=0.0):
    def train():
        generator = np.random.default_rng(seed)
        trace("split", generator.permutation(rows))
        weights = generator.normal(size=4) + bias
        trace("epoch", 0, weights)
        return {"weights": weights, "rows": rows}

    return train


def untraced(*values):
    return lambda: {"weights": np.array(values, dtype=float), "kind": "linear"}


def unstable():
    values = iter([1.0, 2.0])

    def drift():
        return untraced(next(values))()

    return drift


def module_level():
    return {"weights": np.arange(4.0), "kind": "linear"}


def record(function, **options):
    return reproducibility(function, against=STORED, record=True, **options)


def held(function, **options):
    return reproducibility(function, **{"runs": 1, "against": STORED, **options})


def elsewhere(**environment):
    """As if the stored run came from another machine."""
    run = load(Path(STORED))
    save(replace(run, environment={**run.environment, **environment}), Path(STORED))


# --- in the same environment ---


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_the_same_bits_are_proven(runs):
    record(training())
    verdict = held(training(), runs=runs)
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert "repeats the stored run repro/training.json bit for bit" in verdict.message
    assert "level bitwise proven" in verdict.message
    assert verdict.n == runs
    count = "1 run" if runs == 1 else f"{runs} runs"
    assert verdict.method == f"bitwise, against a stored run, {count}, one process"


def test_other_bits_are_disproven_and_the_first_stage_is_named():
    record(training())
    verdict = held(training(bias=1e-9))
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    lines = verdict.message.splitlines()
    assert lines[0] == (
        "training.<locals>.train does not repeat the stored run repro/training.json bit for bit "
        "(level bitwise disproven): it differs from stage 'epoch 0' on (2 of 2)"
    ).replace("training.<locals>.", "")
    assert "  - epoch 0: other values; how far apart is unknown" in lines[1]
    assert 'result["weights"]: 4 of 4 values differ (100 %), by at most 1e-09' in lines[2]
    assert "the environment is the same in all that decides bits" in verdict.message
    assert "runs=2 would tell" in verdict.message
    assert verdict.summary.endswith("disproven, epoch 0 differs and 1 more")


def test_without_stages_the_parts_of_the_result_are_told():
    record(untraced(1.0, 2.0))
    message = held(untraced(1.0, 2.5)).message
    assert "it differs in 1 part of 3" in message
    assert 'result["weights"]: 1 of 2 values differ (50 %), by at most 0.5' in message


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (untraced(1.0), "shape (2,) in the stored run, (1,) in this run"),
        (untraced(2.0, 1.0), "the same 2 values in another order"),
        (lambda: {"kind": "linear"}, 'result["weights"]: only in the stored run (float64 array)'),
        (lambda: {**untraced(1.0, 2.0)(), "new": 1}, 'result["new"]: only in this run'),
        (
            lambda: {"weights": np.array([1, 2]), "kind": "linear"},
            "float64 array in the stored run, int64 array in this run",
        ),
    ],
)
def test_what_differs_is_told_of_the_stored_run_and_of_this_one(other, text):
    record(untraced(1.0, 2.0))
    message = held(other).message
    assert text in message
    assert "first run" not in message


def test_rows_of_a_stage_in_another_order_are_told_from_other_rows():
    def staged(rows):
        def train():
            trace("rows", rows)
            return [1.0, 2.0]

        return train

    rows = np.arange(10).reshape(5, 2)
    record(staged(rows))
    message = held(staged(rows[::-1].copy())).message
    assert "- rows: the same 5 rows in another order" in message
    assert "or the order of a set did" in message
    assert "how far apart is unknown: of a stage only digests" in held(staged(rows + 1)).message


def test_a_stage_that_only_one_of_them_has_is_told():
    record(training())
    assert "split: this run does not have it" in held(untraced(1.0)).message
    record(untraced(1.0))
    assert "split: the stored run does not have it" in held(training()).message


def test_without_the_values_the_digests_still_decide():
    record(untraced(1.0, 2.0))
    next(Path("repro").glob("*.npz")).unlink()
    assert held(untraced(1.0, 2.0)).passed
    message = held(untraced(1.0, 2.5)).message
    assert "other values; how far apart is unknown: training." in message
    assert ".npz is not there" in message


def test_several_runs_must_also_agree_with_one_another():
    record(untraced(1.0))
    verdict = held(unstable(), runs=2)
    assert verdict.finding is Finding.DISPROVEN
    assert "1 of 1 repetition in one process differs from run 1" in verdict.message
    assert "it was not compared with the stored run repro/training.json" in verdict.message


def test_a_renamed_function_is_held_to_the_run_of_its_old_name():
    record(training())
    renamed = training()
    renamed.__qualname__ = "fit"
    verdict = held(renamed)
    assert verdict.passed
    assert verdict.details[-1]["callable"] == "train"
    renamed = training(seed=8)
    renamed.__qualname__ = "fit"
    assert "(train was recorded)" in held(renamed).message


def test_another_seed_in_force_is_told():
    with seed(7):
        record(untraced(1.0))
    with seed(8):
        message = held(untraced(2.0)).message
    assert "seed(7) was in force then, seed(8) is now" in message
    assert "seed(7) was in force then, seed(none) is now" in held(untraced(2.0)).message
    with seed(7):
        assert "in force" not in held(untraced(2.0)).message


def test_fresh_processes_are_compared_too():
    record(module_level, fresh_process=True)
    assert held(module_level, fresh_process=True).passed
    assert held(module_level).passed
    environment = load(Path(STORED)).environment
    assert environment["packages"]["numpy"] == np.__version__


def by_hash_seed():
    return {"weights": np.arange(4.0), "names": list({f"n{number}" for number in range(20)})}


def test_variations_are_judged_beside_a_stored_run():
    record(module_level, vary=["hash_seed", "working_directory"])
    verdict = held(module_level, vary=["hash_seed", "working_directory"])
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert verdict.method == "bitwise, against a stored run, 3 runs, fresh processes"
    assert [one.get("variation") for one in verdict.details[:3]] == [
        *(None, "hash_seed", "working_directory")
    ]


def test_a_variation_that_breaks_it_is_named_and_never_recorded():
    verdict = record(by_hash_seed, vary=["hash_seed"])
    assert not verdict.passed
    assert "broken by hash_seed" in verdict.message
    assert not Path(STORED).exists()
    record(module_level)
    verdict = held(by_hash_seed, vary=["hash_seed"])
    assert verdict.finding is Finding.DISPROVEN
    assert "broken by hash_seed" in verdict.message


# --- in another environment ---


def test_the_same_bits_are_proof_in_any_environment():
    record(training())
    elsewhere(**OTHER_CPU)
    verdict = held(training())
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert "in another environment: CPU class differs (stored CentaurHauls" in verdict.message


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [("estimate", Outcome.FAILED), ("fail", Outcome.FAILED), ("pass", Outcome.PASSED)],
)
def test_other_bits_on_another_cpu_are_not_decided_and_never_green_by_default(policy, outcome):
    record(training())
    elsewhere(**OTHER_CPU)
    verdict = held(training(bias=1e-9), inconclusive=policy)
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, outcome)
    assert "(level bitwise not decided): it differs from stage 'epoch 0' on" in verdict.message
    assert (
        "bitwise is not to be expected: CPU class differs (stored CentaurHauls family 6 model 15"
        in verdict.message
    )
    assert "record on this class of machine" in verdict.message
    assert verdict.summary.endswith("not decided, not to be expected (CPU class)")


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"packages": {"numpy": "1.0"}}, "numpy"),
        ({"blas": "mkl 2024"}, "BLAS"),
        ({"threads": 99}, "threads"),
        ({"settings": {"OMP_NUM_THREADS": "99"}}, "OMP_NUM_THREADS"),
    ],
)
def test_all_that_decides_bits_is_named(environment, name):
    record(training())
    elsewhere(**environment)
    verdict = held(training(bias=1.0))
    assert verdict.undecided
    assert f"bitwise is not to be expected: {name} differs (stored" in verdict.message


def test_what_decides_no_bits_excuses_nothing():
    import platform

    record(training())
    elsewhere(python=".".join([*platform.python_version_tuple()[:2], "99"]))
    verdict = held(training(bias=1.0))
    assert verdict.finding is Finding.DISPROVEN
    assert "Python differs (stored" in verdict.message


def test_runs_that_differ_among_themselves_have_no_excuse():
    record(untraced(1.0))
    elsewhere(**OTHER_CPU)
    assert held(unstable(), runs=2).finding is Finding.DISPROVEN


# --- the record of it ---


def test_the_verdict_names_the_stored_run_and_the_environments():
    record(training())
    elsewhere(**OTHER_CPU)
    verdict = held(training(bias=1.0))
    detail = verdict.details[-1]
    assert detail["bitwise_expected"] is False
    (change,) = [one for one in detail["environment"] if one["name"] == "CPU class"]
    assert change["stored"] == OTHER_CPU["cpu"]
    assert verdict.inputs[-1].name == f"stored run {STORED}"
    assert verdict.inputs[-1].digest == detail["seal"] == load(Path(STORED)).seal
    assert json.loads(verdict.to_json())["details"][-1]["stages"][0]["stage"] == "split"


# --- recording ---


def test_recording_judges_nothing_and_says_what_it_wrote():
    verdict = record(training())
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, Outcome.PASSED)
    assert "train is recorded in repro/training.json: 2 runs in one process" in verdict.message
    assert "nothing was judged" in verdict.message
    assert "it is the first one there" in verdict.message
    assert record(training(), inconclusive="fail").outcome is Outcome.FAILED
    run = load(Path(STORED))
    assert [stage.label for stage in run.stages] == ["split", "epoch 0"]


def test_recording_again_says_what_changed():
    record(training())
    assert "nothing changed against the one before" in record(training()).message
    elsewhere(**OTHER_CPU)
    message = record(training(bias=1.0)).message
    assert "against the one before it differs from stage 'epoch 0' on" in message
    assert "CPU class differs (stored CentaurHauls" in message


def test_one_run_is_never_recorded():
    assert record(training(), runs=1).n == 2


def test_what_does_not_repeat_itself_is_not_recorded():
    record(untraced(1.0))
    before = Path(STORED).read_bytes()
    verdict = record(training(seed=None))
    assert verdict.finding is Finding.DISPROVEN
    assert not verdict.passed
    assert "it was not recorded in repro/training.json" in verdict.message
    assert Path(STORED).read_bytes() == before


def test_a_damaged_run_is_recorded_anew():
    record(training())
    Path(STORED).write_text(Path(STORED).read_text()[:400])
    record(training())
    assert held(training()).passed


# --- misuse ---


def refused(function=None, **options):
    with pytest.raises(MLGatesError) as caught:
        held(function or training(), **options)
    return str(caught.value)


def test_nothing_is_trained_where_there_is_no_stored_run():
    called = []
    text = refused(lambda: called.append(1))
    assert "there is no stored run at 'repro/training.json' to compare with" in text
    assert "fix:   call it once with `record=True`" in text
    assert not called


def test_a_damaged_run_is_no_evidence_and_says_how_to_mend_it():
    record(training())
    text = Path(STORED).read_text()
    Path(STORED).write_text(text.replace('"n', '"m', 1))
    found = refused()
    assert "a stored run is damaged, it is no evidence" in found
    assert "fix:   restore it, or record it anew: call it once with `record=True`" in found


def test_merge_conflicts_are_named_with_their_line():
    record(training())
    first, second, *rest = Path(STORED).read_text().splitlines()
    both = ["<<<<<<< HEAD", second, "=======", second, ">>>>>>> their-branch"]
    Path(STORED).write_text("\n".join([first, *both, *rest]))
    found = refused()
    assert "a stored run has merge conflicts, it is no evidence" in found
    assert f"where: {Path(STORED).absolute()}:2" in found
    assert "got:   <<<<<<< HEAD" in found
    assert "take one side (git checkout --ours, or --theirs), or record it anew: call" in found


def test_what_is_no_json_is_named_with_its_line():
    record(training())
    lines = Path(STORED).read_text().splitlines()
    Path(STORED).write_text("\n".join([*lines[:3], "oops", *lines[3:]]))
    found = refused()
    assert f"where: {Path(STORED).absolute()}:4" in found
    assert "got:   no JSON from line 4 on: " in found


@pytest.mark.parametrize(
    ("against", "text"),
    [
        ("", "against is not usable"),
        (7, "against is not usable"),
        ("repro/training.pkl", "the name of a file ends with .json"),
        ("train.py", "the name of a file ends with .json"),
        ("../elsewhere.json", "one outside of the project is named by its full path"),
        ("a/../../elsewhere.json", "one outside of the project is named by its full path"),
        ("models:/credit@champion", "a run of MLflow"),
        ("runs:/", "a run of MLflow"),
        ("runs:/abc/training", "a run of MLflow"),
    ],
)
def test_a_reference_is_a_file_of_the_project_or_a_run(against, text):
    assert text in refused(against=against)


def test_a_full_path_and_a_path_object_are_references(tmp_path):
    outside = tmp_path / "other" / "run.json"
    reproducibility(training(), against=outside, record=True)
    assert reproducibility(training(), against=str(outside), runs=1).passed


def test_ci_does_not_record(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(MLGatesError, match="record=True is refused in CI"):
        record(training())
    assert not Path("repro").exists()


@pytest.mark.parametrize("options", [{"record": 1}, {"against": None, "runs": 2, "record": True}])
def test_record_is_true_beside_a_reference(options):
    assert "record is not usable" in refused(**options)


def test_a_file_of_something_else_is_not_overwritten():
    Path("package.json").write_text("{}")
    called = []
    with pytest.raises(MLGatesError, match="a run is not stored over another file"):
        reproducibility(lambda: called.append(1), against="package.json", record=True)
    assert not called
    assert Path("package.json").read_text() == "{}"

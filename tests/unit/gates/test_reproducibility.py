from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.reproducibility import KIND

NAMES = [f"feature_{number}" for number in range(20)]
ROWS = np.random.default_rng(0).normal(size=(30, 3))


# --- planted causes and their clean twins: at the top level, as fresh processes need them ---


def shuffled(seed=None):
    return {"split": np.random.default_rng(seed).permutation(50), "rows": ROWS}


def from_set():
    return {"order": list(set(NAMES)), "rows": ROWS}


def sorted_set():
    return {"order": sorted(set(NAMES)), "rows": ROWS}


def encoded_by_set():
    codes = {name: code for code, name in enumerate(set(NAMES))}
    return {"rows": ROWS, "weights": np.array([codes[name] ** 2 for name in NAMES[:5]])}


def global_numpy():
    return {"rows": ROWS, "noise": np.random.rand(3)}


def seeded_numpy():
    np.random.seed(7)
    return {"rows": ROWS, "noise": np.random.rand(3)}


def global_python():
    return {"rows": ROWS, "picked": random.sample(NAMES, 5)}


def seeded_python():
    random.seed(7)
    return {"rows": ROWS, "picked": random.sample(NAMES, 5)}


def timed():
    return {"rows": ROWS, "features": [np.array([1.0, time.time()])]}


def untimed(now=1_700_000_000.0):
    return {"rows": ROWS, "features": [np.array([1.0, now])]}


def forest(random_state=None):
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(3, random_state=random_state).fit(ROWS, ROWS[:, 0] > 0)


KEPT = np.zeros(4)


def keeps_state():
    KEPT.__iadd__(1.0)
    return KEPT


CALLS = []


def rounding():
    CALLS.append(1)
    return ROWS * (1.0 if len(CALLS) % 2 else 1 + 2**-52)


def by_environment():
    return {"rows": ROWS, "seed": len(os.environ["PYTHONHASHSEED"]) and os.getpid()}


def crashes():
    raise ValueError("no rows")


def exits():
    sys.exit(0)


def vanishes():
    os.write(1, b"last words")
    os._exit(0)


def hangs():
    time.sleep(60)


def chatty():
    sys.stdout.write("x" * 5_000_000)
    return ROWS


def leaves_a_child(folder):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(folder, "pid").write_text(str(child.pid))
    return ROWS


def large(rows):
    return np.full((rows, 100), 0.5)


class Trainer:
    def __init__(self, seed):
        self.seed = seed

    def train(self):
        return np.random.default_rng(self.seed).random(5)


def judged(function, **parameters) -> Verdict:
    gate = Gate(id="g", kind=KIND, parameters=parse(KIND, (), parameters), where="the marker")
    verdict = evaluate(gate, function, Context())
    assert Verdict.from_dict(verdict.to_dict()).to_json() == verdict.to_json()
    return verdict


def refused(function, **parameters) -> str:
    with pytest.raises(MLGatesError) as caught:
        judged(function, **parameters)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _untouched_generators():
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


# --- one process ---


@pytest.mark.parametrize(
    "clean",
    [
        partial(shuffled, 7),
        sorted_set,
        seeded_numpy,
        seeded_python,
        untimed,
        partial(forest, 7),
        Trainer(7).train,
        lambda: ROWS * 2,
    ],
)
def test_clean_twins_are_proven(clean):
    verdict = judged(clean, runs=3)
    assert verdict.finding is Finding.PROVEN
    assert verdict.outcome is Outcome.PASSED
    assert verdict.n == 3
    assert verdict.method == "bitwise, 3 runs, one process"
    assert "is reproducible bit for bit (level bitwise proven): 3 runs in one" in verdict.message
    assert [d["run"] for d in verdict.details] == [1, 2, 3]
    assert {d["digest"] for d in verdict.details} == {verdict.inputs[0].digest}


@pytest.mark.parametrize(
    ("planted", "path", "why"),
    [
        (shuffled, 'result["split"]: the same 50 values in another order', "an unseeded shuffle"),
        (global_numpy, 'result["noise"]: 3 of 3', "the global generator numpy.random"),
        (global_python, 'result["picked"]', "the global generator random,"),
        (timed, 'result["features"][0]: 1 of 2', "the time of the run"),
        (forest, "result.estimators_[0].random_state", "the global generator numpy.random"),
        (rounding, "result: 90 of 90", "only the last bits differ"),
        (keeps_state, "result: other values", "state is kept between runs"),
    ],
)
def test_planted_causes_are_found_and_named(planted, path, why):
    verdict = judged(planted)
    assert verdict.finding is Finding.DISPROVEN
    assert verdict.outcome is Outcome.FAILED
    first = verdict.message.splitlines()[1]
    assert first.startswith(f"  - {path}")
    assert why in verdict.message
    assert "  fix:   " in verdict.message
    assert verdict.details[1]["differences"][0]["path"] in first
    assert verdict.summary.startswith("bitwise, one process: disproven, result")


def test_the_whole_message_of_a_failure():
    verdict = judged(partial(untimed_but_third, iter([1.0, 1.0, 1.5])), runs=3)
    assert verdict.message == (
        "untimed_but_third is not reproducible bit for bit (level bitwise disproven): "
        "1 of 2 repetitions in one process differs from run 1, run 3 in 1 part of 2\n"
        '  - result["auc"]: 1.0 in the first run, 1.5 in the other, by 0.5 '
        "(2,251,799,813,685,248 ULP)\n"
        "  want:  the same bits in every run\n"
        "  why:   no global generator explains it: look for a generator without a seed "
        "(random_state=None, default_rng()), the clock, the environment, or state kept between "
        "runs\n"
        "  fix:   pass a seed to every generator, and build everything inside of the function"
    )


def untimed_but_third(values):
    return {"auc": next(values)}


def test_many_differences_are_counted_and_bounded():
    values = iter([0.0, 1.0])

    def many():
        value = next(values)
        return {f"part {number}": value for number in range(150)}

    verdict = judged(many)
    assert "and 145 more parts" in verdict.message
    assert len(verdict.details[1]["differences"]) == 100
    assert verdict.details[1]["differences_total"] == 150


def test_generators_are_not_reset_between_runs():
    random.seed(3)
    before = random.getstate()
    judged(global_python)
    assert random.getstate() != before


def test_a_file_is_compared_by_its_bytes(tmp_path):
    def writes(text):
        (tmp_path / "model.bin").write_text(text())
        return {"model": tmp_path / "model.bin"}

    assert judged(partial(writes, lambda: "w")).passed
    verdict = judged(partial(writes, iter("ab").__next__))
    assert 'result["model"]: other bytes (1 and 1)' in verdict.message


def test_a_single_value_is_warned_of():
    assert "single value" in judged(lambda: 0.5).warnings[0]
    assert judged(lambda: ROWS * 2).warnings == ()


# --- misuse: never a pass ---


@cache
def cached():
    return forest(7)


@pytest.mark.parametrize(
    "function, name, kind",
    [
        (cached, "cached", "RandomForestClassifier"),
        (lambda: ROWS, "<lambda>", "ndarray"),
        (lambda: {"model": cached(), "rows": (ROWS, NAMES)}, "<lambda>", "dict"),
    ],
)
def test_the_very_object_of_run_1_repeats_nothing(function, name, kind):
    assert refused(function, runs=3).splitlines() == [
        f"{name} returned in run 2 the very object of run 1: nothing was repeated",
        "  where: the marker",
        f"  got:   one {kind}, kept in a cache or made outside of the function",
        "  want:  a result that every call makes anew",
        "  fix:   fresh_process=True, or train inside of the function and without a cache",
    ]


@pytest.mark.parametrize(
    "value", [7, 0.5, "a", True, (1, "a", None), Path(__file__), np.float64(1)]
)
def test_small_values_that_are_one_object_by_nature_are_results(value):
    assert judged(lambda: value).passed


def test_a_constant_beside_what_is_made_anew_is_a_result():
    assert judged(lambda: {"rows": ROWS, "mean": ROWS.mean(axis=0)}).passed
    assert judged(lambda: {"rows": ROWS, "accuracy": 0.5}).passed


@pytest.mark.parametrize("empty", [None, [], {}, np.zeros((0, 3)), [None]], ids=repr)
def test_nothing_to_compare_is_misuse(empty):
    text = refused(lambda: empty)
    assert "returned nothing to compare, which proves nothing" in text
    assert "where: the marker" in text
    assert "fix:   end the function with `return model`" in text


def test_the_name_of_a_file_as_text_is_misuse(tmp_path):
    file = tmp_path / "model.bin"
    file.write_text("w")
    assert f"fix:   return Path({str(file)!r})" in refused(lambda: str(file))
    assert "name of a file" in refused(lambda: [str(file)])
    assert judged(lambda: ["a", "b"]).passed


def test_a_call_instead_of_a_callable_is_misuse():
    text = refused(ROWS)
    assert "reproducibility takes a callable" in text
    assert "fix:   mlgate(partial(train, seed=7)), without calling it" in text


def test_required_arguments_are_named():
    text = refused(Trainer)
    assert "Trainer needs 1 argument" in text
    assert "fix:   partial(Trainer, seed=…)" in text


def test_async_functions_are_misuse():
    async def train():
        await asyncio.sleep(0)

    assert "fix:   def run(): return asyncio.run(train())" in refused(train)


def test_an_unknown_type_is_misuse_with_its_place():
    assert 'result["m"] is of a type that has no fingerprint' in refused(lambda: {"m": object()})


@pytest.mark.parametrize(("function", "kind"), [(crashes, ValueError), (exits, SystemExit)])
def test_an_exception_of_the_function_is_neither_pass_nor_failure(function, kind):
    with pytest.raises(MLGatesError) as caught:
        judged(function)
    assert f"{function.__name__} raised {kind.__name__} in run 1" in str(caught.value)
    assert "test_reproducibility.py:" in str(caught.value)
    assert type(caught.value.__cause__) is kind


def test_skips_of_pytest_pass_through():
    with pytest.raises(pytest.skip.Exception):
        judged(lambda: pytest.skip("not today"))


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"runs": 1}, "runs = 1 compares nothing"),
        ({"runs": 2.5}, "runs is not usable"),
        ({"runs": True}, "runs is not usable"),
        ({"level": "bitwisee"}, "did you mean 'bitwise'?"),
        ({"timeout": 3, "fresh_process": False}, "timeout needs fresh processes"),
        ({"vary": ["threads"], "fresh_process": False}, "vary needs fresh processes"),
        ({"vary": ["hash-seed"]}, "did you mean 'hash_seed'?"),
        ({"vary": ["threads", "threads"]}, "names each variation once"),
        ({"vary": []}, "one of 'hash_seed', 'threads', 'row_order', 'working_directory' at least"),
        ({"level": "tolerance", "max_flips": 0.99}, "max_flips = 0.99 can hardly fail"),
        ({"vary": 3}, "a list of 'hash_seed', 'threads', 'row_order', 'working_directory'"),
        ({"timeout": 0, "fresh_process": True}, "timeout is not usable"),
        ({"fresh": True}, "unknown argument 'fresh'"),
    ],
)
def test_wrong_parameters_are_misuse(parameters, text):
    assert text in refused(sorted_set, **parameters)


# --- fresh processes ---


def fresh(function, **parameters):
    return judged(function, fresh_process=True, **parameters)


def refused_fresh(function, **parameters):
    return refused(function, fresh_process=True, **parameters)


def test_the_order_of_a_set_is_found_in_fresh_processes_alone():
    assert judged(encoded_by_set).passed
    verdict = fresh(encoded_by_set)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.method == "bitwise, 2 runs, fresh processes"
    assert verdict.message.splitlines()[1].startswith('  - result["weights"]: ')
    assert "the order of a set, or hash(), gets into the result (PYTHONHASHSEED)" in verdict.message
    assert [d["process"] for d in verdict.details] == [
        "fresh, PYTHONHASHSEED=1",
        "fresh, PYTHONHASHSEED=2",
    ]


def test_another_order_of_a_list_is_told_in_fresh_processes():
    message = fresh(from_set).message
    assert 'result["order"]: the same 20 values in another order' in message


def test_a_clean_model_passes_in_fresh_processes():
    verdict = fresh(partial(forest, random_state=7))
    assert verdict.passed
    assert verdict.inputs[0].digest == judged(partial(forest, random_state=7)).inputs[0].digest


def test_global_generators_are_named_from_fresh_processes():
    message = fresh(global_numpy).message
    assert 'result["noise"]: 3 of 3 values differ' in message
    assert "the global generator numpy.random" in message


def test_a_cause_that_is_no_hash_seed_is_not_called_one():
    message = fresh(by_environment).message
    assert "PYTHONHASHSEED" not in message
    assert "the order of a set" not in message


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (crashes, "crashes raised ValueError in run 1"),
        (exits, "exits raised SystemExit in run 1"),
        (
            vanishes,
            "ended with exit code 0 before there was a result",
        ),
    ],
)
def test_a_process_without_a_result_is_misuse(function, text):
    assert text in refused_fresh(function)


def test_what_a_process_printed_last_is_told():
    assert "  got:   last words" in refused_fresh(vanishes)


def test_a_timeout_ends_the_process():
    start = time.monotonic()
    assert "hangs did not end within 0.5 s in run 1" in refused_fresh(hangs, timeout=0.5)
    assert time.monotonic() - start < 20


def test_megabytes_of_output_and_of_results_do_no_harm():
    assert fresh(chatty, timeout=60).passed
    assert fresh(partial(large, 20_000)).passed


@pytest.mark.parametrize("function", [lambda: ROWS, partial(sorted, iter(NAMES), key=lambda x: x)])
def test_what_cannot_be_handed_over_is_misuse(function):
    text = refused_fresh(function)
    assert "cannot be handed to a fresh process" in text
    assert "fix:   move it to the top level of its module" in text
    assert " at 0x" not in text


def test_methods_and_their_objects_are_handed_over():
    assert fresh(Trainer(7).train).passed


def test_a_test_module_that_no_import_finds_is_loaded_from_its_file(tmp_path, monkeypatch):
    file = tmp_path / "test_elsewhere.py"
    file.write_text("import numpy as np\ndef train():\n    return np.ones(3)\n")
    spec = importlib.util.spec_from_file_location("deep.in_.test_elsewhere", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "deep.in_.test_elsewhere", module)
    spec.loader.exec_module(module)
    assert fresh(module.train).passed


def test_a_namesake_that_an_import_would_find_is_not_taken_for_it(tmp_path, monkeypatch):
    for folder, value in (("one", 1.0), ("two", 2.0)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test_same.py").write_text(
            f"import numpy as np\ndef train():\n    return np.full(3, {value})\n"
        )
    monkeypatch.syspath_prepend(tmp_path / "two")
    spec = importlib.util.spec_from_file_location("test_same", tmp_path / "one" / "test_same.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "test_same", module)
    spec.loader.exec_module(module)
    assert fresh(module.train).inputs[0].digest == judged(module.train).inputs[0].digest


def test_a_module_that_does_not_load_there_is_misuse(tmp_path, monkeypatch):
    file = tmp_path / "test_fragile.py"
    file.write_text("import os\nif 'PYTHONHASHSEED' in os.environ: raise OSError('not here')\n")
    file.write_text(file.read_text() + "def train():\n    return 1\n")
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    spec = importlib.util.spec_from_file_location("test_fragile", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "test_fragile", module)
    spec.loader.exec_module(module)
    text = refused_fresh(module.train)
    assert "cannot be loaded in a fresh process" in text
    assert "OSError: not here" in text


def test_a_script_is_run_without_its_main_block(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import numpy as np\n"
        "def train():\n"
        "    return np.ones(3)\n"
        "if __name__ == '__main__':\n"
        "    from pytest_mlgates.gates.base import *\n"
        "    from pytest_mlgates.gates.reproducibility import KIND\n"
        "    gate = Gate(id='g', kind=KIND, parameters=parse(KIND, (), {'fresh_process': True}))\n"
        "    print(evaluate(gate, train, Context()).outcome)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "passed\n"


def test_a_script_whose_import_starts_the_gate_is_misuse_and_starts_no_processes_for_ever(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "from pytest_mlgates import reproducibility\n"
        "def train():\n"
        "    return [1, 2]\n"
        "reproducibility(train, fresh_process=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "the gate of train starts when its module is imported" in done.stderr
    assert 'fix:   put the call under `if __name__ == "__main__":`' in done.stderr


# --- nothing survives ---


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def ends(pid, within=10.0):
    limit = time.monotonic() + within
    while is_alive(pid) and time.monotonic() < limit:
        time.sleep(0.05)
    return not is_alive(pid)


needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")


@needs_proc
def test_what_a_run_started_ends_with_it(tmp_path):
    assert fresh(partial(leaves_a_child, str(tmp_path))).passed
    assert ends(int((tmp_path / "pid").read_text()))


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_survives_its_parent(tmp_path, how):
    script = tmp_path / "train.py"
    script.write_text(
        "import os, pathlib, time\n"
        "def train():\n"
        f"    pathlib.Path({str(tmp_path)!r}, 'pid').write_text(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    from pytest_mlgates.engines.fresh import FreshProcesses\n"
        "    with FreshProcesses(train, 'train', None) as processes:\n"
        "        processes.run(1)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, script], env=environment, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 30
        while not (tmp_path / "pid").exists() and time.monotonic() < limit:
            time.sleep(0.05)
        time.sleep(0.1)
        child = int((tmp_path / "pid").read_text())
        assert is_alive(child)
        parent.send_signal(how)
        parent.wait(timeout=20)
        assert ends(child)
    finally:
        with contextlib.suppress(OSError):
            parent.kill()
        parent.wait()

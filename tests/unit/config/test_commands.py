from __future__ import annotations

import json
import sys

import pytest

from pytest_mlgates.config.load import load
from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.runner.check import run
from pytest_mlgates.runner.evaluator import Evaluator

TRAIN = """
import json, os, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
codes = {name: code for code, name in enumerate({f"n{number}" for number in range(20)})}
values = [1 / (3 + number) for number in range(20)]

def write(values):
    rows = [f"{number},{value!r}" for number, value in enumerate(values)]
    (out / "p.csv").write_text("\\n".join(["id,p", *rows, ""]))

"""
STEADY = TRAIN + "write(values)\n"
BY_HASH = TRAIN + 'write([codes[f"n{number}"] for number in range(20)])\n'
# A last digit that depends on the hash seed, as numbers alone show.
NEARLY = TRAIN + (
    'shift = int(os.environ["PYTHONHASHSEED"]) * 1e-12\nwrite([p + shift for p in values])\n'
)


def project(tmp_path, script=STEADY, **keys):
    (tmp_path / "train.py").write_text(script)
    keys = {"command": "python train.py --out {out}", "outputs": ["p.csv"], **keys}
    lines = [f"{key} = {toml(value)}" for key, value in keys.items() if value is not None]
    (tmp_path / "mlgates.toml").write_text(
        "\n".join(["[gates.training]", 'kind = "reproducibility"', *lines, ""])
    )
    return tmp_path / "mlgates.toml"


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value)


def verdict_of(path):
    (verdict,) = run(load(path)).verdicts
    return verdict


def error_of(path):
    verdict = verdict_of(path)
    assert verdict.outcome is Outcome.ERROR
    return verdict.message


def mistakes(path):
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return str(caught.value)


def test_a_command_that_repeats_itself_passes_under_every_variation(tmp_path):
    path = project(
        tmp_path,
        command="python {project}/train.py --out {out}",
        vary=["hash_seed", "working_directory"],
    )
    verdict = verdict_of(path)
    assert verdict.passed
    assert verdict.method == "bitwise, 4 runs, fresh processes"
    assert "also with another hash seed, in another working directory" in verdict.message
    assert verdict.warnings == ()


def test_a_difference_is_told_in_the_values_of_the_file(tmp_path):
    verdict = verdict_of(project(tmp_path, BY_HASH, vary=["hash_seed"]))
    assert not verdict.passed
    assert verdict.message.splitlines()[1].startswith(
        '  - result["p.csv"]["p"]: the same 20 values in another order'
    )
    assert 'result["bytes of p.csv"]: other bytes' in verdict.message
    assert verdict.summary.endswith("broken by hash_seed")


def test_the_last_digit_of_a_number_counts_bit_for_bit(tmp_path):
    message = verdict_of(project(tmp_path, NEARLY)).message
    assert 'result["p.csv"]["p"]: 20 of 20 values differ' in message


def test_a_pickle_is_compared_by_its_bytes_and_never_opened(tmp_path):
    script = (
        STEADY + '(out / "model.joblib").write_bytes(b"cposix\\nabort\\n(tR." + os.urandom(4))\n'
    )
    message = verdict_of(project(tmp_path, script, outputs=["p.csv", "model.joblib"])).message
    assert 'result["model.joblib"]: other bytes' in message
    assert "the bytes of such a file may differ where the model in it does not" in message


def test_folders_json_and_arrays_are_outputs_too(tmp_path):
    script = STEADY + (
        "import numpy as np\n"
        '(out / "models").mkdir()\n(out / "models" / "a.txt").write_text("w")\n'
        '(out / "metrics.json").write_text(json.dumps({"auc": 0.5 + os.getpid()}))\n'
        'np.save(out / "w.npy", np.arange(3.0))\n'
    )
    path = project(tmp_path, script, outputs=["models", "metrics.json", "w.npy"])
    verdict = verdict_of(path)
    assert verdict.message.splitlines()[1].startswith('  - result["metrics.json"]["auc"]: ')
    assert "models" not in verdict.message
    assert "w.npy" not in verdict.message


def test_an_output_that_is_missing_is_named_with_what_is_there(tmp_path):
    text = error_of(project(tmp_path, outputs=["p.csv", "model.skops"]))
    assert "the command did not write 'model.skops'" in text
    assert "  got:   p.csv" in text


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("p.csv", 'write_text("id,p\\n")'),
        ("p.csv", 'write_text("")'),
        ("p.json", 'write_text("{}")'),
        ("p.json", "write_text('{\"p\": []}')"),
        ("models", "mkdir()"),
    ],
)
@pytest.mark.parametrize("level", [{}, {"level": "tolerance", "atol": 0.1}])
def test_outputs_that_hold_nothing_prove_nothing(tmp_path, name, write, level):
    script = TRAIN + f'(out / "{name}").{write}\n'
    text = error_of(project(tmp_path, script, outputs=[name], **level))
    assert "the command wrote nothing to compare, which proves nothing" in text
    assert f"  got:   {name!r}: no rows, no values, or no files" in text


def test_an_empty_output_beside_one_that_holds_something_is_compared(tmp_path):
    script = STEADY + '(out / "warnings.json").write_text("[]")\n'
    assert verdict_of(project(tmp_path, script, outputs=["p.csv", "warnings.json"])).passed


@pytest.mark.parametrize(
    ("name", "write", "got"),
    [
        ("p.parquet", 'write_bytes(b"PAR1 cut off PAR1")', ""),
        ("p.json", "write_text('{\"auc\": ')", "Expecting value: line 1 column 9"),
        ("p.npy", 'write_bytes(b"no array")', "it is no array of numpy"),
        ("p.npz", 'write_bytes(b"no archive")', "it is no array of numpy"),
        ("p.arrow", 'write_bytes(b"ARROW1 cut off")', "it is no whole Arrow file"),
    ],
)
@pytest.mark.parametrize("level", [{}, {"level": "tolerance", "atol": 0.1}])
def test_a_damaged_output_is_misuse_and_named(tmp_path, name, write, got, level):
    script = STEADY + f'(out / "{name}").{write}\n'
    text = error_of(project(tmp_path, script, outputs=["p.csv", name], **level))
    assert f"output {name!r} is damaged: it cannot be read as what its name says" in text
    assert f"  got:   {got}" in text


@pytest.mark.parametrize(
    ("name", "write", "why"),
    [
        (
            "r.csv",
            'write_text("Report\\n\\na,b\\n1,2\\n3,4,5\\n")',
            "it cannot be read as a table (",
        ),
        ("r.jsonl", 'write_text("[1]\\n")', "it cannot be read as a table ("),
        ("r.npy", "write_bytes(objects())", "it holds Python objects, which are not opened"),
    ],
)
def test_an_output_whose_bytes_stand_for_its_values_is_told(tmp_path, name, write, why):
    script = TRAIN + (
        "def objects():\n    import io, numpy as np\n    stream = io.BytesIO()\n"
        "    np.save(stream, np.array([{1: 2}], dtype=object))\n    return stream.getvalue()\n"
        f'(out / "{name}").{write}\n'
    )
    verdict = verdict_of(project(tmp_path, script, outputs=[name]))
    assert verdict.passed
    (warning,) = verdict.warnings
    assert warning.startswith(f"{name} is compared by its bytes: {why}")


def test_an_output_that_is_a_link_to_an_old_file_is_misuse(tmp_path):
    (tmp_path / "old.csv").write_text("id,p\n1,0.5\n")
    script = TRAIN + '(out / "p.csv").symlink_to(pathlib.Path("old.csv").resolve())\n'
    text = error_of(project(tmp_path, script))
    assert "output 'p.csv' is a link that leads out of {out}" in text
    assert "old.csv" in text


def test_a_link_to_what_the_run_wrote_is_followed(tmp_path):
    script = STEADY + '(out / "latest.csv").symlink_to("p.csv")\n'
    assert verdict_of(project(tmp_path, script, outputs=["latest.csv"])).passed


@pytest.mark.parametrize(
    ("script", "text", "got"),
    [
        ("raise ValueError('no rows')", "ended with exit code 1 in run 1", "ValueError: no rows"),
        ("import sys; sys.exit(3)", "ended with exit code 3 in run 1", "no output"),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL in run 1", "no output"),
    ],
)
def test_a_command_that_fails_is_an_error_with_its_last_words(tmp_path, script, text, got):
    message = error_of(project(tmp_path, script))
    assert text in message
    assert got in message


def test_a_program_that_is_not_there_is_named(tmp_path):
    message = error_of(project(tmp_path, command="no-such-program {out}"))
    assert "`no-such-program {out}` cannot be started" in message


def test_a_command_that_hangs_is_ended(tmp_path):
    message = error_of(project(tmp_path, "import time; time.sleep(60)", timeout=1))
    assert "did not end within 1 s in run 1" in message


def test_no_shell_reads_the_command(tmp_path):
    script = (
        "import pathlib, sys\npathlib.Path(sys.argv[1], 'a.txt').write_text(' '.join(sys.argv[2:]))"
    )
    path = project(
        tmp_path,
        script,
        command="python train.py {out} ; touch broken '$HOME x'",
        outputs=["a.txt"],
    )
    assert verdict_of(path).passed
    assert not (tmp_path / "broken").exists()


def test_python_is_the_one_that_runs_the_gate(tmp_path):
    script = STEADY + f"sys.exit(sys.executable != {sys.executable!r})\n"
    assert verdict_of(project(tmp_path, script)).passed
    script = STEADY + "import pytest_mlgates\n"
    assert verdict_of(project(tmp_path, script)).passed


def test_what_it_writes_beside_its_folder_is_a_warning(tmp_path):
    script = (
        STEADY
        + 'os.makedirs("cache", exist_ok=True)\npathlib.Path("cache/w.txt").write_text("w")\n'
    )
    (warning,) = verdict_of(project(tmp_path, script)).warnings
    assert warning == (
        "cache/w.txt changed while run 1 of `python train.py --out {out}` took place, outside of "
        "its own folder: a later run may read it; write into a temporary folder"
    )


def test_explain_names_the_command(tmp_path):
    configuration = load(project(tmp_path))
    plan = Evaluator(configuration).explain(list(configuration.gates.values()))
    assert plan == {"training": ["reproducibility: calls `python train.py --out {out}`"]}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"command": "python train.py"}, "does not say where its outputs go"),
        ({"command": "python 'train.py --out {out}"}, "command cannot be read"),
        ({"command": 3}, "has outputs and no command"),
        ({"command": None}, "has outputs and no command"),
        ({"outputs": None}, "names no outputs"),
        ({"outputs": []}, "names no outputs"),
        ({"outputs": "p.csv"}, "outputs is not usable"),
        ({"outputs": ["../p.csv"]}, "output '../p.csv' is not in the folder of the run"),
        ({"outputs": ["/tmp/p.csv"]}, "is not in the folder of the run"),
        ({"outputs": ["C:\\p.csv"]}, "is not in the folder of the run"),
        ({"outputs": [""]}, "output '' is not in the folder of the run"),
        ({"entry": "mod:train"}, "names both a command and 'entry'"),
        ({"vary": ["row_order"]}, "the rows of a command cannot be put into another order"),
        ({"vary": ["working_directory"]}, "{project} in it: the folder of the configuration"),
        ({"fresh_process": False}, "a command always runs in a process of its own"),
    ],
)
def test_mistakes_are_told_when_the_configuration_is_read(tmp_path, keys, text):
    assert text in mistakes(project(tmp_path, **keys))


def test_a_table_gate_runs_no_command(tmp_path):
    (tmp_path / "mlgates.toml").write_text(
        '[gates.a]\nkind = "metric"\nmetric = "accuracy"\nmin = 0.5\ncommand = "a {out}"\n'
    )
    assert "of kind 'metric' runs no command" in mistakes(tmp_path / "mlgates.toml")


def test_numbers_in_a_file_are_held_to_a_tolerance_as_numbers(tmp_path):
    verdict = verdict_of(project(tmp_path, NEARLY, level="tolerance", atol=1e-9))
    assert verdict.passed
    assert not verdict_of(project(tmp_path, NEARLY, level="tolerance", atol=1e-13)).passed
    assert "takes no seeds" in mistakes(project(tmp_path, level="statistical"))

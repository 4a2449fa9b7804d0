"""The hook ``mlgates-model-files``: what it says, what it returns, and that nothing runs."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys

import pytest

from pytest_mlgates.hooks.mlgates_model_files import main
from tests.model_files import LFS_POINTER, harmless, hostile, safetensors, touching

OWN = b"cmine.models\nNet\n)R."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [name.replace("__", ".") for name in files]


def test_all_harmless_files_pass_and_all_hostile_ones_fail_without_running(folder, capsys):
    for kind, files in (
        ("good", harmless()),
        ("bad", {name: content for name, (content, _) in hostile("canary").items()}),
    ):
        (folder / kind).mkdir()
        for name, content in files.items():
            (folder / kind / name).write_bytes(content)
    good = sorted(str(path) for path in (folder / "good").iterdir())
    bad = sorted(str(path) for path in (folder / "bad").iterdir())
    assert len(good) + len(bad) >= 60
    assert main(good) == 0
    assert f"{len(good)} files, none refused" in capsys.readouterr().out
    assert main(bad) == 1
    assert f"{len(bad)} files, {len(bad)} refused" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["bad", "good"]  # no canary


def test_a_refusal_names_the_file_the_global_and_the_byte(folder, capsys):
    names = write(folder, model__pkl=touching("canary")["os.system"], w__safetensors=safetensors())
    assert main(names) == 1
    printed = capsys.readouterr().out
    assert "model file 'model.pkl' is not safe to load\n  where: model.pkl\n" in printed
    assert (
        "got:   model.pkl, byte 0: would import os.system, which is dangerous (picklescan)"
    ) in printed
    assert "allow = [{ sha256 = " in printed
    assert "w.safetensors: safetensors, nothing speaks against loading it" in printed
    assert "2 files, 1 refused" in printed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"junk\n", "is no pickle"),
        (b"", "holds nothing"),
        (pickle.dumps([1] * 9)[:-3], "is a broken pickle"),
        (touching("canary")["os.system"][:-1], "would import os.system"),  # and then breaks off
    ],
)
def test_what_cannot_be_read_is_not_offered_to_be_allowed(folder, capsys, content, words):
    assert main(write(folder, model__joblib=content)) == 1
    printed = capsys.readouterr().out
    assert words in printed
    assert "it could not be read to its end" in printed
    assert "allow" not in printed


def test_a_file_is_allowed_by_its_digest_and_by_no_other(folder, capsys):
    content = touching("canary")["os.system"]
    digest = hashlib.sha256(content).hexdigest()
    names = write(
        folder,
        model__pkl=content,
        mlgates__toml=f'[[model-files.allow]]\nsha256 = "{digest}"\nreason = "made by us"\n',
    )
    assert main(names[:1]) == 0
    assert "not judged, allowed by its digest: made by us" in capsys.readouterr().out
    write(folder, model__pkl=content + b" ")
    assert main(names[:1]) == 1


def test_globals_of_the_project_are_allowed_by_whole_name(folder, capsys):
    write(folder, net__pkl=OWN, pyproject__toml="[tool.mlgates]\n")
    assert main(["net.pkl"]) == 1
    printed = capsys.readouterr().out
    assert "mine.models.Net, which is not known to be harmless" in printed
    assert 'allow_globals = ["mine.models.Net"] in [tool.mlgates.model-files]' in printed
    write(
        folder,
        pyproject__toml='[tool.mlgates.model-files]\nallow_globals = ["mine.models.Net"]\n',
    )
    assert main(["net.pkl"]) == 0


def test_a_file_that_is_too_large_for_git_is_refused_with_what_to_do(folder, capsys):
    write(folder, m__pkl=pickle.dumps("x" * 3000), mlgates__toml='[model-files]\nmax_size = "2 kB"')
    assert main(["m.pkl"]) == 1
    printed = capsys.readouterr().out
    assert "is too large for git, and was not judged" in printed
    assert "dvc add m.pkl, or git lfs track '*.pkl'" in printed
    subprocess.run(["git", "init", "-q"], check=True)
    write(folder, __gitattributes="*.pkl filter=lfs diff=lfs merge=lfs -text\n")
    assert main(["m.pkl"]) == 0


def test_a_pointer_is_said_to_be_one(folder, capsys):
    assert main(write(folder, m__pkl=LFS_POINTER)) == 0
    assert "a pointer of Git LFS; the file itself is not here and not judged" in (
        capsys.readouterr().out
    )


def test_a_missing_file_is_misuse_and_the_others_are_judged_all_the_same(folder, capsys):
    names = write(folder, bad__pkl=touching("canary")["eval"])
    assert main(["gone.pkl", *names, str(folder)]) == 2
    printed = capsys.readouterr().out
    assert "there is no model file 'gone.pkl' that can be read" in printed
    assert "builtins.eval" in printed
    assert "3 files, 1 refused, 2 not judged" in printed


def test_without_files_it_says_so(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == "mlgates-model-files: no files named\n"


def test_every_mistake_in_the_settings_is_told_at_once(folder, capsys):
    names = write(
        folder,
        m__pkl=pickle.dumps(1),
        mlgates__toml="[model-files]\nmax_size = 'big'\nallow_globals = ['mine.*']\nalow = []\n"
        "allow = [{ sha256 = '12', reason = 'x' }]\n",
    )
    assert main(names[:1]) == 2
    printed = capsys.readouterr().out
    for words in ("max_size is not usable", "whole names, no patterns", "unknown key 'alow'"):
        assert words in printed
    assert "64 hexadecimal digits" in printed


def test_the_same_mistakes_are_told_by_every_command(folder, capsys):
    from pytest_mlgates.cli import main as mlgates

    write(folder, mlgates__toml="[model-files]\nmax_size = 'big'\n")
    assert mlgates(["check"]) == 2
    assert "mlgates.toml [model-files] max_size" in capsys.readouterr().err


def test_nothing_heavy_is_imported(folder):
    write(folder, w__safetensors=safetensors(), m__pkl=pickle.dumps(1))
    code = (
        "import sys; from pytest_mlgates.hooks.mlgates_model_files import main\n"
        "heavy = {'numpy', 'duckdb', 'msgspec', 'pandas', 'narwhals'}\n"
        "main([]); print(sorted(heavy & set(sys.modules)))\n"
        "main(['w.safetensors', 'm.pkl']); print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("[")] == ["[]", "[]"]

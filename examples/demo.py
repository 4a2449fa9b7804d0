"""What the gates do on real data: a sound model passes, four broken changes are blocked.

Everything happens in a scratch folder that is deleted at the end: a copy of ``examples/income``
with a git repository, a model registry, pre-commit and caches of its own. Exits 1 unless every
sound run passes and every broken one is blocked by exactly the gate that it breaks. Standard
library only; what runs are the commands that people type.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from shell import (
    REPOSITORY,
    Run,
    Shell,
    Stopped,
    copy_of_example,
    heading,
    stop_on_signals,
)

PACKAGE = ("pytest_mlgates", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
PLACES = ("pytest", "git commit", "CI")
TEST = "tests/test_income.py"


@dataclass(frozen=True)
class Change:
    """A change to the example.

    Attributes:
        title: What people call it.
        story: Why somebody would make it.
        shown: The place whose whole output is shown.
        gates: The gate that it breaks, by its id in each of ``PLACES``; none for a sound one.
        patch: The file in ``broken/`` that makes it.
    """

    title: str
    story: str
    shown: str
    gates: tuple[str, ...] = ()
    patch: str = ""

    @property
    def name(self) -> str:
        return Path(self.patch).stem or "sound"


SOUND = Change("sound model", "the example as it is", shown="CI")
BROKEN = (
    Change(
        "broken schema",
        "a new batch of data: negative hours, an unknown category, missing values",
        shown="git commit",
        gates=(f"{TEST}::test_applications::data_schema", *["applications-schema"] * 2),
        patch="schema.py",
    ),
    Change(
        "unfair model",
        "sex and what stands in for it as features, unbalanced: more accurate, unfair",
        shown="pytest",
        gates=(
            f"{TEST}::test_model::fairness:demographic_parity_difference:sex",
            *["sex-parity"] * 2,
        ),
        patch="unfair.patch",
    ),
    Change(
        "regression",
        "a feature less: over every absolute bound, worse than the champion",
        shown="CI",
        gates=(f"{TEST}::test_model::metric:accuracy:no_worse_than", *["no-regression"] * 2),
        patch="regression.patch",
    ),
    Change(
        "unreproducible training",
        "one line: rows are drawn without the seed",
        shown="pytest",
        gates=(f"{TEST}::test_training::reproducibility", *["reproducible-training"] * 2),
        patch="unreproducible.patch",
    ),
)


class Demo:
    """The project under gates, and what is done to it."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.shell = Shell(scratch)
        self.project = scratch / "income"

    def set_up(self) -> None:
        """The project as a git repository with its hooks, and a champion in its registry."""
        copy_of_example(self.project)
        clone, revision = self._clone()
        configuration = self.project / ".pre-commit-config.yaml"
        text = configuration.read_text(encoding="utf-8")
        text = re.sub(r"repo: https:.*", f"repo: {clone.as_posix()}", text)
        configuration.write_text(re.sub(r"rev: .*", f"rev: {revision}", text), encoding="utf-8")
        self.shell.must("git init --quiet --initial-branch main", self.project)
        self.shell.must("git config user.name Demo", self.project)
        self.shell.must("git config user.email demo@example.invalid", self.project)
        self.shell.must("git add --all", self.project)
        with ThreadPoolExecutor(2) as pool:
            hooks = pool.submit(self.shell.must, "pre-commit install --install-hooks", self.project)
            champion = pool.submit(
                self.shell.must, "python train.py --seed 1 --alias champion", self.project
            )
            hooks.result()
            print(f"registered {champion.result().splitlines()[-1]}")

    def _clone(self) -> tuple[Path, str]:
        """A clone of this repository and its commit; made of the files where there is no git."""
        clone = self.scratch / "pytest-mlgates"
        if not self.shell.run(f'git clone --quiet "{REPOSITORY}" "{clone}"', self.scratch, Run("")):
            clone.mkdir(exist_ok=True)
            for name in PACKAGE:
                copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
                copy(REPOSITORY / name, clone / name)
            identity = "-c user.name=Demo -c user.email=demo@example.invalid"
            self.shell.must("git init --quiet && git add --all", clone)
            self.shell.must(f"git {identity} commit --quiet --message files", clone)
        return clone, self.shell.must("git rev-parse HEAD", clone)

    def first_commit(self) -> Run:
        """The sound version through every hook."""
        return self._commit(SOUND, self.project)

    def try_out(self, change: Change) -> list[Run]:
        """*change* in a copy of the project: as a test, as a commit, in CI."""
        folder = self.scratch / change.name
        shutil.copytree(self.project, folder)
        if change.patch.endswith(".patch"):
            self.shell.must(f"git apply broken/{change.patch}", folder)
        elif change.patch:
            self.shell.must(f"python broken/{change.patch}", folder)
        test = Run("pytest")
        self.shell.run("pytest", folder, test)
        if change is SOUND:
            return [test, self._ci(change, folder)]
        return [test, self._commit(change, folder), self._ci(change, folder)]

    def _commit(self, change: Change, folder: Path) -> Run:
        run = Run("git commit")
        self.shell.must("git add --all", folder)
        before = self._head(folder)
        self.shell.run(f'git commit --message "{change.title}"', folder, run)
        if (self._head(folder) == before) == (run.code == 0):
            run.complaints.append("git's history does not fit the exit code")
        return run

    def _head(self, folder: Path) -> str:
        run = Run("")
        self.shell.run("git rev-parse --verify --quiet HEAD", folder, run)
        return run.output

    def _ci(self, change: Change, folder: Path) -> Run:
        """The commands of the example's CI file in a fresh checkout, up to the first that fails."""
        run = Run("CI")
        if change is not SOUND:  # what hooks refuse reaches CI where somebody skips them
            skipped = f'git commit --quiet --no-verify --allow-empty --message "{change.title}"'
            self.shell.must(skipped, folder)
        checkout = self.scratch / f"ci-{change.name}"
        self.shell.must(f'git clone --quiet "{folder}" "{checkout}"', self.scratch)
        summary = checkout / "step-summary.md"
        environment = {
            "CI": "true",
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        for command in ci_commands(checkout):
            if not self.shell.run(command, checkout, run, **environment):
                break
        if summary.exists():
            run.output += f"\nThe job's summary:\n{summary.read_text(encoding='utf-8')}"
        return run


def ci_commands(folder: Path) -> list[str]:
    """What the CI file runs, without the installation."""
    text = (folder / "ci.yml").read_text(encoding="utf-8")
    found = re.findall(r"^\s*- run: (.+)$", text, re.MULTILINE)
    return [command for command in found if not command.startswith("pip install")]


def judge(change: Change, runs: list[Run]) -> None:
    """Note what is not as it must be: a sound change blocked, a broken one let through."""
    for run in runs:
        if not change.gates:
            if run.code != 0:
                run.complaints.append(f"exit code {run.code}, want 0")
            continue
        if run.code != 1:
            run.complaints.append(f"exit code {run.code}, want 1")
        want = {change.gates[PLACES.index(run.place)]}
        if run.failed_gates != want:
            found = ", ".join(sorted(run.failed_gates)) or "none"
            run.complaints.append(f"blocked by {found}, want {', '.join(want)}")


def show(change: Change, runs: list[Run]) -> None:
    """The whole output of one place, the deciding rows of the others."""
    for run in runs:
        heading(f"{change.title}: {run.place}")
        if run.place == change.shown or run.complaints:
            print(run.output.rstrip())
        elif change.gates:
            print(*run.rows, sep="\n")
        else:
            print(run.output.rstrip().splitlines()[-1])
        word = "passed" if run.code == 0 else "BLOCKED"
        print(f"-> {word}: exit code {run.code}, {run.seconds:.0f} s")
        for complaint in run.complaints:
            print(f"-> NOT AS IT MUST BE: {complaint}")


def table(results: list[tuple[Change, list[Run]]]) -> bool:
    """What was blocked, where and by which gate; whether all is as it must be."""
    heading("what was blocked, where, by which gate")
    good = True
    for change, runs in results:
        print(f"{change.title}: {change.story}")
        for run in sorted(runs, key=lambda run: PLACES.index(run.place)):
            word = "passed " if run.code == 0 else "BLOCKED"
            gates = ", ".join(sorted(run.failed_gates))
            print(f"  {word}  {run.place:<11} {gates}", *(f"  !! {c}" for c in run.complaints))
            good = good and not run.complaints
    return good


def main() -> int:
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mlgates-demo-", ignore_cleanup_errors=True) as folder:
        demo = Demo(Path(folder).resolve())
        stop_on_signals(demo.shell)
        try:
            return _run(demo, start)
        except Stopped:
            print("\nstopped; the scratch folder is deleted", file=sys.stderr)
            return 130
        finally:
            demo.shell.stop()


def _run(demo: Demo, start: float) -> int:
    heading("setting up a project under gates")
    print("a copy of examples/income: a git repository, its hooks (pre-commit installs them from a")
    print(
        "clone of this repository) and a registry with a champion; about half a minute", flush=True
    )
    demo.set_up()
    first = demo.first_commit()
    judge(SOUND, [first])
    heading("sound model: git commit")
    print(first.output.rstrip(), flush=True)
    if first.complaints:
        print(*first.complaints, sep="\n")
        return 1
    workers = min(len(BROKEN) + 1, os.cpu_count() or 1)
    print(f"\nnow as a test and in CI, and four broken changes in all places, {workers} at a time;")
    print("one to three minutes", flush=True)
    results = [(SOUND, [first])]
    with ThreadPoolExecutor(workers) as pool:
        futures = [(change, pool.submit(demo.try_out, change)) for change in (SOUND, *BROKEN)]
        try:
            for change, future in futures:
                runs = future.result()
                judge(change, runs)
                show(change, runs)
                if change is SOUND:
                    results[0][1].extend(runs)
                else:
                    results.append((change, runs))
        except BaseException:
            demo.shell.stop()
            pool.shutdown(cancel_futures=True)
            raise
    good = table(results)
    seconds = time.monotonic() - start
    print(f"\n{'all as it must be' if good else 'NOT AS IT MUST BE'} ({seconds:.0f} s)")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

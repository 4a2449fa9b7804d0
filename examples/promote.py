"""A model's way into production, and five that are refused: by the commands of the README.

In a scratch copy of ``examples/income`` with a registry of its own: train, gate, sign, verify,
promote, as the section "Promotion" of README.md says, word for word. On the way somebody edits the
evidence, swaps the model's file, and offers an unfair model, a worse one, and another version than
the judged one. Exits 1 unless each of these is refused for its reason, with the alias unmoved in
MLflow, and the sound model is promoted.

    python examples/promote.py [--reports FOLDER]
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shell import REPOSITORY, Run, Shell, Stopped, copy_of_example, heading, status, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Sequence

PROMOTE = "mlgates promote models:/income/{} --alias champion --evidence {} --key key.pub.pem"
KINDS = {"html": "html", "markdown": "md", "sarif": "sarif", "gitlab": "gitlab.json"}


@dataclass
class Step:
    """A command and the lines that it has to print, as the README shows them."""

    command: str
    lines: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """What it exits with: 1 where what is shown is a gate that failed, or a refusal."""
        refused = (" FAIL ", "was not promoted")
        return int(any(word in line for word in refused for line in self.lines))


def steps_of(readme: str) -> list[Step]:
    """The commands of the section "Promotion", each with the output shown below it."""
    section = readme.partition("\n## Promotion\n")[2].partition("\n## ")[0]
    block = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    steps: list[Step] = []
    for line in block.group(1).splitlines() if block else ():
        if line.startswith("$ "):
            steps.append(Step(line.removeprefix("$ ").partition("  #")[0].strip()))
        elif line.strip():
            steps[-1].lines.append(line)
    return steps


class Journey:
    """The project, its registry, and what was found not to be as it must."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.shell = Shell(scratch)
        self.shell.environment["PYTHONPATH"] = str(REPOSITORY)  # the code of this very checkout
        self.project = scratch / "project" / "income"
        self.champion: str | None = None  # the version that must have the alias by now
        self.table: list[tuple[str, str, list[str]]] = []

    def set_up(self) -> None:
        """The example as a git repository, so that evidence names a commit."""
        self.project.parent.mkdir()
        copy_of_example(self.project)
        for command in (
            "git init --quiet --initial-branch main",
            "git config user.name Journey",
            "git config user.email journey@example.invalid",
            "git add --all",
            'git commit --quiet --message "income"',
        ):
            self.shell.must(command, self.project)

    def client(self) -> Any:
        """MLflow's own: nothing of this project says where the alias is."""
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        from mlflow import MlflowClient

        return MlflowClient(f"sqlite:///{self.project / 'mlflow.db'}")

    def run(self, step: Step, title: str = "") -> None:
        """Run *step*, show it, hold it to what it must print and do to the alias."""
        run = Run("")
        versions = self.holder(), self.tags()
        self.shell.run(step.command, self.project, run)
        status("")
        command, *lines = run.output.rstrip().splitlines()
        if step.command.startswith("python "):  # MLflow has much to tell
            lines = lines[-1:]
        print(command, *lines, sep="\n", flush=True)
        complaints = self.complaints(step, run, lines)
        if title and versions != (self.holder(), self.tags()):
            complaints.append(f"a refusal changed the registry: {versions[0]} is {self.holder()}")
        if title:
            reasons = [line.strip(" -") for line in lines if line.startswith("  - ")]
            self.table.append((title, "; ".join(reasons), complaints))
        elif complaints:
            self.table.append((step.command, "", complaints))
        for complaint in complaints:
            print(f"-> NOT AS IT MUST BE: {complaint}")
        if title and not complaints:
            print(f"-> REFUSED: MLflow says that champion is still v{self.holder()}", flush=True)

    def complaints(self, step: Step, run: Run, lines: Sequence[str]) -> list[str]:
        """What is not as it must be after *step*."""
        found = [] if run.code == step.code else [f"exit code {run.code}, want {step.code}"]
        printed = [" ".join(line.split()) for line in lines]  # columns are as wide as their rows
        wanted = [" ".join(line.split()) for line in step.lines]
        missing = [want for want in wanted if not any(want in one for one in printed)]
        found += [f"it does not print {want!r}" for want in missing]
        if "--alias champion" in step.command and step.code == 0:
            given = re.search(r"models:/income/(\d+)", step.command)
            self.champion = given[1] if given else "1"
        if self.holder() != self.champion:
            found.append(f"champion is v{self.holder()}, want v{self.champion}")
        return found

    def holder(self) -> str | None:
        """The version that has the alias champion, None before there is a registry."""
        if not (self.project / "mlflow.db").exists():
            return None
        version = self.client().get_registered_model("income").aliases.get("champion")
        return None if version is None else str(version)

    def tags(self) -> dict[str, dict[str, str]]:
        """What stands on every version."""
        if self.holder() is None:
            return {}
        found = self.client().search_model_versions("name='income'")
        return {str(one.version): dict(one.tags) for one in found}

    def model(self, version: str) -> Path:
        """The file of a version."""
        uri = self.client().get_model_version_download_uri("income", version)
        (file,) = Path(uri.removeprefix("file://")).glob("model.[ps]k*")  # pickle, or skops
        return file


def tamper(journey: Journey) -> None:
    """Between judgement and promotion: the evidence is edited, then the model's file is swapped."""
    heading("somebody edits a number in the evidence")
    edited = journey.project / "edited.json"
    before, after = edit(journey.project / "evidence.json", edited)
    print(f"edited.json: evidence.json with demographic parity {after} instead of {before:.4f}")
    words = ["the signature does not verify", "'champion' was v1 and this run left it so"]
    journey.run(Step(PROMOTE.format(2, "edited.json"), ["was not promoted", *words]), "edited")

    heading("somebody swaps the file of the judged version")
    other, judged = journey.model("1"), journey.model("2")
    kept = shutil.copy(judged, journey.scratch / "kept")
    files = " ".join(os.path.relpath(file, journey.project) for file in (other, judged))
    journey.run(Step(f"cp {files}"))
    words = ["it is about another model than 'models:/income/2'", "'champion' was v1"]
    journey.run(
        Step(PROMOTE.format(2, "evidence.json"), ["was not promoted", *words]), "swapped file"
    )
    shutil.copy(kept, judged)
    print("\nthe file is put back: what follows is the version that was judged")


def edit(source: Path, target: Path) -> tuple[float, float]:
    """Put a better number into the payload of signed evidence; the old and the new one."""
    envelope = json.loads(source.read_text(encoding="utf-8"))
    statement = json.loads(base64.b64decode(envelope["payload"]))
    (record,) = (v for k, v in statement["predicate"].items() if k.startswith("https:"))
    (verdict,) = (one for one in record["verdicts"] if one["id"] == "sex-parity")
    before, after = verdict["estimate"], 0.0123
    verdict["estimate"] = after
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    target.write_text(json.dumps(envelope), encoding="utf-8")
    return before, after


def worse(journey: Journey) -> None:
    """A feature less: over every absolute bound, worse than the champion."""
    heading("a worse model: a feature less, over every absolute bound")
    for command in (
        "git checkout --quiet train.py",
        "git apply broken/regression.patch",
        "python train.py --alias challenger",
    ):
        journey.run(Step(command))
    check = "mlgates check --evidence worse.json --sign-key ../key.pem"
    journey.run(Step(check, [" FAIL  no-regression"]))
    words = ["was not promoted", "gate 'no-regression' failed", "'champion' was v2"]
    journey.run(Step(PROMOTE.format(4, "worse.json"), words), "worse model")


def swapped(journey: Journey) -> None:
    """Good evidence, about another version."""
    heading("another version than the judged one, on the evidence of the sound one")
    words = ["was not promoted", "it is about another model than 'models:/income/3'"]
    words.append("'champion' was v2 and this run left it so")
    journey.run(Step(PROMOTE.format(3, "evidence.json"), words), "swapped version")


def report(journey: Journey, folder: Path) -> None:
    """The reports of the sound model's run and of the unfair one's, as they are."""
    heading(f"reports: {folder.name}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, evidence in (("income", "evidence.json"), ("unfair", "unfair.json")):
        files = " ".join(f"--{kind} {name}.{ending}" for kind, ending in KINDS.items())
        journey.run(Step(f"mlgates report {evidence} {files}"))
        for ending in KINDS.values():
            text = (journey.project / f"{name}.{ending}").read_text(encoding="utf-8")
            own = [p for p in (journey.scratch, REPOSITORY, Path.home()) if f"{p}/" in text]
            if own:
                complaint = f"{name}.{ending} names a folder of this machine"
                journey.table.append(("reports", "", [complaint]))
            (folder / f"{name}.{ending}").write_text(text, encoding="utf-8")


def play(journey: Journey) -> None:
    """The README's commands, and between them what must not come through."""
    steps = steps_of((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    heading("train, gate, sign, verify, promote: the commands of README.md")
    for step in steps:
        is_promotion = step.command.startswith("mlgates promote")
        if is_promotion and step.code == 0:
            tamper(journey)
            heading("the sound model is promoted")
        if step.command.startswith("git apply"):
            heading("an unfair model: more accurate than the champion")
        journey.run(step, "unfair model" if is_promotion and step.code else "")
    worse(journey)
    swapped(journey)


def end(journey: Journey, seconds: float) -> int:
    """What was refused and why; 0 if everything was as it must be."""
    heading("what was refused, and why")
    for title, reasons, complaints in journey.table:
        print(f"  {title:<16} {reasons}", *(f"  !! {one}" for one in complaints), sep="\n")
    tries = {title for title, reasons, _ in journey.table if reasons}
    want = {"edited", "swapped file", "unfair model", "worse model", "swapped version"}
    good = tries == want and journey.champion == "2" and not any(c for *_, c in journey.table)
    print(f"\n{'all as it must be' if good else 'NOT AS IT MUST BE'} ({seconds:.0f} s)")
    return 0 if good else 1


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", type=Path, metavar="FOLDER", help="keep the reports there")
    arguments = parser.parse_args(argv)
    if missing := [name for name in ("git", "openssl") if shutil.which(name) is None]:
        print(f"the commands of the README need {' and '.join(missing)}", file=sys.stderr)
        return 2
    start = time.monotonic()
    with tempfile.TemporaryDirectory(
        prefix="mlgates-promote-", ignore_cleanup_errors=True
    ) as scratch:
        journey = Journey(Path(scratch).resolve())
        stop_on_signals(journey.shell)
        try:
            journey.set_up()
            play(journey)
            if arguments.reports:
                report(journey, arguments.reports.resolve())
        except Stopped:
            print("\nstopped; the scratch folder is deleted", file=sys.stderr)
            return 130
        finally:
            journey.shell.stop()
        return end(journey, time.monotonic() - start)


if __name__ == "__main__":
    raise SystemExit(main())

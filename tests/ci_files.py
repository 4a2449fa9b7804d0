"""The files of ``examples/ci`` and ``action.yml``, taken apart and run as their providers do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROVIDERS = ("github", "gitlab", "azure-pipelines", "jenkins")
FILES = {
    "github": ROOT / "examples/ci/github.yml",
    "gitlab": ROOT / "examples/ci/gitlab.yml",
    "azure-pipelines": ROOT / "examples/ci/azure-pipelines.yml",
    "jenkins": ROOT / "examples/ci/Jenkinsfile",
}
KEY = "MLGATES_SIGN_KEY"
# What tells of a pull request that goes to `main`.
PULL_REQUEST = {
    "github": {"GITHUB_BASE_REF": "main"},
    "gitlab": {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
    "azure-pipelines": {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
    "jenkins": {"CHANGE_TARGET": "main"},
    "action": {"GITHUB_BASE_REF": "main"},
}
# What holds the commit.
COMMIT = {
    "github": "GITHUB_SHA",
    "gitlab": "CI_COMMIT_SHA",
    "azure-pipelines": "BUILD_SOURCEVERSION",
    "jenkins": "GIT_COMMIT",
}


@dataclass(frozen=True)
class Step:
    """A piece of shell.

    Attributes:
        name: What it is called, the shell itself where it has no name.
        shell: The text.
        condition: When it runs; empty: while nothing failed.
        env: Variables of its own.
    """

    name: str
    shell: str
    condition: str = ""
    env: dict[str, str] = field(default_factory=dict)

    def runs(self, folder: Path, *, failed: bool) -> bool:
        """Whether the provider would run it now."""
        if failed and "always()" not in self.condition and "OrFailed()" not in self.condition:
            return False
        wanted = re.findall(r"hashFiles\('([^']+)'\) != ''", self.condition)
        return all((folder / name).is_file() for name in wanted)


def load(provider: str):
    """A YAML file as its provider reads it (`on` is a word there)."""
    loaded = yaml.safe_load(FILES[provider].read_text(encoding="utf-8"))
    if True in loaded:
        loaded["on"] = loaded.pop(True)
    return loaded


def gates(provider: str) -> list[Step]:
    """The steps of the job that pull requests run."""
    return _jobs(provider)[0]


def promotion(provider: str) -> list[Step]:
    """The steps of the job that holds the key."""
    return _jobs(provider)[1]


def action() -> list[Step]:
    """The steps of the composite action, with the defaults of its inputs."""
    loaded = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    given = {name: one["default"] for name, one in loaded["inputs"].items()}

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: given[m[1]], text)

    return [
        Step(
            one["name"],
            one["run"],
            one.get("if", ""),
            {name: filled(text) for name, text in one.get("env", {}).items()},
        )
        for one in loaded["runs"]["steps"]
    ]


def _jobs(provider: str) -> tuple[list[Step], list[Step]]:
    if provider == "jenkins":
        return _stages(FILES[provider].read_text(encoding="utf-8"))
    loaded = load(provider)
    if provider == "gitlab":
        job = loaded["gates"]
        after = [Step("after_script", _lines(job["after_script"]), "always()")]
        return (
            [*(Step(line, line) for line in job["script"]), *after],
            [Step(line, line) for line in loaded["promote"]["script"]],
        )
    if provider == "github":
        jobs = [job["steps"] for job in (loaded["jobs"]["gates"], loaded["jobs"]["promote"])]
        key, when = "run", "if"
    else:
        jobs = [stage["jobs"][0]["steps"] for stage in loaded["stages"]]
        key, when = "script", "condition"
    first, second = (
        [
            Step(
                one.get("name") or one.get("displayName") or one[key],
                one[key],
                one.get(when, ""),
                one.get("env", {}),
            )
            for one in steps
            if key in one
        ]
        for steps in jobs
    )
    return first, second


def _lines(script: list[str]) -> str:
    return "\n".join(script)


def _stages(text: str) -> tuple[list[Step], list[Step]]:
    """Of a declarative Jenkinsfile: what stands in ``sh``, and which of it under ``post``."""
    head, first, second = re.split(r"stage\('(?:Gates|Promote)'\)", text)
    assert "sh '''" not in head
    post = first.index("post {")

    def steps(part: str, condition: str = "") -> list[Step]:
        found = []
        shell = r"(withCredentials\(\[[^\n]*\]\) \{\s*)?sh '''(.*?)'''"
        for one in re.finditer(shell, part, re.DOTALL):
            env = {KEY: "credentials"} if KEY in (one[1] or "") else {}
            found.append(Step(one[2].strip().splitlines()[-1].strip(), one[2], condition, env))
        return found

    return [*steps(first[:post]), *steps(first[post:], "always()")], steps(second)


def run(
    steps: list[Step], folder: Path, env: dict[str, str], *, key: str | None = None
) -> dict[str, subprocess.CompletedProcess]:
    """What each step of a job said that its provider would have run.

    ``pip`` and the making of an environment do nothing: what they would install is on the path.

    Args:
        steps: Of the job.
        folder: Where the repository is checked out.
        env: What the provider sets.
        key: What the steps see as the key that have it.
    """
    stubs = folder / ".git/stubs"
    _write_stubs(stubs)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": os.pathsep.join([str(stubs), sysconfig.get_path("scripts"), os.environ["PATH"]]),
        "CI": "true",
        **env,
    }
    done: dict[str, subprocess.CompletedProcess] = {}
    failed = False
    for step in steps:
        if not step.runs(folder, failed=failed):
            continue
        own = {name: value for name, value in step.env.items() if name != KEY}
        if key is not None and KEY in step.env:
            own[KEY] = key
        done[step.name] = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step.shell],
            cwd=folder,
            env={**environment, **own},
            capture_output=True,
            text=True,
            check=False,
        )
        failed = failed or done[step.name].returncode != 0
        sys.stdout.write(f"--- {step.name}: {done[step.name].returncode}\n")  # shown by a failure
        sys.stdout.write(done[step.name].stdout + done[step.name].stderr)
    return done


def _write_stubs(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    texts = {
        "pip": "#!/bin/sh\n",
        "python3": '#!/bin/sh\nif [ "$1 $2" = "-m venv" ]; then\n'
        'mkdir -p "$3/bin"; : > "$3/bin/activate"; exit\nfi\n'
        f'exec "{sys.executable}" "$@"\n',
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def git(folder: Path, *arguments: str) -> str:
    """What git says, run in *folder* as somebody."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()

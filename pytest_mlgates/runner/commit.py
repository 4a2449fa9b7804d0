"""Which commit a run is of, and which CI job."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.git import told

if TYPE_CHECKING:
    from pathlib import Path

_SHA = "# branch.oid "


def commit_of(folder: Path) -> dict[str, Any]:
    """``{"sha": …, "dirty": …}`` of the repository around *folder*; empty where there is none.

    Dirty is a tree in which a tracked file differs from the commit, as `git describe --dirty`
    has it: data, models and evidence are seldom tracked.
    """
    status = told(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    lines = (status or "").splitlines()
    sha = next((line.removeprefix(_SHA) for line in lines if line.startswith(_SHA)), "")
    if not sha or sha == "(initial)":
        return {}
    return {"sha": sha, "dirty": any(not line.startswith("#") for line in lines)}


def url_of_job() -> str:
    """The CI job that this is, by the variables of GitHub, GitLab or Jenkins; else empty."""
    get = os.environ.get
    if get("GITHUB_ACTIONS") and get("GITHUB_REPOSITORY") and get("GITHUB_RUN_ID"):
        server = get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{get('GITHUB_REPOSITORY')}/actions/runs/{get('GITHUB_RUN_ID')}"
    return get("CI_JOB_URL") or get("BUILD_URL") or ""

"""Which commit a run is of, and which CI job."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.git import told

if TYPE_CHECKING:
    from collections.abc import Mapping
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


def throughout(began: Mapping[str, Any], ended: Mapping[str, Any]) -> dict[str, Any]:
    """The commit that a run was of, from its beginning to its end (:func:`commit_of` of both).

    Code is imported at the beginning: what was committed or restored while it ran was not judged.
    """
    if began == ended:
        return dict(ended)
    return {**(began or ended), "dirty": True}


def folder_of(base: Path) -> str:
    """Where *base* is in its repository: ``.`` at the root, and outside of any."""
    return base.resolve().relative_to(root_of(base) or base.resolve()).as_posix()


def root_of(folder: Path) -> Path | None:
    """The root of the repository around *folder*; None outside of one."""
    folder = folder.resolve()
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def url_of_job() -> str:
    """The CI job that this is, by the variables of GitHub, GitLab or Jenkins; else empty."""
    get = os.environ.get
    if get("GITHUB_ACTIONS") and get("GITHUB_REPOSITORY") and get("GITHUB_RUN_ID"):
        server = get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{get('GITHUB_REPOSITORY')}/actions/runs/{get('GITHUB_RUN_ID')}"
    return get("CI_JOB_URL") or get("BUILD_URL") or ""

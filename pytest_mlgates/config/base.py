"""The tree that a change is compared with: HEAD, or where a branch left its target.

Git is asked in a process of its own, with nothing of ours on its command line but names of commits
and paths. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pytest_mlgates.core.ci import is_ci
from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# What pre-commit tells its hooks on pre-push; what providers of CI tell of a pull request.
_PUSHED = "PRE_COMMIT_FROM_REF"
_TARGETS = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",  # Azure Pipelines: refs/heads/main, or main
    "CHANGE_TARGET",  # Jenkins, multibranch
)
_NOWHERE = "0" * 40
# Modes of git, and how many links a name may lead through.
_LINK, _SUBMODULE = "120000", "160000"
_MOST_LINKS = 8
# Names on one command line.
_AT_ONCE = 500
_TRACKED = ("ls-files", "-z")


@dataclass(frozen=True)
class Tree:
    """The files of a commit.

    Attributes:
        root: The working tree of the repository.
        commit: Its hash; None for a repository without any commit: it has no files.
        name: What messages call it.
    """

    root: Path
    commit: str | None
    name: str

    @cached_property
    def asked(self) -> _Asked:
        """What git tells of the tree, asked at once: each is a process, and a hook has 60 ms."""
        if self.commit is None:
            return _Asked(files=None, changed=None, tracked=_start(self.root, *_TRACKED))
        differing = ("diff", "--name-only", "-z", "--no-renames", self.commit, "--")
        return _Asked(
            files=_start(self.root, "ls-tree", "-r", "-z", self.commit),
            changed=_start(self.root, *differing),
            tracked=_start(self.root, *_TRACKED),
        )

    @cached_property
    def _texts(self) -> dict[str, str]:
        """What was read, by path."""
        return {}

    @cached_property
    def _modes(self) -> dict[str, str]:
        """The mode of every file, by path relative to the root; submodules are none of ours."""
        if self.asked.files is None:
            return {}
        split = (entry.partition("\t") for entry in _names(self.asked.files))
        return {name: how[:6] for how, _, name in split if how[:6] != _SUBMODULE}

    @cached_property
    def files(self) -> frozenset[str]:
        """The paths of all files, relative to the root."""
        return frozenset(self._modes)

    def read(self, path: str) -> str | None:
        """The text of a file, or of what it links to; None where there is none."""
        path = self._target(path)
        if path not in self._modes:
            return None
        if path not in self._texts:
            self._texts[path] = self._shown(path)
        return self._texts[path]

    def fetch(self, paths: Iterable[str]) -> None:
        """Read all of *paths* that are there by one process of git; :meth:`read` has them then."""
        wanted = sorted({self._target(path) for path in paths} & self.files - self._texts.keys())
        # A path ends at the end of its line.
        wanted = [path for path in wanted if "\n" not in path]
        if len(wanted) < 2:
            return
        given = "".join(f"{self.commit}:{path}\n" for path in wanted)
        told = _told(_start(self.root, "cat-file", "--batch", given=given))
        start = 0
        for path in wanted:
            head, _, _ = told[start:].partition(b"\n")
            size = int(head.rpartition(b" ")[2])
            start += len(head) + 1
            self._texts[path] = told[start : start + size].decode("utf-8", "surrogateescape")
            start += size + 1

    def _shown(self, path: str) -> str:
        return _git(self.root, "show", f"{self.commit}:{path}")

    def _target(self, path: str) -> str:
        """What *path* stands for, if it is a link: git keeps the name that it points to."""
        for _ in range(_MOST_LINKS):
            if self._modes.get(path) != _LINK:
                break
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), self._shown(path)))
        return path

    @cached_property
    def tracked(self) -> frozenset[str]:
        """The paths that will be committed: what lies beside them will not."""
        return frozenset(_names(self.asked.tracked))

    def there(self, path: str) -> bool:
        """Whether the change has the file *path*: it is in the working tree, and git knows it."""
        return path in self.tracked and (self.root / path).is_file()

    def now(self, path: str) -> str | None:
        """The text of a file as the change has it, None where it has none."""
        if not self.there(path):
            return None
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    @cached_property
    def changed(self) -> frozenset[str]:
        """The paths that differ from the index, or from what is not yet added to it."""
        if self.asked.changed is None:
            return self.tracked
        found = set(_names(self.asked.changed))
        links = (name for name, mode in self._modes.items() if mode == _LINK)
        return frozenset(found | {name for name in links if self._target(name) in found})

    def mentioning(self, *words: str, whole: bool = False) -> list[str]:
        """The Python files with one of *words* in them, *whole* or as a part of others."""
        if self.commit is None:
            return []
        # Not on the command line: a change of many files would be too long for it.
        how = "-lzwF" if whole else "-lzF"
        command = ("grep", how, "-f", "-", self.commit, "--", "*.py")
        told = _git(self.root, *command, allowed=(0, 1), given="\n".join(words))
        return sorted(name.partition(":")[2] for name in told.split("\0") if name)


def repository(start: Path) -> tuple[Path, str | None]:
    """The root of the working tree around *start*, and the hash of HEAD (None without a commit).

    Raises:
        MLGatesError: outside of one.
    """
    with contextlib.suppress(MLGatesError):  # both at once: a hook has 60 ms, and each git takes 3
        told = _git(start, "rev-parse", "--show-toplevel", "HEAD^{commit}").strip()
        root, _, head = told.rpartition("\n")
        return start.joinpath(root), head
    try:
        return start.joinpath(_git(start, "rev-parse", "--show-toplevel").strip()), None
    except MLGatesError:
        raise MLGatesError(
            "there is no git repository to compare with",
            where=str(start),
            want="a working tree of git: a weakened gate is seen against its last commit",
        ) from None


def base_tree(root: Path, given: str | None, head: str | None) -> Tree:
    """What the working tree at *root* is compared with.

    Args:
        root: Of the working tree.
        given: ``--base REF``: the merge base with it. Default: what pre-commit or CI tell, else
            HEAD.
        head: The hash of HEAD, None for a repository without any commit.

    Raises:
        MLGatesError: if the commit is not there, as in a shallow clone.
    """
    pushed = os.environ.get(_PUSHED)
    target = next((os.environ[name] for name in _TARGETS if os.environ.get(name)), None)
    if given is not None:
        return _merge_base(root, given, given)
    if pushed and pushed != _NOWHERE:
        return _merge_base(root, pushed, pushed)
    if target is not None:
        target = target.removeprefix("refs/heads/")
        return _merge_base(root, f"origin/{target}", target)
    if head is None:
        return Tree(root, None, "no commit")
    if is_ci():
        before = _resolved(root, "HEAD^")
        if before is None and _is_shallow(root):
            raise _not_there("HEAD^")
        return Tree(root, before, "no commit" if before is None else "HEAD^")
    return Tree(root, head, "HEAD")


def _merge_base(root: Path, reference: str, name: str) -> Tree:
    if reference.startswith("-") or _resolved(root, reference) is None:
        raise _not_there(name)
    try:
        commit = _git(root, "merge-base", reference, "HEAD").strip()
    except MLGatesError:
        raise _not_there(name) from None
    return Tree(root, commit, name)


def _is_shallow(root: Path) -> bool:
    return _git(root, "rev-parse", "--is-shallow-repository").strip() == "true"


def _resolved(root: Path, reference: str) -> str | None:
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    except MLGatesError:
        return None
    return found.strip()


def _not_there(name: str) -> MLGatesError:
    return MLGatesError(
        f"there is no commit to compare with: {name!r} and HEAD have no common one here",
        want="the history up to where this branch left its target",
        fix="clone it whole (actions/checkout with `fetch-depth: 0`), or name another: --base REF",
    )


def tracked(root: Path) -> frozenset[str]:
    """The paths that git knows, those just added included."""
    return frozenset(_names(_start(root, *_TRACKED)))


def untracked(start: Path, paths: Iterable[Path]) -> list[Path]:
    """Those of *paths* that a commit around *start* does not bring along.

    They are untracked, ignored, or outside of the repository. Data with a pointer of DVC is
    brought along; outside of a repository nothing is asked.
    """
    there = [path for path in paths if os.path.lexists(path)]
    try:
        root = repository(start)[0].resolve()
    except MLGatesError:
        return []
    # Links to folders are followed, as git does not: the name of the file itself is kept.
    full = {path: path.parent.resolve() / path.name for path in there}
    found = {path for path in there if not full[path].is_relative_to(root)}
    inside = {str(full[path].relative_to(root)): path for path in there if path not in found}
    names = list(inside)
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        try:
            told = _git(root, "--literal-pathspecs", "ls-files", "-z", "--others", "--", *some)
        except MLGatesError:  # of a submodule: it has an index of its own
            continue
        found |= {inside[name] for name in told.split("\0") if name in inside}
    return [path for path in there if path in found and not _has_pointer(path)]


def _has_pointer(path: Path) -> bool:
    return path.with_name(f"{path.name}.dvc").is_file()


class _Asked(NamedTuple):
    """What git was asked of a tree; without a commit there is nothing to compare with."""

    files: _Running | None
    changed: _Running | None
    tracked: _Running


class _Running(NamedTuple):
    """A git that runs, what it was asked, and what it is given on its stdin."""

    process: subprocess.Popen[bytes]
    asked: str
    given: bytes | None


def _start(folder: Path, *arguments: str, given: str | None = None) -> _Running:
    # In a hook, GIT_DIR and GIT_INDEX_FILE are those of the commit that is being made.
    command = ["git", "-C", str(folder), *arguments]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=None if given is None else pipe, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        raise MLGatesError("git cannot be run", got=str(error)) from None
    text = None if given is None else given.encode("utf-8", "surrogateescape")
    return _Running(process, arguments[0], text)


def _told(running: _Running, allowed: tuple[int, ...] = (0,)) -> bytes:
    """What it says, once it has ended."""
    process, asked, given = running
    with process:
        told, complaint = process.communicate(given)
    if process.returncode not in allowed:
        raise MLGatesError(f"git {asked} failed", got=complaint.decode("utf-8", "replace").strip())
    return told


def _names(running: _Running) -> list[str]:
    told = _told(running).decode("utf-8", "surrogateescape")
    return [name for name in told.split("\0") if name]


def _git(
    folder: Path, *arguments: str, allowed: tuple[int, ...] = (0,), given: str | None = None
) -> str:
    told = _told(_start(folder, *arguments, given=given), allowed)
    return told.decode("utf-8", "surrogateescape")

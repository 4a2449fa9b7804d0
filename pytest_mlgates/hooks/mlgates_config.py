"""Hook ``mlgates-config``: nothing is wrong, nothing is weakened unseen, the lock fits."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlgates.config.base import Tree
    from pytest_mlgates.config.weakening import Weakening


def main(argv: Sequence[str] | None = None) -> int:
    """Review the change in the working tree around the working directory; the exit code."""
    from pytest_mlgates.core.boundary import guarded, parsed

    return guarded(lambda: _run(parsed(_parser(), argv)))


def command() -> NoReturn:
    """The console script: :func:`main`, then the end of the process."""
    from pytest_mlgates.core.ending import end

    end(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlgates-config", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "filenames", nargs="*", metavar="FILE", help="ignored: the change is read from git"
    )
    parser.add_argument(
        "--base",
        metavar="REF",
        help="compare with the merge base of REF and HEAD (default: HEAD on commit; on push what "
        "pre-commit or CI name)",
    )
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from pytest_mlgates.config.base import base_tree, repository

    root, head = repository(Path.cwd())
    base = base_tree(root, arguments.base, head)
    _ = base.asked  # git looks while the rest is imported
    from pytest_mlgates.config.review import excused, review
    from pytest_mlgates.core.boundary import write

    configurations = _configurations(base)
    mistakes = list(_mistakes(base, configurations))
    told: list[str] = []
    stale = list(_stale(configurations, told, mistaken=bool(mistakes)))
    weaker, allowed = excused(base, review(base))
    lines = [str(mistake) for mistake in mistakes]
    lines += [
        f"gate {one.gate!r} is weakened\n  where: {one.where}\n  got:   {one.what}"
        for one in weaker
    ]
    if weaker:
        lines.append(_way_out(base, weaker))
    lines += [*stale, *told]
    lines += [f"gate {one.gate!r} is weakened, as allowed: {one.what}" for one in allowed]
    count = f"{len(weaker)} weakened" if weaker else "no gate weakened"
    lines.append(f"mlgates-config: {count} since {base.name}")
    write(sys.stdout, "\n".join(lines) + "\n")
    if mistakes:
        return 2
    return 1 if weaker or stale else 0


def _way_out(base: Tree, weaker: Sequence[Weakening]) -> str:
    """What somebody who answers for it adds, for the first; the others go likewise."""
    from pytest_mlgates.config.find import OWN_NAME
    from pytest_mlgates.config.weakening import joined

    first = weaker[0]
    own = base.there(joined(first.configuration, OWN_NAME))
    others = dict.fromkeys(one.gate for one in weaker if one.gate != first.gate)
    likewise = f"\n         # and so for each of: {', '.join(others)}" if others else ""
    return (
        "  want:  somebody who answers for it, in the same change\n"
        "  fix:   undo it, or add to the configuration:\n"
        f"         [[{'' if own else 'tool.mlgates.'}allow-loosening]]\n"
        f'         gate = "{first.gate}"\n'
        '         owner = "…"\n         reason = "…"\n         date = "…"' + likewise
    )


def _configurations(base: Tree) -> list[Path]:
    from pytest_mlgates.config.find import has_gates, is_name

    names = sorted(filter(is_name, base.tracked))
    return [base.root / name for name in names if has_gates(base.root / name)]


def _mistakes(base: Tree, configurations: Sequence[Path]) -> Iterator[Exception]:
    """What is wrong in configurations, contracts and markers that changed."""
    changed = base.changed
    if not any(name.endswith((".toml", ".json", ".py")) for name in changed):
        return
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.hooks.linting import mistakes_in

    for path in configurations:
        try:
            yield from mistakes_in(path, base.root, changed)
        except MLGatesError as error:
            yield error


def _stale(configurations: Sequence[Path], told: list[str], *, mistaken: bool) -> Iterator[str]:
    """What is not as the locks say, and waivers that fail every run.

    What digests cannot tell, and waivers that end soon, are put into *told*. What cannot be read
    was told if a configuration is *mistaken*.
    """
    from pytest_mlgates.config import locked
    from pytest_mlgates.config.locked import changes, doubts, overstated
    from pytest_mlgates.core import lock as locks
    from pytest_mlgates.core import waivers as exceptions
    from pytest_mlgates.core.errors import MLGatesError

    stale = f"{locks.NAME} is not up to date:"
    for path in configurations:
        lock = locks.read(locks.path_of(path))
        try:
            waivers, declared = locked.waivers_in(path), locked.declared(path)
            now = {} if lock is None else locked.current(path)
        except MLGatesError as error:
            if not mistaken:
                yield str(error)
            continue
        told += exceptions.ending(waivers, exceptions.today())
        yield from locked.failing_waivers(waivers, declared, lock)
        for name, found in now.items():
            before = None if lock is None else lock.gates.get(name)
            for line in [*changes(before, found), *overstated(before, found)]:
                yield f"{stale} gate {name!r}: {line}"
                yield "  fix:   mlgates lock"
            told += [f"gate {name!r}: whether it changed {line}" for line in doubts(found)]
        for name in () if lock is None else locked.undeclared(lock, now):
            yield f"{stale} {name} {locked.GONE}"
            yield "  fix:   mlgates lock"


if __name__ == "__main__":
    command()

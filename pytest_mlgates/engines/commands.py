"""A training that is a command: run without a shell, its result the files that it writes."""

from __future__ import annotations

import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Self

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import command_stages
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.engines.outputs import collected
from pytest_mlgates.engines.processes import execute
from pytest_mlgates.engines.runs import Run
from pytest_mlgates.engines.written import Written

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import TracebackType

    from pytest_mlgates.engines.variations import Conditions

_OUT, _PROJECT = "{out}", "{project}"
_TIMEOUT_S = 3600.0
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a gate runs.

    Attributes:
        text: As it was written.
        words: The program and its arguments, placeholders as they are.
        outputs: Files and folders in ``{out}``.
        base: The folder of the configuration, in which it runs.
    """

    text: str
    words: tuple[str, ...]
    outputs: tuple[str, ...]
    base: Path

    @classmethod
    def of(cls, text: str, outputs: Sequence[str], base: Path) -> Self:
        """The command *text*.

        Raises:
            MLGatesError: if it cannot be split, has no ``{out}``, or an output is none of it.
        """
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise MLGatesError(
                "command cannot be read",
                got=f"{text!r}: {error}",
                want="words as a shell takes them, quoted where they hold spaces",
            ) from None
        if _OUT not in text or not words:
            raise MLGatesError(
                "command does not say where its outputs go",
                got=repr(text),
                want="{out} in it: the empty folder of each run",
                fix='command = "python train.py --out {out}"',
            )
        if not outputs:
            raise MLGatesError(
                "command names no outputs: there would be nothing to compare",
                want="the files that it writes into {out}",
                fix='outputs = ["predictions.csv"]',
            )
        for output in outputs:
            parts = PureWindowsPath(output).parts
            outside = ".." in parts or PureWindowsPath(output).drive or not parts
            if outside or PurePosixPath(output).is_absolute() or output.startswith("\\"):
                raise MLGatesError(
                    f"output {output!r} is not in the folder of the run",
                    want="a path relative to {out}, without ..",
                    fix='command = "… --out {out}", outputs = ["predictions.csv"]',
                )
        return cls(text=text, words=tuple(words), outputs=tuple(outputs), base=base)

    @property
    def name(self) -> str:
        """What messages call it."""
        if len(self.text) <= _LONGEST_NAME:
            return f"`{self.text}`"
        return f"`{self.text[:_LONGEST_NAME]}…`"

    def refuse(self, vary: Collection[str]) -> None:
        """Misuse for what cannot be varied with a command."""
        if "row_order" in vary:
            raise MLGatesError(
                "the rows of a command cannot be put into another order: it reads them itself",
                got=self.name,
                want="hash_seed, threads or working_directory",
                fix='name a function: entry = "package.module:train", or leave out "row_order"',
            )
        if "working_directory" in vary and not any(_PROJECT in word for word in self.words):
            raise MLGatesError(
                "a command that is called in another folder must say where its files are",
                got=self.name,
                want="{project} in it: the folder of the configuration",
                fix='command = "python {project}/train.py --out {out}"',
            )

    def filled(self, out: Path) -> list[str]:
        """Program and arguments for a run that writes into *out*."""
        words = [
            word.replace(_OUT, str(out)).replace(_PROJECT, str(self.base)) for word in self.words
        ]
        if words[0] in ("python", "python3"):  # the one that runs this, with what it has installed
            words[0] = sys.executable
        return words


class Commands:
    """Runs one command, once per call, each in a folder of its own.

    Args:
        command: What to run.
        timeout: Seconds per run; None: one hour.
        exact: Whether the bytes of its outputs count, or the values of those that are tables.
    """

    def __init__(self, command: Command, timeout: float | None, *, exact: bool) -> None:
        self._command, self._exact = command, exact
        self._timeout = _TIMEOUT_S if timeout is None else timeout
        self._by_bytes: dict[str, str] = {}
        base = command.base
        self.written = Written(name=command.name, base=base, folders=(base,), must_hear=True)

    def warnings(self) -> tuple[str, ...]:
        """What it wrote beside its folder, and which outputs were compared by their bytes."""
        bytes_ = (f"{name} is compared by its bytes: {why}" for name, why in self._by_bytes.items())
        return (*self.written.warnings(), *bytes_)

    def __enter__(self) -> Self:
        """Make the folder of all runs, which is removed at the end of the block."""
        self._scratch = tempfile.TemporaryDirectory(prefix="mlgates-")
        self._folder = Path(self._scratch.name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the folder."""
        self._scratch.cleanup()

    def run(self, number: int, *, conditions: Conditions) -> Run:
        """Run the command under *conditions*.

        Raises:
            MLGatesError: if it does not start, fails, takes too long, or leaves out an output.
        """
        command, folder = self._command, self._folder / f"run-{number}"
        out, elsewhere = folder / "out", folder / "elsewhere"
        out.mkdir(parents=True)
        elsewhere.mkdir()
        told = folder / "stages"
        reference = None if number == 1 else self._folder / "run-1" / "stages"
        told_in = command_stages.variables(told, reference)
        with self.written.listening(self._folder) as heard:
            ended = execute(
                command.filled(out),
                name=command.name,
                number=number,
                scratch=self._folder,
                folder=folder,
                where=elsewhere if conditions.elsewhere else command.base,
                environment={**conditions.environment(), **told_in},
                timeout=self._timeout,
            )
        if ended.code:
            raise MLGatesError(
                f"{command.name} ended {ended.how} in run {number}: there is no result to compare",
                got=ended.tail or "no output",
                want="a command that ends with exit code 0",
            )
        self.written.note(number, heard)
        found = collected(out, command.outputs, exact=self._exact)
        self._by_bytes.update(found.by_bytes)
        facts = command_stages.facts(told)
        before, after = facts.get("start", {}), facts.get("end", {})
        return Run(
            fingerprint=fingerprint(found.values),
            random={name: state for name, state in after.items() if state != before.get(name)},
            duration_s=ended.duration_s,
            process=conditions.process,
            stages=command_stages.load(told, reference, command.name, number),
            facts=facts,
        )

"""Which configuration governs a test, with the options of the command line over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_mlgates.config.model import Configuration
    from pytest_mlgates.runner.evaluator import Evaluator
    from pytest_mlgates.runner.standing_in import StandIn


class Configurations:
    """The configurations of one process and their evaluators, each made when first asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._by_folder: dict[Path, Configuration] = {}
        self._evaluators: dict[Path, Evaluator] = {}
        self._stand_ins: dict[Path, StandIn] = {}
        self._main: Configuration | None = None
        self._required: tuple[str, ...] = ()

    def check(self) -> None:
        """Validate options and the governing configuration before collection.

        Raises:
            pytest.UsageError: exit code 4.
        """
        from pytest_mlgates.config.find import section

        if hasattr(self.config, "workerinput"):  # the controller says what is wrong
            return
        try:
            self.examples()
            self.record()
            self.seed(self.config.invocation_params.dir)
            configuration = self.main()
            self.stand_in(configuration)
            if self.config.option.mlgates and not configuration.gates:
                path = configuration.path
                both = f"{section(None, 'gates', 'NAME')} in pyproject.toml, or mlgates.toml"
                raise MLGatesError(  # noqa: TRY301
                    "--mlgates found no gates to run",
                    where=str(path or self.config.invocation_params.dir),
                    want=f"at least one {section(path, 'gates', 'NAME') if path else both}",
                )
        except MLGatesError as error:
            raise pytest.UsageError(f"mlgates: {error}") from None

    def check_file(self) -> None:
        """Read the governing file, without judging its values.

        Raises:
            pytest.UsageError: for two files side by side, and one that is not TOML.
        """
        from pytest_mlgates.config.find import find, read

        if hasattr(self.config, "workerinput"):
            return
        try:
            path = find(self.config.invocation_params.dir.resolve())
            raw = {} if path is None else read(path)
        except MLGatesError as error:
            raise pytest.UsageError(f"mlgates: {error}") from None
        required = raw.get("required", ())
        if isinstance(required, list):  # else validation says so
            self._required = tuple(map(str, required))

    def main(self) -> Configuration:
        """The one configuration that governs the working directory."""
        if self._main is None:
            self._main = self.governing(self.config.invocation_params.dir)
        return self._main

    def required(self) -> tuple[str, ...]:
        """The required ids, as far as a configuration was read at all."""
        return self._required if self._main is None else self._main.settings.required

    def governing_all(self, paths: Iterable[Path]) -> list[Configuration]:
        """The configurations that govern the run: the main one first, then those of *paths*.

        Raises:
            MLGatesError: for one that is misused.
        """
        found = {c.path: c for c in (self.main(), *map(self.governing, paths)) if c.path}
        return list(found.values())

    def governing(self, path: Path) -> Configuration:
        """The configuration that governs *path*; an empty one, based at the rootdir, for none."""
        from pytest_mlgates.config.find import find
        from pytest_mlgates.config.load import load, load_for

        folder = path if path.is_dir() else path.parent
        if folder not in self._by_folder:
            override = self.config.option.mlgates_inconclusive
            found = find(folder.resolve())
            self._by_folder[folder] = (
                load(found, inconclusive=override)
                if found is not None
                else load_for(self.config.rootpath, inconclusive=override)
            )
        return self._by_folder[folder]

    def examples(self) -> int:
        """How many example values messages may show.

        Raises:
            MLGatesError: if the option is not a number.
        """
        given = self.config.option.mlgates_examples
        if given is None:
            return 0
        if not (str(given).isascii() and str(given).isdigit()):
            raise MLGatesError(
                f"--mlgates-examples={given} is not usable", want="a whole number, 0 or more"
            )
        return int(given)

    def record(self) -> bool:
        """Whether stored runs are made in this session instead of compared with.

        Raises:
            MLGatesError: in CI, where nobody looks at what a green run has stored; and beside
                --mlgates-lock, for nothing was found that could be locked.
        """
        if not self.config.option.mlgates_record:
            return False
        if self.config.option.mlgates_lock:
            raise MLGatesError(
                "--mlgates-record and --mlgates-lock do not go together: what is recorded is not "
                "judged, and nothing of it can be locked",
                fix="record first, then lock",
            )
        from pytest_mlgates.gates.stored_places import refuse_in_ci

        refuse_in_ci("--mlgates-record")
        return True

    def seed(self, path: Path) -> int:
        """What the seeds of the tests in *path* are derived from.

        Raises:
            MLGatesError: if the option is not a seed.
        """
        given = self.config.option.mlgates_seed
        if given is None:
            return self.governing(path).settings.seed
        if not (str(given).isascii() and str(given).isdigit() and int(given) < 2**32):
            raise MLGatesError(
                f"--mlgates-seed={given} is not usable",
                want="a whole number from 0 to 2**32 - 1",
            )
        return int(given)

    def evaluator(self, configuration: Configuration) -> Evaluator:
        """The evaluator of *configuration*: tables and predictions are shared by its gates."""
        from pytest_mlgates.runner.evaluator import Evaluator

        key = configuration.path or configuration.base
        if key not in self._evaluators:
            self._evaluators[key] = Evaluator(
                configuration,
                examples=self.examples(),
                record=self.record(),
                refresh=self.config.option.mlgates_refresh,
                stand_in=self.stand_in(configuration),
            )
        return self._evaluators[key]

    def stand_in(self, configuration: Configuration) -> StandIn | None:
        """Signed evidence for gates of *configuration* whose data is not here; None without it.

        Raises:
            MLGatesError: for options that cannot be used.
        """
        option = self.config.option
        key = configuration.path or configuration.base
        if option.mlgates_stand_in is None:
            for name in ("mlgates_key", "mlgates_max_age"):
                if getattr(option, name) is not None:
                    raise MLGatesError(
                        f"--{name.replace('_', '-')} is for evidence that stands in, and none is "
                        "given",
                        fix="--mlgates-stand-in evidence.json",
                    )
            return None
        if option.mlgates_lock:
            raise MLGatesError(
                "--mlgates-stand-in and --mlgates-lock do not go together: what was not evaluated "
                "here is not locked here",
            )
        if key not in self._stand_ins:
            self._stand_ins[key] = self._stand_in_of(configuration)
        return self._stand_ins[key]

    def _stand_in_of(self, configuration: Configuration) -> StandIn:
        import datetime as dt

        from pytest_mlgates.core.text import age
        from pytest_mlgates.runner.evidence import default_path
        from pytest_mlgates.runner.standing_in import MAX_AGE, stand_in_of

        option, start = self.config.option, self.config.invocation_params.dir
        max_age = MAX_AGE if option.mlgates_max_age is None else age(option.mlgates_max_age)
        if max_age is None:
            raise MLGatesError(
                f"--mlgates-max-age={option.mlgates_max_age} is not usable",
                want="an age: 7d, 12h or 30m",
            )
        given = option.mlgates_evidence
        return stand_in_of(
            start / option.mlgates_stand_in,
            configuration,
            key=None if option.mlgates_key is None else str(start / option.mlgates_key),
            options=("--mlgates-stand-in", "--mlgates-key"),
            now=dt.datetime.now(tz=dt.UTC),
            max_age=max_age,
            written=[default_path(configuration), *([start / given] if given else [])],
        )

    def release(self) -> None:
        """Let go of all tables: an engine tells what outlives it when the process ends."""
        for evaluator in self._evaluators.values():
            evaluator.release()
        self._evaluators.clear()

"""Hook ``mlgates-data``: hold the named data files to a contract."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_mlgates.core.boundary import guarded, parsed, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.core.verdict import Verdict


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the files in *argv* (default: the process's arguments); return the exit code."""
    return guarded(lambda: _run(parsed(_parser(), argv)))


def command() -> NoReturn:
    """The console script: :func:`main`, then the end of the process."""
    from pytest_mlgates.core.ending import end

    end(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlgates-data", description=__doc__, allow_abbrev=False)
    parser.add_argument("filenames", nargs="*", metavar="FILE", help="data files")
    parser.add_argument("--config", metavar="FILE", help="pyproject.toml or mlgates.toml to use")
    parser.add_argument(
        "--suite",
        metavar="FILE",
        help="the suite for every named file (default: the contracts that the configuration maps "
        "them to, each on its whole table)",
    )
    return parser


def _run(arguments: argparse.Namespace) -> int:
    files = [Path(name) for name in arguments.filenames]
    if not files:
        write(sys.stdout, "mlgates-data: no files named\n")
        return 0
    config = Path(arguments.config) if arguments.config else None
    if arguments.suite is not None:
        return _against_suite(files, arguments.suite, config)
    return max(_by_configuration(files, config))


def _against_suite(files: Sequence[Path], suite: str, config: Path | None) -> int:
    """Each file on its own against *suite*."""
    from pytest_mlgates.hooks.judging import left_behind, report, warned
    from pytest_mlgates.runner.changed import absolute

    beside = {
        str(file): left_behind(Path.cwd(), [absolute(file), absolute(Path(suite))])
        for file in files
    }
    found = {file: _kept(file, suite, config) for file in files}
    elsewhere: list[tuple[str, str, str]] = []
    verdicts = [
        verdict
        for file in files
        if (verdict := found[file] or _judged(file, suite, config, elsewhere)) is not None
    ]
    return report([warned(one, beside.get(one.id, [])) for one in verdicts], elsewhere)


def _kept(file: Path, suite: str, config: Path | None) -> Verdict | None:
    """The verdict if *file*, small and plain, certainly keeps *suite*; None if an engine must say.

    A configuration that reads the file says how, and whether it is private.
    """
    from pytest_mlgates.config.find import find
    from pytest_mlgates.core.errors import MLGatesError
    from pytest_mlgates.gates.data_schema import small_files
    from pytest_mlgates.runner.changed import absolute, may_concern

    full = absolute(file)
    try:
        configuration = config or find(file.resolve())
        if configuration is not None:
            from pytest_mlgates.config.load import load

            load(configuration, project_code=False)
            if may_concern(configuration.resolve(), [full]):
                return None
    except MLGatesError:  # told when it is loaded
        return None
    found = small_files.evaluate(suite, Path.cwd(), full, name=full.name)
    return None if found is None else found.replace(id=str(file))


def _judged(
    file: Path, suite: str, config: Path | None, elsewhere: list[tuple[str, str, str]]
) -> Verdict | None:
    """The verdict of an engine; None, and a line more of *elsewhere*, if that is not installed."""
    from pytest_mlgates.config.load import load, load_for
    from pytest_mlgates.core.errors import MissingExtraError, MLGatesError
    from pytest_mlgates.engines.tables import to_table
    from pytest_mlgates.extensions.manager import gate_kind
    from pytest_mlgates.gates.base import Gate, parse
    from pytest_mlgates.runner.changed import absolute
    from pytest_mlgates.runner.evaluator import Evaluator, error_verdict

    kind = gate_kind("data_schema")
    where = f"mlgates-data --suite {suite}"
    # The suite is named by the user on a command line, hence relative to the working directory.
    parameters = parse(kind, (str(Path(suite).resolve()),), {}, where=where)
    configuration = (
        load_for(file, project_code=False) if config is None else load(config, project_code=False)
    )
    evaluator = Evaluator(configuration)
    gate = Gate(id=str(file), kind=kind, parameters=parameters, where=where)
    full = absolute(file)
    try:
        options = evaluator.options_of(full)
        try:
            table = to_table(full, private=evaluator.is_private(full), options=options, judged=True)
        except MLGatesError as error:
            raise evaluator.beside(gate, error) from None
        return evaluator.evaluate(gate, table)
    except MissingExtraError as error:
        elsewhere.append((str(file), error.what, f"mlgates-data --suite {suite} {file}"))
        return None
    except MLGatesError as error:
        return error_verdict(gate, error.at(str(file)))


def _by_configuration(files: Sequence[Path], config: Path | None) -> list[int]:
    """The contracts that the configurations map *files* to."""
    from pytest_mlgates.config.find import section
    from pytest_mlgates.config.load import load
    from pytest_mlgates.core.errors import ConfigurationError
    from pytest_mlgates.hooks.judging import judge
    from pytest_mlgates.runner.changed import affected, configurations_of

    codes = []
    for path, changed in configurations_of(files, config).items():
        configuration = load(path, project_code=False)
        unmapped = []
        gates = {}
        for file in changed:
            hit = [d for d in affected(configuration, [file]) if d.gate.kind.name == "data_schema"]
            gates.update({d.gate.id: d for d in hit})
            if not hit:
                unmapped.append(file.name)
        if unmapped:
            raise ConfigurationError(
                f"no contract is declared for {', '.join(sorted(unmapped))}",
                where=str(path),
                want=f"a {section(path, 'gates', 'NAME')} of kind data_schema whose table names "
                "the file",
                fix="declare one, pass `args: [--suite, FILE]`, or narrow `files:` of this hook",
            )
        codes.append(judge(configuration, list(gates.values())))
    return codes


if __name__ == "__main__":
    command()

"""The ``mlgate`` fixture's object."""

from __future__ import annotations

import contextlib
import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import GateFailure, MLGatesError
from pytest_mlgates.plugin import failures
from pytest_mlgates.reports.text import message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from pytest_mlgates.core.verdict import Verdict
    from pytest_mlgates.gates.base import Gate
    from pytest_mlgates.plugin.attempts import Attempt
    from pytest_mlgates.plugin.session import GateSession
    from pytest_mlgates.runner.evaluator import Evaluator


class MLGate:
    """Evaluates the gates of one test. See the ``mlgate`` fixture."""

    def __init__(self, session: GateSession, item: pytest.Item, attempt: Attempt) -> None:
        self._session, self._item, self._attempt = session, item, attempt
        self._deferred: list[Verdict | MLGatesError] | None = None

    def __call__(
        self, table_or_callable: Any = None, /, *, subject: str | None = None, **keywords: Any
    ) -> tuple[Verdict, ...]:
        """Evaluate every marker of the test whose kind takes the subject, in source order.

        Args:
            table_or_callable: A dataframe, a path, or a callable; left out where arrays come by
                keyword.
            subject: Tells several calls of one test apart: ``"fold-3"``.
            keywords: Roles (a column name, or an array of shape ``(rows,)``),
                ``sensitive_features=``, ``pos_label=``, ``private=True``.

        Raises:
            GateFailure: with all gates that failed.
            MLGatesError: misuse.
        """
        from pytest_mlgates.engines.tables import is_table_like

        self._session.refuse_stray(self._item, self._attempt)
        takes = "table"
        if callable(table_or_callable) and not is_table_like(table_or_callable):
            takes = "callable"
        gates = [g for g in self._session.gates_of(self._item).gates if g.kind.takes == takes]
        labels = self._session.gates_of(self._item).labels
        if not gates and takes == "callable" and "reproducibility" in labels and not keywords:
            # The one kind that demands something without any argument.
            return (self.reproducibility(table_or_callable, subject=subject),)
        wants = {g.kind.takes for g in self._session.gates_of(self._item).gates}
        if takes == "table" and (wants == {"callable"} or labels == ["reproducibility"]):
            raise MLGatesError(
                "the marker of this test takes a callable, which the gate calls itself",
                where=self._item.nodeid,
                got="arrays by keyword"
                if table_or_callable is None
                else f"{type(table_or_callable).__qualname__}, a value",
                want="the function that trains and returns its result",
                fix="mlgate(partial(train, seed=7)) in the place of mlgate(train(7))",
            )
        if not gates:
            raise MLGatesError(
                f"no marker of this test takes a {takes}",
                where=self._item.nodeid,
                fix="mark the test, e.g. @pytest.mark."
                + ('metric("accuracy", min=0.8)' if takes == "table" else "reproducibility(runs=2)")
                + ", or call mlgate.metric(…) and its like",
            )
        with self._subject(takes, table_or_callable, keywords) as make:
            results = [self._evaluate(gate, make, subject) for gate in gates]
        self._settle(results)
        return tuple(r for r in results if not isinstance(r, MLGatesError))

    def data_schema(self, table: Any, suite: Any, **options: Any) -> Verdict:
        """Hold *table* to a contract, as ``pytest_mlgates.data_schema`` does."""
        return self._one("data_schema", table, (suite,), options)

    def metric(self, table: Any, metric: str, **options: Any) -> Verdict:
        """Hold a metric to a bound, as ``pytest_mlgates.metric`` does."""
        return self._one("metric", table, (metric,), options)

    def fairness(self, table: Any, metric: str, **options: Any) -> Verdict:
        """Hold a disparity to a bound, as ``pytest_mlgates.fairness`` does."""
        return self._one("fairness", table, (metric,), options)

    def reproducibility(self, function: Callable[[], Any], **options: Any) -> Verdict:
        """Run *function* several times, as ``pytest_mlgates.reproducibility`` does."""
        return self._one("reproducibility", function, (), options)

    @contextlib.contextmanager
    def collect(self) -> Iterator[MLGate]:
        """Defer failures to the end of the block: several models, folds or splits in one report."""
        self._session.refuse_stray(self._item, self._attempt)
        if self._deferred is not None:
            raise MLGatesError("mlgate.collect() is already open", where=self._item.nodeid)
        self._deferred = []
        try:
            yield self
        except BaseException:
            self._deferred = None
            raise
        results, self._deferred = self._deferred, None
        self._settle(results)

    def _one(
        self, kind: str, subject: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Verdict:
        from pytest_mlgates.runner.evaluator import misuse_verdict
        from pytest_mlgates.runner.functions import evaluate_call
        from pytest_mlgates.runner.judged_files import with_files

        self._session.refuse_stray(self._item, self._attempt)
        label = options.pop("subject", None)
        prefix = self._session.prefix(self._item)

        def run() -> Verdict:
            evaluator = self._session.evaluator(self._item)
            if options.get("private") or _is_private(evaluator, subject):
                self._touch_private()
            verdict = evaluate_call(
                kind,
                subject,
                args,
                options,
                evaluator=evaluator,
                prefix=prefix,
                label=label,
                where=f"{self._item.nodeid} mlgate.{kind}(…)",
            )
            return with_files(verdict, subject, evaluator.context)

        name = f"{prefix}::{kind}" + (f"@{label}" if label else "")
        record = partial(misuse_verdict, name, kind)
        result = self._guarded(run, kind, record)
        self._settle([result])
        if isinstance(result, MLGatesError):  # deferred: the end of the block raises it
            return record(result)
        return result

    def _evaluate(
        self, gate: Gate, make: Callable[[Gate], tuple[Gate, Any]], label: str | None
    ) -> Verdict | MLGatesError:
        from pytest_mlgates.runner.evaluator import error_verdict
        from pytest_mlgates.runner.judged_files import with_files

        evaluator = self._session.evaluator(self._item)

        def run() -> Verdict:
            try:
                ready, subject = make(gate)
            except MLGatesError as error:
                both = evaluator.beside(gate, error)
                raise both from error.__cause__
            if getattr(subject, "private", False):
                self._touch_private()
            verdict = evaluator.evaluate(_labelled(ready, label), subject)
            return with_files(verdict, subject, evaluator.context)

        def record(error: MLGatesError) -> Verdict:
            return error_verdict(_labelled(gate, label), error)

        return self._guarded(run, gate.id, record)

    def _guarded(
        self,
        run: Callable[[], Verdict],
        key: str,
        record: Callable[[MLGatesError], Verdict],
    ) -> Verdict | MLGatesError:
        """The verdict, recorded; or the misuse, recorded as outcome ``error``."""
        attempt = self._session.attempt(self._item)
        try:
            with self._session.fixture_stages(self._item):
                verdict = run()
            attempt.record(verdict, key, where=self._item.nodeid)
        except MLGatesError as error:
            error.at(self._item.nodeid)
            attempt.record_error(record(error), key)
            failures.forget_tables(error)
            return error
        except (Exception, SystemExit) as error:  # a mistake of ours, or of an engine
            found = failures.unexpected(error, private=attempt.private)
            attempt.record_error(record(found), key)
            raise
        return verdict

    def _touch_private(self) -> None:
        """From now on no traceback of this test shows values."""
        self._session.attempt(self._item).private = True

    @contextlib.contextmanager
    def _subject(
        self, takes: str, given: Any, keywords: dict[str, Any]
    ) -> Iterator[Callable[[Gate], tuple[Gate, Any]]]:
        """How to make a gate and its subject of this call; tables are made once per call."""
        if takes == "callable":
            if keywords:
                raise MLGatesError(
                    f"unknown keyword {next(iter(keywords))!r}",
                    where=self._item.nodeid,
                    want="no keyword but subject= beside a callable",
                )
            yield lambda gate: (gate, given)
            return
        from pytest_mlgates.plugin.markers import with_roles
        from pytest_mlgates.runner.subjects import assemble

        evaluator = self._session.evaluator(self._item)
        options = dict(keywords)
        private = bool(options.pop("private", False)) or _is_private(evaluator, given)
        if private:
            self._touch_private()
        made: list[Any] = []

        def make(gate: Gate) -> tuple[Gate, Any]:
            if not made:
                path = isinstance(given, str) or hasattr(given, "__fspath__")
                made.append(
                    assemble(
                        given,
                        options,
                        base=evaluator.context.base,
                        private=private,
                        options=evaluator.options_of(given) if path else None,
                    )
                )
            table, roles = made[0]
            return with_roles(gate, roles), table

        try:
            yield make
        finally:
            made.clear()  # the frames of a failure live on

    def _settle(self, results: list[Verdict | MLGatesError]) -> None:
        """Raise for what failed, now or at the end of ``collect()``."""
        if self._deferred is not None:
            self._deferred += results
            return
        settle(results)


def settle(results: Sequence[Verdict | MLGatesError]) -> None:
    """Raise for what failed among *results*.

    Raises:
        MLGatesError: with everything, if anything could not be evaluated.
        GateFailure: with all gates that failed.
    """
    errors: dict[str, MLGatesError] = {}
    for result in results:
        if isinstance(result, MLGatesError):  # one misused call is one mistake for all gates
            errors.setdefault(str(result), result)
    verdicts = [r for r in results if not isinstance(r, MLGatesError)]
    failed = [v for v in verdicts if not v.passed]
    if errors:
        others = "\n\n".join(message(v) for v in failed)
        if len(errors) == 1 and not others:
            first = next(iter(errors.values()))
            raise first from first.__cause__
        text = "\n\n".join([*errors, *([others] if others else [])])
        raise MLGatesError(text) from None
    if failed:
        head = f"{len(failed)} of {len(verdicts)} gates failed\n\n" if len(verdicts) > 1 else ""
        raise GateFailure(head + "\n\n".join(message(v) for v in failed), verdicts)


def _labelled(gate: Gate, label: str | None) -> Gate:
    return gate if label is None else dataclasses.replace(gate, id=f"{gate.id}@{label}")


def _is_private(evaluator: Evaluator, subject: Any) -> bool:
    """Whether *subject* is of files that the configuration declares private, or says so itself."""
    return evaluator.is_private(subject) or getattr(subject, "private", False) is True

"""The ledger of holdouts in MLflow: a run for each line, in an experiment of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.holdouts import merged
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

EXPERIMENT = "mlgates-holdouts"
_TAG = "mlgates.line"
_PAGE = 1000


@hookimpl
def mlgates_holdout_ledger(name: str, base: Path) -> MLflowLedger | None:
    """The one in the tracking store."""
    return MLflowLedger(base) if name == "mlflow" else None


class MLflowLedger:
    """Lines as tags of runs. Two processes may write one twice: a set does not mind."""

    is_whole = True

    def __init__(self, base: Path) -> None:
        self.base = base

    def add(self, lines: Collection[str]) -> list[str]:
        """See ``runner.ledgers.Ledger``."""
        # Importing this module must not import that one: it is dear, and seldom needed.
        from pytest_mlgates.integrations.mlflow import contained
        from pytest_mlgates.integrations.mlflow_store import tracking_uri, trouble

        with contained():
            mlflow = optional("mlflow", extra="mlflow", why="the ledger of holdouts")
            uri = tracking_uri(self.base)
            os.environ["MLFLOW_TRACKING_URI"] = uri
            try:
                client: Any = mlflow.MlflowClient(tracking_uri=uri)
                experiment = self._experiment(client)
                known = set(self._lines(client, experiment))
                for line in sorted(set(lines) - known):
                    run = client.create_run(experiment, tags={_TAG: line})
                    client.set_terminated(run.info.run_id)
            except MLGatesError:
                raise
            except (Exception, SystemExit) as error:
                raise trouble(error, f"experiment {EXPERIMENT}", uri) from None
        return merged([known, lines])

    @staticmethod
    def _experiment(client: Any) -> str:
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            try:
                return str(client.create_experiment(EXPERIMENT))
            except Exception:  # another worker may have made it meanwhile
                found = client.get_experiment_by_name(EXPERIMENT)
                if found is None:
                    raise
        return str(found.experiment_id)

    @staticmethod
    def _lines(client: Any, experiment: str) -> Iterator[str]:
        token = None
        while True:
            page = client.search_runs([experiment], max_results=_PAGE, page_token=token)
            yield from (run.data.tags[_TAG] for run in page if _TAG in run.data.tags)
            token = page.token
            if not token:
                return

"""MLflow's model registry, as far as a promotion needs it."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import sha256_of_folder
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.integrations.mlflow import contained
from pytest_mlgates.integrations.mlflow_store import Store, tracking_uri, trouble
from pytest_mlgates.runner.promotion import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FOLDER = "mlgates"


class MLflowRegistry:
    """The one that belongs to the tracking store of the project at *base*."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def version(self, reference: str) -> Version:
        """See ``runner.promotion.Registry``."""
        with self._store(reference) as (_, store):
            found = store.find(reference)
            try:
                digest = sha256_of_folder(found.folder)
            finally:
                if found.scratch is not None:
                    shutil.rmtree(found.scratch, ignore_errors=True)
        name, _, number = found.name.rpartition(" v")
        if not name:
            raise MLGatesError(
                f"{reference!r} is no version of a registered model",
                want='"models:/NAME/7" or "models:/NAME@ALIAS"',
            )
        return Version(name=name, number=number, digest=digest)

    def holder(self, name: str, alias: str) -> str | None:
        """See ``runner.promotion.Registry``."""
        with self._store(f"models:/{name}") as (client, _):
            found = client.get_registered_model(name).aliases.get(alias)
        return None if found is None else str(found)

    def attach(self, version: Version, evidence: Path) -> bool:
        """See ``runner.promotion.Registry``."""
        with self._store(str(version)) as (client, _):
            run = client.get_model_version(version.name, version.number).run_id
            if not run:
                return False
            client.log_artifact(run, str(evidence), f"{_FOLDER}/v{version.number}")
        return True

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """See ``runner.promotion.Registry``."""
        with self._store(str(version)) as (client, _):
            for key, value in tags.items():
                client.set_model_version_tag(version.name, version.number, key, value)

    def point(self, version: Version, alias: str) -> None:
        """See ``runner.promotion.Registry``."""
        with self._store(str(version)) as (client, _):
            client.set_registered_model_alias(version.name, alias, version.number)

    @contextlib.contextmanager
    def _store(self, what: str) -> Iterator[tuple[Any, Store]]:
        with contained():
            mlflow = optional("mlflow", extra="mlflow", why="a promotion")
            uri = tracking_uri(self.base)
            os.environ["MLFLOW_TRACKING_URI"] = uri
            try:
                yield mlflow.MlflowClient(tracking_uri=uri), Store(mlflow, uri)
            except MLGatesError:
                raise
            except (Exception, SystemExit) as error:
                raise trouble(error, what, uri) from None

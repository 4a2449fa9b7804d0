"""Evidence in an MLflow run: tags, the numbers of each gate as metrics, and the file itself."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.integrations.mlflow import contained
from pytest_mlgates.integrations.mlflow_store import tracking_uri, trouble

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.core.evidence import Evidence

_FOLDER = "mlgates"
_NUMBERS = ("estimate", "lower", "upper")
_LONGEST = 200  # of MLflow's 250 characters


def report(evidence: Evidence, path: Path, run: str, base: Path) -> None:
    """Add *evidence* to the MLflow run *run*; what an earlier report left there is replaced.

    Numbers that this run does not have stay as they were.

    Tags ``mlgates.result``, ``mlgates.complete``, ``mlgates.evidence_sha256``; metrics
    ``mlgates.<gate>.estimate`` and so on; the file under ``mlgates/``.

    Args:
        evidence: What *path* holds.
        path: The file.
        run: Its id, also as ``runs:/ID``.
        base: The folder of the configuration.

    Raises:
        MLGatesError: without MLflow, the run, or the store.
    """
    name = run.removeprefix("runs:/").strip("/")
    with contained():
        mlflow = optional("mlflow", extra="mlflow", why="a report in an MLflow run")
        uri = tracking_uri(base)
        os.environ["MLFLOW_TRACKING_URI"] = uri
        try:
            client: Any = mlflow.MlflowClient(tracking_uri=uri)
            client.get_run(name)  # raises for one that does not exist
            client.log_artifact(name, str(path), _FOLDER)
            for key, value in _metrics(evidence).items():
                client.log_metric(name, key, value)
            for key, text in _tags(evidence, path).items():  # last: they say that all is there
                client.set_tag(name, key, text)
        except MLGatesError:
            raise
        except (Exception, SystemExit) as error:
            raise trouble(error, f"runs:/{name}", uri) from None


def _tags(evidence: Evidence, path: Path) -> dict[str, str]:
    return {
        "mlgates.result": evidence.result,
        "mlgates.complete": str(evidence.complete).lower(),
        "mlgates.evidence_sha256": sha256_of_file(path).removeprefix("sha256:"),
    }


def _metrics(evidence: Evidence) -> dict[str, float]:
    found: dict[str, float] = {}
    named: set[str] = set()
    for verdict in evidence.verdicts:
        gate = _name(verdict.id, named)
        named.add(gate.casefold())  # databases may compare without case
        for side in _NUMBERS:
            value = getattr(verdict, side)
            if value is not None:
                found[f"mlgates.{gate}.{side}"] = value
    return found


def _name(gate: str, named: set[str]) -> str:
    """*gate* in what MLflow admits in the name of a metric; another for every id of a run."""
    name = re.sub(r"[^\w.\- /]", "_", gate.replace("::", "/"), flags=re.ASCII)
    if name != posixpath.normpath(name).strip("./"):  # MLflow refuses what may leave a folder
        name = "_".join(part for part in name.split("/") if part.strip("."))
    if len(name) > _LONGEST or not name or name.casefold() in named:
        digest = hashlib.sha256(gate.encode()).hexdigest()[:12]
        name = f"{name[:_LONGEST]}-{digest}"
    return name

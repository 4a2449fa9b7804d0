"""Quality gates for machine learning: nothing passes without evidence.

Names load when they are first used: pytest imports this package in every project that has it
installed, and there it must cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_mlgates.core.errors import GateFailure as GateFailure
    from pytest_mlgates.core.errors import MLGatesError as MLGatesError
    from pytest_mlgates.core.evidence import Evidence as Evidence
    from pytest_mlgates.core.tracing import trace as trace
    from pytest_mlgates.core.verdict import Bound as Bound
    from pytest_mlgates.core.verdict import Finding as Finding
    from pytest_mlgates.core.verdict import Outcome as Outcome
    from pytest_mlgates.core.verdict import Policy as Policy
    from pytest_mlgates.core.verdict import Verdict as Verdict
    from pytest_mlgates.engines.seeding import seed as seed
    from pytest_mlgates.extensions import hookimpl as hookimpl
    from pytest_mlgates.extensions.fingerprints import register_fingerprint as register_fingerprint
    from pytest_mlgates.integrations.keras_trace import trace_keras as trace_keras
    from pytest_mlgates.integrations.torch_trace import trace_torch as trace_torch
    from pytest_mlgates.runner.functions import data_schema as data_schema
    from pytest_mlgates.runner.functions import fairness as fairness
    from pytest_mlgates.runner.functions import metric as metric
    from pytest_mlgates.runner.functions import reproducibility as reproducibility
    from pytest_mlgates.runner.reading import read_table as read_table

_EXPORTS = {
    "Bound": "pytest_mlgates.core.verdict",
    "Evidence": "pytest_mlgates.core.evidence",
    "Finding": "pytest_mlgates.core.verdict",
    "GateFailure": "pytest_mlgates.core.errors",
    "MLGatesError": "pytest_mlgates.core.errors",
    "Outcome": "pytest_mlgates.core.verdict",
    "Policy": "pytest_mlgates.core.verdict",
    "Verdict": "pytest_mlgates.core.verdict",
    "data_schema": "pytest_mlgates.runner.functions",
    "fairness": "pytest_mlgates.runner.functions",
    "hookimpl": "pytest_mlgates.extensions",
    "metric": "pytest_mlgates.runner.functions",
    "read_table": "pytest_mlgates.runner.reading",
    "register_fingerprint": "pytest_mlgates.extensions.fingerprints",
    "reproducibility": "pytest_mlgates.runner.functions",
    "seed": "pytest_mlgates.engines.seeding",
    "trace": "pytest_mlgates.core.tracing",
    "trace_keras": "pytest_mlgates.integrations.keras_trace",
    "trace_torch": "pytest_mlgates.integrations.torch_trace",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        import os
        from importlib import import_module

        if name.startswith("trace") and "MLGATES_STAGES" in os.environ:  # a command of a gate
            import_module("pytest_mlgates.engines.command_stages").listen()
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS])

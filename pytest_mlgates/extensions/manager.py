"""The plugin manager of the light core (pytest's own manager is the plugin layer's business)."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

import pluggy

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.extensions import hookspecs

if TYPE_CHECKING:
    from collections.abc import Iterable

# Named by string: the layers below never import them, and a kind that a run does not use costs
# nothing. tests/contracts resolves every name here.
BUILTIN_KINDS = {
    "data_schema": "pytest_mlgates.gates.data_schema.kind",
    "metric": "pytest_mlgates.gates.metric",
    "fairness": "pytest_mlgates.gates.fairness",
    "reproducibility": "pytest_mlgates.gates.reproducibility",
}
INTEGRATIONS = (
    "pytest_mlgates.integrations.fairlearn",
    "pytest_mlgates.integrations.great_expectations",
    "pytest_mlgates.integrations.mlflow",
    "pytest_mlgates.integrations.mlflow_ledger",
    "pytest_mlgates.integrations.mlflow_metrics",
    "pytest_mlgates.integrations.model_files",
    "pytest_mlgates.integrations.skops",
    "pytest_mlgates.integrations.sklearn_trace",
)


@cache
def manager() -> pluggy.PluginManager:
    """The one manager of this process, with the integrations and installed plugins registered."""
    found = pluggy.PluginManager("mlgates")
    found.add_hookspecs(hookspecs)
    for name in INTEGRATIONS:
        found.register(importlib.import_module(name), name)
    found.load_setuptools_entrypoints("mlgates")
    return found


def load_plugins(names: Iterable[str]) -> None:
    """Register the modules *names* (from ``plugins = […]``).

    Raises:
        MLGatesError: if one does not import.
    """
    for name in names:
        if manager().has_plugin(name):
            continue
        try:
            module = importlib.import_module(name)
        except (Exception, SystemExit) as error:
            raise MLGatesError(
                f"plugin {name!r} does not import",
                got=f"{type(error).__name__}: {error}",
                fix='name an importable module; `pythonpath = ["."]` adds the project\'s folder',
            ) from None
        manager().register(module, name)
        try:
            manager().check_pending()
        except pluggy.PluginValidationError as error:
            if error.plugin is not module:  # an installed one, for another version perhaps
                continue
            manager().unregister(name=name)
            known = sorted(hook for hook in vars(hookspecs) if hook.startswith("mlgates_"))
            raise MLGatesError(
                f"plugin {name!r} implements no hook of pytest-mlgates",
                got=str(error).strip().splitlines()[0],
                want=f"one of {listing(known, 20)}",
            ) from None


def gate_kind(name: str) -> Any:
    """The gate kind *name* (a ``GateKind``), built-in or registered.

    Raises:
        MLGatesError: if no plugin registered it.
    """
    if name in BUILTIN_KINDS:
        return importlib.import_module(BUILTIN_KINDS[name]).KIND
    registered = {kind.name: kind for kind in _listed("mlgates_gate_kinds", "GateKind")}
    if name in registered:
        return registered[name]
    known = [*BUILTIN_KINDS, *registered]
    raise MLGatesError(
        f"unknown kind of gate {name!r}",
        want=f"one of {listing(known)}",
        fix=did_you_mean(name, known)
        or 'a kind of your own is registered by a module named in `plugins = ["…"]`',
    )


def registered_metrics() -> dict[str, Any]:
    """The metrics that plugins register (``OwnMetric``), by name.

    Raises:
        MLGatesError: for a name that two of them register.
    """
    found: dict[str, Any] = {}
    for metric in _listed("mlgates_metrics", "OwnMetric"):
        if metric.name in found:
            raise MLGatesError(
                f"two plugins register the metric {metric.name!r}",
                want="one meaning of each name",
            )
        found[metric.name] = metric
    return found


def kind_names() -> list[str]:
    """All known kinds, built-in first, without importing the built-in ones."""
    return [*BUILTIN_KINDS, *(kind.name for kind in _listed("mlgates_gate_kinds", "GateKind"))]


def _listed(hook: str, kind: str) -> list[Any]:
    """What all plugins add by *hook*, the last registered first: objects of the class *kind*.

    Raises:
        MLGatesError: naming the plugin, if it raises or gives something else.
    """
    found: list[Any] = []
    for implementation in reversed(getattr(manager().hook, hook).get_hookimpls()):
        where = f"{hook} of plugin {implementation.plugin_name!r}"
        want = f"a list of {kind}"
        try:
            given = implementation.function()
        except (Exception, SystemExit) as error:
            got = f"{type(error).__name__}: {error}"
            raise MLGatesError(f"{where} raised", got=got, want=want) from error
        if given is None:
            continue
        if not isinstance(given, list | tuple) or not all(
            any(base.__name__ == kind for base in type(one).__mro__) for one in given
        ):
            raise MLGatesError(f"{where} gives something else", got=repr(given)[:100], want=want)
        found += given
    return found

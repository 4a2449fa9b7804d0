"""Types that fingerprints learn from outside: by function, by plugin, by our own integrations."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.extensions import manager as managers

if TYPE_CHECKING:
    from collections.abc import Callable

# By the library whose values they know. A value of its type can only exist where it has been
# imported: nothing is loaded for a library that is not in use.
FRAMEWORKS = {
    "torch": "pytest_mlgates.integrations.torch",
    "keras": "pytest_mlgates.integrations.keras",
    "tensorflow": "pytest_mlgates.integrations.tensorflow",
    "xgboost": "pytest_mlgates.integrations.xgboost",
    "lightgbm": "pytest_mlgates.integrations.lightgbm",
}
# Of these libraries, fingerprints know every type that they can know.
_KNOWN = {"numpy", "pandas", "polars", "pyarrow", "scipy", "sklearn", *sys.stdlib_module_names}

_functions: dict[type, Callable[[Any], Any]] = {}


def register_fingerprint(kind: type, function: Callable[[Any], Any]) -> None:
    """Teach fingerprints a type: ``register_fingerprint(Index, lambda index: {"ids": index.ids})``.

    To be called at the top level of a module, such as conftest.py: a fresh process imports it.

    Args:
        kind: The type; its subclasses are known too.
        function: What a value consists of, as the hook ``mlgates_fingerprint`` returns it.

    Raises:
        MLGatesError: if *kind* is no type or *function* no function; or if another module has
            registered the type.
    """
    given: Any = kind  # whatever it is: types bind nobody at run time
    if not isinstance(given, type) or not callable(function):
        raise MLGatesError(
            "register_fingerprint takes a type and a function",
            got=f"{type(kind).__name__} and {type(function).__name__}",
            want='register_fingerprint(Index, lambda index: {"ids": index.ids})',
        )
    before = _functions.get(kind)
    if before is not None and before.__module__ != function.__module__:
        raise MLGatesError(
            f"two modules register a fingerprint of {kind.__module__}.{kind.__qualname__}",
            got=f"{before.__module__} and {function.__module__}",
            want="one meaning of each type",
        )
    _functions[kind] = function


def parts_of(value: Any) -> Any:
    """What *value* consists of, according to whoever knows its type; None if nobody does."""
    if _functions:
        for base in type(value).__mro__:
            if base in _functions:
                return _functions[base](value)
    if type(value).__module__.partition(".")[0] in _KNOWN:
        return None
    manager = managers.manager()
    for library, module in FRAMEWORKS.items():
        if library in sys.modules and not manager.has_plugin(module):
            manager.register(importlib.import_module(module), module)
    return manager.hook.mlgates_fingerprint(value=value)


def modules() -> dict[str, bool]:
    """The modules that another process must import to know the same types.

    Each with whether it is to be registered as a plugin, which importing alone does not do.
    """
    found = {str(function.__module__): False for function in _functions.values()}
    if managers.manager.cache_info().currsize:
        manager = managers.manager()
        installed = [plugin for plugin, _ in manager.list_plugin_distinfo()]
        own = {*managers.INTEGRATIONS, *FRAMEWORKS.values()}
        for name, plugin in manager.list_name_plugin():
            if name in sys.modules and name not in own and plugin not in installed:
                found[name] = True
    return found

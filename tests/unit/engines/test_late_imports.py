from __future__ import annotations

import importlib
import sys

import pytest

from pytest_mlgates.engines.late_imports import when_imported


@pytest.fixture
def library(tmp_path, monkeypatch):
    folder = tmp_path / "late_library"
    folder.mkdir()
    (folder / "__init__.py").write_text("VALUE = 1\n")
    (folder / "part.py").write_text("import late_library\nVALUE = late_library.VALUE + 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "late_library"
    for name in [name for name in sys.modules if name.startswith("late_library")]:
        del sys.modules[name]


def test_the_action_gets_the_module_once_it_is_whole(library):
    seen = []
    with when_imported({f"{library}.part": lambda module: seen.append(module.VALUE)}):
        importlib.import_module(library)
        assert seen == []
        module = importlib.import_module(f"{library}.part")
        importlib.import_module(f"{library}.part")
    assert seen == [2]
    kind = "SourceFileLoader"
    assert type(module.__spec__.loader).__name__ == type(module.__loader__).__name__ == kind


def test_what_is_imported_already_is_acted_on_at_once(library):
    importlib.import_module(library)
    seen = []
    with when_imported({library: lambda module: seen.append(module.VALUE)}):
        assert seen == [1]


def test_blocks_within_one_another_all_act(library):
    seen = []
    with (
        when_imported({library: lambda _: seen.append("outer")}),
        when_imported({library: lambda _: seen.append("inner")}),
    ):
        importlib.import_module(library)
    assert sorted(seen) == ["inner", "outer"]


def test_after_the_block_nothing_is_left(library):
    before = list(sys.meta_path)
    with when_imported({library: lambda _: pytest.fail("acted")}):
        pass
    assert sys.meta_path == before
    importlib.import_module(library)


def test_a_module_that_does_not_exist_stays_missing():
    with when_imported({"late_nothing": print}), pytest.raises(ModuleNotFoundError):
        importlib.import_module("late_nothing")

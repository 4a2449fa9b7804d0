"""The page about fingerprints: what it shows runs, and what it names exists."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from pytest_mlgates.engines import hashing
from pytest_mlgates.engines.fingerprint import fingerprint
from pytest_mlgates.extensions import fingerprints
from pytest_mlgates.extensions.manager import load_plugins, manager

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/fingerprints.md").read_text()
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
SHOP = """
class Index:
    def __init__(self, ids):
        self.ids, self.vectors = ids, [0.5]

class Catalogue:
    def __init__(self, entries):
        self.entries = entries
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "shop_plugin.py").write_text(BLOCKS["shop_plugin.py"])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fingerprints, "_functions", {})
    for name in ("shop", "shop_plugin"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    exec(BLOCKS["conftest.py"], {"__name__": "conftest"})
    load_plugins(["shop_plugin"])
    yield sys.modules["shop"]
    manager().unregister(name="shop_plugin")
    for name in ("shop", "shop_plugin"):  # other tests have a shop of their own
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["Index", "Catalogue"])
def test_types_of_ones_own_have_fingerprints(shop, name):
    kind = getattr(shop, name)
    assert fingerprint(kind([1])) == fingerprint(kind([1]))
    assert fingerprint(kind([1])) != fingerprint(kind([2]))


def test_the_form_on_the_page_is_the_one_in_use():
    assert f"`{hashing.FORM.decode()}`" in PAGE


def test_the_files_and_targets_that_it_names_exist():
    assert (ROOT / re.search(r"`(tests/\S+\.json)`", PAGE)[1]).is_file()
    target = re.search(r"`make (\S+)`", PAGE)[1]
    assert f"\n{target}:" in (ROOT / "Makefile").read_text()

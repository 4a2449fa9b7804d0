"""The page for auditors names nothing that the evidence does not have."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/auditors.md").read_text(encoding="utf-8")
SCHEMA = json.loads(
    resources.files("pytest_mlgates.core").joinpath("evidence.schema.json").read_text()
)


def keys_of(schema) -> set[str]:
    """Every key that *schema* gives a meaning to."""
    if isinstance(schema, list):
        return set().union(*map(keys_of, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {}))
    return own.union(*map(keys_of, schema.values()))


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_key_in_the_tables_is_one_of_the_schema():
    named = {key for row in rows() for cell in row for key in re.findall(r"`([^`]+)`", cell)}
    assert len(named) > 30
    assert named - keys_of(SCHEMA) == set()


def test_every_row_says_where_it_is_from_what_there_is_and_what_is_not():
    found = [row for row in rows() if row[0] not in {"requirement", "subcategory"}]
    assert len(found) == 15
    assert {len(row) for row in found} == {4}
    assert {row[1] for row in found} == {"read", "summary", "cited"}
    assert all("`" in row[2] for row in found)
    assert all(len(row[3]) > 10 for row in found)


def test_the_page_says_what_it_is_not_and_quotes_no_date():
    assert "no legal advice and no conformity assessment" in PAGE
    assert not re.search(r"20\d\d-\d\d|\b(January|February|August|December) 20", PAGE)


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).resolve().is_file()

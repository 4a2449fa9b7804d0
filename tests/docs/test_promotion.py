"""The README's promotion is what ``examples/promote.py`` runs; ``make promote`` runs it in CI.

It takes a minute, so it runs there and not here as well: these hold the script to its word.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REPORTS = ROOT / "docs" / "reports"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "examples")
    return importlib.import_module("promote")


def test_the_script_finds_the_whole_path_in_the_readme(script: Any) -> None:
    steps = script.steps_of(README)
    words = [" ".join(step.command.split()[:2]) for step in steps]
    whole = [
        "python train.py",
        "mlgates check",
        "mlgates sign",
        "mlgates verify",
        "mlgates promote",
    ]
    assert [word for word in words if word in whole] == [
        *("python train.py", *whole),
        *("python train.py", "mlgates check", "mlgates promote"),
    ]
    refused = [step.command for step in steps if step.code]
    assert refused == [one.command for one in steps if "unfair.json" in one.command]


def test_every_command_of_the_readme_is_one(script: Any) -> None:
    commands = [step.command for step in script.steps_of(README)]
    ours = [shlex.split(one)[1:] for one in commands if one.startswith("mlgates ")]
    assert len(ours) == 6
    for command, *arguments in ours:
        parser = argparse.ArgumentParser()
        importlib.import_module(f"pytest_mlgates.cli.{command}").add_arguments(parser)
        assert parser.parse_args(arguments)


@pytest.mark.parametrize(
    "spoilt",
    ["nothing", "a complaint", "a refusal that did not come", "a champion that is another"],
)
def test_the_script_fails_unless_all_is_as_it_must_be(
    script: Any, tmp_path: Path, spoilt: str
) -> None:
    journey = script.Journey(tmp_path)
    journey.champion = "2"
    titles = ["edited", "swapped file", "unfair model", "worse model", "swapped version"]
    journey.table = [(title, "a reason", []) for title in titles]
    if spoilt == "a complaint":
        journey.table[2][2].append("champion is v3, want v2")
    elif spoilt == "a refusal that did not come":
        journey.table[0] = ("edited", "", [])
    elif spoilt == "a champion that is another":
        journey.champion = "1"
    assert script.end(journey, 1.0) == (0 if spoilt == "nothing" else 1)


@pytest.mark.parametrize("name", ["income", "unfair"])
def test_the_reports_of_the_docs_are_whole_and_name_no_machine(name: str) -> None:
    texts = {
        ending: (REPORTS / f"{name}.{ending}").read_text(encoding="utf-8")
        for ending in ("html", "md", "sarif", "gitlab.json")
    }
    for ending, text in texts.items():
        found = re.findall(r"(?<![\w.:/<])/(?:home|root|tmp|work|Users|var|opt)/[^\s\"<]*", text)
        assert found == [], f"{name}.{ending}"
    results = json.loads(texts["sarif"])["runs"][0]["results"]
    ids = [one["ruleId"] for one in results]
    assert ids == ([] if name == "income" else ["sex-parity", "equal-opportunity"])
    assert [one["check_name"] for one in json.loads(texts["gitlab.json"])] == ids
    for shown in ("md", "html"):
        assert "reproducible-training" in texts[shown]
    assert texts["md"].startswith(f"## ML gates: {'PASSED' if name == 'income' else 'FAILED'}")

"""``mlgates report``: one record, shown where people work, and nothing in it can break out."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.statement import EXTENSION
from tests.keys import write_keys
from tests.projects import BAD_DATA, CONFIGURATION, record_in, write_project

STRICT = CONFIGURATION.replace("max = 0.4", "max = 0.02").replace("min = 0.6", "min = 0.78")
HOSTILE = "<script>alert(1)</script>::error::%0A|`](x)"


def ran(capsys, *arguments):
    code = main(list(arguments))
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    """A failed contract, an undecided metric and parity, a training that repeats."""
    write_project(tmp_path, data=BAD_DATA, configuration=STRICT)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 1
    capsys.readouterr()
    return tmp_path


def statuses():
    found = record_in(Path(".mlgates/evidence.json"))["verdicts"]
    return {one["id"]: (one["outcome"], one["finding"]) for one in found}


class Page(HTMLParser):
    """Its tags, and what they would load or run."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.foreign, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            loads = name in {"src", "href", "srcset", "action", "data", "poster"}
            if name.startswith("on") or (loads and not str(value).startswith("#")):
                self.foreign.append((tag, name, value))

    def handle_data(self, data):
        self.text += data


def test_without_a_wish_the_run_is_shown_again(project, capsys):
    code, out, _ = ran(capsys, "report")
    assert code == 0
    assert " FAIL " in out
    assert "4 gates: " in out


def test_the_page_says_which_commit_and_model_it_is_about(project, capsys):
    Path("model.onnx").write_bytes(b"weights")
    main(["check", "--json", "run.json", "--subject", "model.onnx"])
    record = json.loads(Path("run.json").read_text())
    record["commit"] = {"sha": "0123abcd" * 5, "dirty": True}
    Path("run.json").write_text(json.dumps(record))
    capsys.readouterr()
    _, out, _ = ran(capsys, "report", "run.json", "--html", "-")
    text = Page(out).text
    assert f"{'0123abcd' * 5}, and tracked files differed from it" in text
    assert re.search(r"model\.onnx sha256:[0-9a-f]{64}", text)


def test_the_page_holds_every_gate_and_loads_nothing(project, capsys):
    assert ran(capsys, "report", "--html", "report.html")[0] == 0
    text = Path("report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.foreign == []
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    assert "url(" not in text
    assert "@import" not in text
    for name in ("schema", "accuracy", "parity", "training"):
        assert name in page.text
    assert "expect_column_values_to_be_between" in page.text
    assert "1 of 2" in page.text  # the value of 130 among two ages
    assert "selection_rate by sex" in page.text
    assert text.count('class="dot"') >= 4  # accuracy, parity, and both groups


def test_the_stages_of_a_training_stand_in_a_table_with_the_first_that_differs(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("drifting_training.py").write_text(
        "from itertools import count\nfrom pytest_mlgates import trace\nruns = count()\n"
        "def train():\n    trace('split', [1])\n    trace('weights', [next(runs)])\n"
        "    return [0]\n"
    )
    Path("mlgates.toml").write_text(
        'pythonpath = ["."]\n[gates.again]\nkind = "reproducibility"\n'
        'entry = "drifting_training:train"\nfresh_process = false\n'
    )
    assert main(["check"]) == 1
    assert main(["report", "--html", "-"]) == 0
    out = capsys.readouterr().out
    table = out[out.index("Fingerprints of the stages") :]
    rows = re.findall(r'<tr><th scope="row">(\w+)</th>(.*?)</tr>', table)
    assert ["differs" in cells for _, cells in rows[:2]] == [False, True]
    assert [name for name, _ in rows[:2]] == ["split", "weights"]


def test_earlier_runs_are_drawn_beside(project, capsys):
    old = record_in(Path(".mlgates/evidence.json"))
    old["created"] = "2026-01-01T00:00:00+00:00"
    for verdict in old["verdicts"]:
        if verdict["id"] == "accuracy":
            verdict["estimate"] = 0.7
    Path("old.json").write_text(json.dumps(old))
    assert ran(capsys, "report", "--html", "report.html", "--history", "old.json")[0] == 0
    text = Path("report.html").read_text()
    assert "estimates over 2 runs: 0.700, 0.800" in text


def test_what_is_hostile_in_names_is_text_everywhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = "".join(
        f"{i % 2},{i % 2 if i % 3 else 0},{'<b>' if i % 2 else 'x'}\n" for i in range(60)
    )
    Path("t.csv").write_text(f"y_true,y_pred,<i>\n{rows}")
    Path("mlgates.toml").write_text(
        f'[tables.t]\npath = "t.csv"\n[gates."{HOSTILE}"]\nkind = "fairness"\ntable = "t"\n'
        'metric = "demographic_parity_difference"\nby = "<i>"\nmax = 0.01\n'
    )
    assert main(["check"]) == 1
    capsys.readouterr()
    assert ran(capsys, "report", "--html", "r.html", "--markdown", "r.md", "--github")[0] == 0
    page = Page(Path("r.html").read_text())
    assert not {"script", "b", "alert"} & set(page.tags)
    assert HOSTILE in page.text
    out = ran(capsys, "report", "--github")[1]
    assert [line[:8] for line in out.splitlines()] == ["::error "]  # no command of its own
    assert "<script>" not in re.sub(r"```text.*?```", "", Path("r.md").read_text(), flags=re.DOTALL)


def test_code_scanning_gets_what_is_no_plain_pass_at_its_line(project, capsys):
    from sarif_pydantic import Sarif  # type: ignore[import-not-found]

    assert ran(capsys, "report", "--sarif", "r.sarif")[0] == 0
    text = Path("r.sarif").read_text()
    run = Sarif.model_validate_json(text).runs[0]
    log = json.loads(text)["runs"][0]
    want = {name for name, told in statuses().items() if told != ("passed", "proven")}
    assert {one["ruleId"] for one in log["results"]} == want
    rules = {one.id: one for one in run.tool.driver.rules}
    assert len(rules) == 4
    for one in rules.values():  # what GitHub takes no rule without
        assert all((one.short_description.text, one.full_description.text, one.help.text))
    assert "by sex: max 0.02." in rules["parity"].full_description.text
    assert "`mlgates check parity`" in rules["parity"].help.text
    lines = Path("pyproject.toml").read_text().splitlines()
    for one in log["results"]:
        assert log["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["kind"] == "fail" or one["level"] == "none"  # as the standard demands
        place = one["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "pyproject.toml"
        line = lines[place["region"]["startLine"] - 1]
        assert line == f"[tool.mlgates.gates.{one['ruleId']}]"


def test_a_waiver_is_a_suppression_with_its_reason(project, capsys):
    with Path("pyproject.toml").open("a") as stream:
        stream.write(
            '\n[[tool.mlgates.waivers]]\ngate = "schema"\nowner = "ana"\nreason = "ticket 12"\n'
            "expires = 2999-01-01\n"
        )
    main(["check"])
    capsys.readouterr()
    out = ran(capsys, "report", "--sarif", "-")[1]
    results = {one["ruleId"]: one for one in json.loads(out)["runs"][0]["results"]}
    assert results["schema"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "ana: ticket 12"}
    ]
    assert not any("suppressions" in one for name, one in results.items() if name != "schema")


def test_findings_keep_their_fingerprint_from_run_to_run(project, capsys):
    first = json.loads(ran(capsys, "report", "--gitlab", "-")[1])
    main(["check"])
    capsys.readouterr()
    second = json.loads(ran(capsys, "report", "--gitlab", "-")[1])
    assert [one["fingerprint"] for one in first] == [one["fingerprint"] for one in second]
    assert len({one["fingerprint"] for one in first}) == len(first) > 0
    for one in first:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert Path(one["location"]["path"]).is_file()


def test_github_shows_ten_errors_and_the_tenth_counts_the_rest(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("a\n1\n")
    Path("s.json").write_text(
        '{"expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "b"}}]}'
    )
    gates = "".join(
        f'[gates.g{i}]\nkind = "data_schema"\ntable = "t"\nsuite = "s.json"\n' for i in range(13)
    )
    Path("mlgates.toml").write_text(f'[tables.t]\npath = "t.csv"\n{gates}')
    main(["check"])
    capsys.readouterr()
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    lines = ran(capsys, "report", "--github")[1].splitlines()
    assert len(lines) == 10
    assert lines[-1].endswith("4 more: g9, g10, g11, g12")
    assert lines[0].startswith("::error file=mlgates.toml,line=3,title=gate 'g0' failed::gate 'g0'")
    assert "g12" in summary.read_text()


def test_paths_are_those_of_the_repository_where_the_project_is_a_folder_of_it(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / ".git").mkdir()
    package = tmp_path / "packages/one"
    write_project(package, data=BAD_DATA)
    monkeypatch.chdir(package)
    main(["check"])
    capsys.readouterr()
    (found,) = json.loads(ran(capsys, "report", "--gitlab", "-")[1])
    assert found["location"]["path"] == "packages/one/pyproject.toml"


def test_signed_evidence_is_shown_as_it_is(project, capsys):
    write_keys(project)
    assert main(["sign", ".mlgates/evidence.json", "--key", "key.pem", "-o", "signed.json"]) == 0
    capsys.readouterr()
    plain = ran(capsys, "report", "--markdown", "-")
    assert ran(capsys, "report", "signed.json", "--markdown", "-") == plain
    code = ran(capsys, "report", "signed.json", "--html", "r.html", "--history", "signed.json")[0]
    assert code == 0
    assert "expect_column_values_to_be_between" in Path("r.html").read_text()


@pytest.mark.parametrize("content", [None, "folder", "", "{}", "no json"])
def test_an_earlier_run_that_cannot_be_read_is_misuse_that_names_it(project, capsys, content):
    if content == "folder":
        Path("old.json").mkdir()
    elif content is not None:
        Path("old.json").write_text(content)
    code, out, err = ran(capsys, "report", "--html", "r.html", "--history", "old.json")
    assert (code, out) == (2, "")
    assert "'old.json'" in err
    assert not Path("r.html").exists()


@pytest.mark.parametrize(
    "place",
    [
        "/etc/passwd:1",
        "../elsewhere.py:3",
        "pyproject.toml:0",
        f"pyproject.toml:{'9' * 5000}",
        "a\0b:1",
        "x" * 5000,
        "gone.py:7",
        ".:1",
    ],
)
def test_a_place_that_is_no_line_of_the_repository_is_shown_at_one(project, capsys, place):
    content = json.loads(Path(".mlgates/evidence.json").read_text())
    for verdict in content["predicate"][EXTENSION]["verdicts"]:
        verdict["where"] = place
    Path(".mlgates/evidence.json").write_text(json.dumps(content))
    code, out, err = ran(capsys, "report", "--sarif", "-")
    assert code == 0, err
    for one in json.loads(out)["runs"][0]["results"]:
        found = one["locations"][0]["physicalLocation"]
        assert found["region"]["startLine"] >= 1
        assert not found["artifactLocation"]["uri"].startswith(("/", ".."))
        assert str(project) not in out


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("waivers", [{"owner": "ana"}]),
        ("holdout", {"table": "t"}),
        ("groups", [{"group": ["a"]}]),
    ],
)
def test_evidence_with_a_part_that_lacks_something_is_misuse(project, capsys, part, value):
    content = json.loads(Path(".mlgates/evidence.json").read_text())
    content["predicate"][EXTENSION]["verdicts"][0][part] = value
    Path(".mlgates/evidence.json").write_text(json.dumps(content))
    code, _, err = ran(capsys, "report", "--html", "-")
    assert code == 2
    assert "holds no evidence" in err
    assert part in err


PRIVATE = """
y_true = "label"

[tables.people]
path = "people.csv"
private = true

[gates.schema]
kind = "data_schema"
table = "people"
suite = "suite.json"

[gates.parity]
kind = "fairness"
table = "people"
metric = "demographic_parity_difference"
y_pred = "bad"
by = "group"
max = 0.01

[gates.slices]
kind = "metric"
table = "people"
metric = "accuracy"
y_pred = "bad"
by = "group"
min = 0.9
"""


def test_no_report_of_a_private_table_has_a_value_a_group_or_a_small_count(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    sizes = {"zqCanaryA": 150, "zqCanaryB": 143, "zqCanaryFew": 7}
    groups = [name for name, size in sizes.items() for _ in range(size)]
    rows = "".join(f"{i % 2},{i % 3 % 2},{name}\n" for i, name in enumerate(groups))
    Path("people.csv").write_text(f"label,bad,group\n{rows}")
    expectations = [
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "group", "value_set": s}}
        for s in (["x"], ["y"])
    ]
    Path("suite.json").write_text(json.dumps({"expectations": expectations}))
    Path("mlgates.toml").write_text(PRIVATE)
    assert main(["check"]) == 1
    capsys.readouterr()
    for kind in ("html", "markdown", "sarif", "gitlab"):
        text = ran(capsys, "report", f"--{kind}", "-")[1]
        assert "parity" in text
        assert "zqCanary" not in text
        if kind == "html":
            cells = re.findall(r'<td class="number">([^<]*)</td>', text)
            assert "7" not in cells
            assert "not shown: few rows" in text
    assert "zqCanary" not in ran(capsys, "report", "--github")[1]
    assert "zqCanary" not in ran(capsys, "report")[1]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (None, "there is no evidence in"),
        ("", "holds no evidence"),
        ("[]", "holds no evidence"),
        ('{"verdicts": 3}', "holds no evidence"),
        ('{"verdicts": [{}]}', "holds no evidence"),
        ("[" * 100_000, "holds no evidence"),
    ],
)
def test_what_is_no_evidence_is_misuse(project, capsys, damage, words):
    path = Path(".mlgates/evidence.json")
    path.unlink() if damage is None else path.write_text(damage)
    code, out, err = ran(capsys, "report", "--html", "r.html")
    assert (code, out) == (2, "")
    assert words in err
    assert not Path("r.html").exists()


def test_a_report_that_cannot_be_written_is_misuse(project, capsys):
    code, _, err = ran(capsys, "report", "--sarif", ".mlgates")
    assert code == 2
    assert "'.mlgates' cannot be written" in err


def test_two_reports_cannot_share_stdout(project, capsys):
    assert ran(capsys, "report", "--sarif", "-", "--github")[0] == 2


def test_without_jinja2_the_page_names_what_to_install(project, capsys, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, _, err = ran(capsys, "report", "--html", "r.html")
    assert code == 2
    assert "pip install 'pytest-mlgates[report]'" in err

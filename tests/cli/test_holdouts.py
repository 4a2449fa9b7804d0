"""Every run says how often its holdout was used, and a budget is spent, never overdrawn."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.projects import record_in

GATES = """
[tables.holdout]
path = "holdout.csv"
{table}
[gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.6
[gates.parity]
kind = "fairness"
table = "holdout"
metric = "demographic_parity_difference"
by = "sex"
max = 0.4
"""


def table(seed=0, rows=300, start=0, flip=0, order=None):
    lines = []
    for i in range(start, start + rows):
        draw = random.Random(i)
        truth, sex = draw.randrange(2), draw.choice("FM")
        right = random.Random(f"{seed} {i}").random() < 0.85 and i >= start + flip
        lines.append(f"{i},{truth},{truth if right else 1 - truth},{sex}\n")
    if order is not None:
        random.Random(order).shuffle(lines)
    Path("holdout.csv").write_text("id,y_true,y_pred,sex\n" + "".join(lines))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configure()
    return tmp_path


def configure(settings="", declared=""):
    Path("mlgates.toml").write_text(settings + GATES.format(table=declared))


def ran(capsys, *arguments):
    code = main(list(arguments or ("check",)))
    return code, capsys.readouterr().out


def used(capsys):
    _, out = ran(capsys)
    (line,) = (line for line in out.splitlines() if line.startswith(" holdout "))
    return line.partition("used ")[2]


def test_distinct_models_are_counted_and_the_same_one_once(project, capsys):
    for seed, want in ((0, "1 time"), (0, "1 time"), (1, "2 times"), (0, "2 times")):
        table(seed)
        assert used(capsys) == want


def test_neither_another_order_nor_another_row_makes_it_new(project, capsys):
    table(0)
    assert used(capsys) == "1 time"
    table(0, order=3)
    assert used(capsys) == "1 time"
    table(0, rows=301)
    assert used(capsys) == "2 times"
    table(0, start=10_000)
    assert used(capsys) == "1 time"


def test_the_count_stands_in_the_evidence_once_for_all_gates_of_a_table(project, capsys):
    table(0)
    ran(capsys)
    found = record_in(Path(".mlgates/evidence.json"))
    (one,) = found["holdouts"]
    assert (one["table"], one["uses"], one["at_least"], one["budget"]) == (
        "holdout",
        1,
        False,
        None,
    )
    assert [verdict["holdout"] for verdict in found["verdicts"]] == [one, one]


def test_with_an_id_only_ids_and_labels_make_the_holdout(project, capsys):
    configure(declared='row_id = "id"')
    table(0)
    assert used(capsys) == "1 time"
    text = Path("holdout.csv").read_text().replace(",F\n", ",W\n")  # another word in a feature
    Path("holdout.csv").write_text(text)
    assert used(capsys) == "1 time"


def test_a_budget_divides_the_error_among_its_evaluations(project, capsys):
    table(0)
    ran(capsys)
    before = record_in(Path(".mlgates/evidence.json"))["verdicts"][0]
    configure(declared="budget = 50")
    out = ran(capsys)[1]
    after = record_in(Path(".mlgates/evidence.json"))["verdicts"][0]
    assert after["lower_confidence"] == pytest.approx(1 - 0.05 / 50)
    assert after["lower"] < before["lower"]
    assert after["definition"] == before["definition"]
    assert "used 1 of 50 times" in out


def test_a_worn_holdout_is_inconclusive_and_never_a_pass(project, capsys):
    configure('inconclusive = "pass"\n', "budget = 2")
    for seed in range(2):
        table(seed)
        assert ran(capsys)[0] == 0
    table(2)
    code, out = ran(capsys)
    assert code == 1
    assert "holdout worn: 3 of 2 evaluations" in out
    verdicts = record_in(Path(".mlgates/evidence.json"))["verdicts"]
    assert {(v["outcome"], v["finding"]) for v in verdicts} == {("failed", "inconclusive")}
    table(2, start=5000)
    assert ran(capsys)[0] == 0  # fresh rows


def test_a_budget_without_a_ledger_that_can_be_kept_is_misuse(project, capsys):
    configure('ledger = "folder.txt"\n', "budget = 2")
    Path("folder.txt").mkdir()
    table(0)
    assert ran(capsys)[0] == 2
    configure('ledger = "folder.txt"\n')
    code, out = ran(capsys)
    assert code == 0
    assert out.count("the ledger of holdouts cannot be kept: not counted") == 1
    assert f"not counted ({Path('folder.txt').resolve()}: Is a directory)" in out


def test_off_counts_nothing_and_writes_nothing(project, capsys):
    configure('ledger = "off"\n')
    table(0)
    assert "holdout" not in ran(capsys)[1].splitlines()[-1]
    assert not Path(".mlgates/holdouts.txt").exists()


def test_an_unknown_ledger_is_told_with_those_that_there_are(project, capsys):
    configure('ledger = "gitnotes"\n', "budget = 3")
    table(0)
    code, out = ran(capsys)
    assert code == 2
    assert "ledger 'gitnotes' is unknown" in out


def test_in_ci_a_ledger_that_nobody_brought_along_knows_only_a_part(project, capsys, monkeypatch):
    monkeypatch.setenv("CI", "true")
    table(0)
    assert used(capsys) == "at least 1 time"


def git(*arguments, folder="."):
    done = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_git_notes_bring_the_count_from_clone_to_clone(project, capsys, monkeypatch):
    configure('ledger = "git-notes"\n')
    git("init", "-q", "-b", "main")
    git("add", "mlgates.toml")
    git("commit", "-qm", "first")
    table(0)
    assert used(capsys) == "at least 1 time"  # nothing was fetched: others may know more
    table(1)
    assert used(capsys) == "2 times"
    assert git("status", "--porcelain", "mlgates.toml") == ""
    git("clone", "-q", ".", "other")
    git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*", folder="other")
    monkeypatch.chdir("other")
    table(2)
    assert used(capsys) == "3 times"
    monkeypatch.chdir("..")
    table(3)
    assert used(capsys) == "3 times"
    # Both went on: the two ledgers merge as sets.
    git("fetch", "-q", "other", "refs/notes/mlgates-holdouts:refs/notes/theirs")
    notes = ("notes", "--ref", "refs/notes/mlgates-holdouts", "merge", "-q")
    git(*notes, "-s", "cat_sort_uniq", "refs/notes/theirs")
    assert used(capsys) == "4 times"


@pytest.mark.slow
def test_runs_at_the_same_time_lose_no_use(project):
    code = (
        "import sys; from pathlib import Path;"
        "from pytest_mlgates.runner.ledgers import FileLedger;"
        "[FileLedger(Path('l.txt')).add([f'evaluation a {sys.argv[1]}-{i}']) for i in range(25)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(4)]
    assert [one.wait() for one in running] == [0] * 4
    assert len(Path("l.txt").read_text().splitlines()) == 100


def test_a_plan_counts_with_the_part_of_the_budget(project, capsys):
    table(0)
    _, whole = ran(capsys, "plan")
    configure(declared="budget = 50")
    _, part = ran(capsys, "plan")
    assert whole != part


def test_tables_with_lists_structures_and_times_are_counted(project, capsys):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    table(0)
    n = 300
    text = Path("mlgates.toml").read_text().replace("holdout.csv", "holdout.parquet")
    Path("mlgates.toml").write_text(text)
    truth = [i % 2 for i in range(n)]
    columns = {
        "y_true": truth,
        "sex": ["F", "M", "M"] * 100,
        "tokens": [[i, 2] for i in range(n)],
        "place": [{"x": i} for i in range(n)],
        "day": [dt.date(2020, 1, 1) + dt.timedelta(i) for i in range(n)],
        "time": [dt.datetime(2020, 1, 1, tzinfo=dt.UTC)] * n,
        "bytes": [b"\xff"] * n,
        "empty": [None] * n,
        "large": pa.array([2**63] * n, pa.uint64()),
    }
    for shift, want in ((0, "1 time"), (0, "1 time"), (1, "2 times")):
        answers = [1 - one if i < shift else one for i, one in enumerate(truth)]
        pq.write_table(pa.table({**columns, "y_pred": answers}), "holdout.parquet")
        assert used(capsys) == want


def test_evidence_of_a_budget_is_verified_with_its_part_of_the_error(project, capsys):
    configure(declared="budget = 50")
    table(0)
    assert ran(capsys, "check", "--evidence", "e.json")[0] == 0
    required = ("--require", "accuracy")
    code, out = ran(capsys, "verify", "e.json", "--policy", "mlgates.toml", *required)
    assert code == 0, out
    configure(declared="budget = 20")
    code, out = ran(capsys, "verify", "e.json", "--policy", "mlgates.toml", *required)
    assert code == 1
    assert "gate 'accuracy' was judged with the budget 50, the policy's is 20" in out


def test_a_waiver_of_a_group_excuses_no_worn_holdout(project, capsys):
    configure(declared="budget = 1")
    waiver = (
        '[[waivers]]\ngate = "parity"\nowner = "ana"\nreason = "x"\nexpires = 2999-01-01\n'
        'group = ["F"]\n'
    )
    text = Path("mlgates.toml").read_text()
    Path("mlgates.toml").write_text(text.replace('by = "sex"', 'by = ["sex"]') + waiver)
    for seed in range(2):
        table(seed)
        ran(capsys)
    verdicts = record_in(Path(".mlgates/evidence.json"))["verdicts"]
    assert [verdict["outcome"] for verdict in verdicts] == ["failed", "failed"]


def test_the_ledger_of_a_private_table_holds_no_hash_of_a_row(project, capsys):
    configure(declared="private = true\nbudget = 3")
    for seed, rows in ((0, 300), (0, 300), (0, 301)):
        table(seed, rows=rows)
        ran(capsys)
    lines = Path(".mlgates/holdouts.txt").read_text().splitlines()
    assert sorted({line.split()[0] for line in lines}) == ["evaluation", "private"]
    assert max(len(part) for line in lines for part in line.split()) == 32
    # Nothing says which rows are shared: what has the same name is the same holdout.
    assert used(capsys) == "2 of 3 times"
    table(1, start=10_000)
    assert used(capsys) == "3 of 3 times"


def test_a_use_that_is_known_needs_no_ledger_that_can_be_written(project, capsys, monkeypatch):
    configure(declared="budget = 3")
    table(0)
    assert ran(capsys)[0] == 0

    def refuse(*_arguments):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("pytest_mlgates.runner.ledgers.ours", refuse)
    assert used(capsys) == "1 of 3 times"
    table(1)
    code, out = ran(capsys)
    assert (code, "the ledger of holdouts cannot be kept" in out) == (2, True)
    configure()
    code, out = ran(capsys)
    assert (code, "the ledger of holdouts cannot be kept: not counted" in out) == (0, True)


def test_a_budget_of_which_nothing_is_counted_is_misuse(project, capsys):
    configure('ledger = "off"\n', "budget = 3")
    table(0)
    assert main(["check"]) == 2
    assert "table 'holdout' has a budget, and no use of it is counted" in capsys.readouterr().err

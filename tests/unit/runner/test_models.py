"""References, what models answer, and champions, without any registry."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pytest_mlgates.core.errors import ColumnError, MLGatesError, NoChampionError
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.engines.features import features_frame
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.gates.models import Model
from pytest_mlgates.runner import references
from pytest_mlgates.runner.answers import ask
from pytest_mlgates.runner.models import champion_resolver, predictions, with_predictions
from pytest_mlgates.runner.references import Roles, stored

if TYPE_CHECKING:
    from pathlib import Path

TABLE = {
    "y_true": [0, 1, 0, 1, 1, 0],
    "sex": ["f", "m", "f", "m", "f", "m"],
    "age": [20, 30, 40, 50, 60, 70],
    "income": [0.1, 0.9, 0.2, 0.8, 0.7, 0.3],
}
SOURCE = """
import numpy as np
CALLS = []

def labels(frame):
    CALLS.append(list(frame.columns))
    return (frame["income"] > 0.5).astype(int)

def both(frame):
    CALLS.append(list(frame.columns))
    return {"y_pred": labels(frame), "y_score": frame["income"].to_numpy()}

def short(frame):
    return np.zeros(2)

def table_of_scores(frame):
    return np.stack([1 - frame["income"], frame["income"]], axis=1)

def only_scores(frame):
    return {"y_score": frame["income"].to_numpy()}

def broken(frame):
    print("canary", frame["income"].iloc[0])
    raise ValueError(f"canary {frame['income'].iloc[0]}")

def loud(frame):
    import warnings
    print("canary")
    warnings.warn("canary", UserWarning)
    return np.zeros(len(frame))

def leaving(frame):
    raise SystemExit(0)

NUMBER = 3
"""


@dataclass
class Settings:
    """A table's settings, as the configuration has them."""

    y_true: str | None = None
    y_pred: str | None = None
    y_score: tuple[str, ...] | None = None
    query: str | None = None
    sample_weight: str | None = None
    cluster: str | None = None
    pos_label: Any = None
    features: tuple[str, ...] | None = None
    predict: str = "predict"
    score: str = "predict_proba"
    unused: list[Any] = field(default_factory=list)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "my_models.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("my_models", None)


def asked(reference: str, base: Path, *, private: bool = False, **given: Any) -> Any:
    options: dict[str, Any] = {"roles": Roles(others=("sex",)), "want": {"y_pred"}, "cache": {}}
    table = to_table(pd.DataFrame(TABLE), name="holdout", private=private)
    return predictions(reference, table, base=base, **{**options, **given})


def stub(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "_load", lambda reference, base: model)


def model(**parts: Any) -> Model:
    given = {"reference": "m", "name": "credit v3", "digest": "sha256:m", "features": None}
    return Model(**{**given, "predict": lambda f: np.zeros(len(f)), **parts})


def test_a_callable_sees_all_columns_but_roles_and_attributes(project: Path) -> None:
    found = asked("my_models:labels", project)
    assert found.features == ("age", "income")
    assert found.y_pred.tolist() == [0, 1, 0, 1, 1, 0]
    assert (found.name, found.model_digest) == ("my_models:labels", None)
    assert found.digest.startswith("sha256:")


def test_features_are_what_was_named(project: Path) -> None:
    assert asked("my_models:labels", project, features=("income",)).features == ("income",)
    with pytest.raises(ColumnError, match="feature 'incme' is not in table 'holdout'"):
        asked("my_models:labels", project, features=("incme",))


def test_a_callable_is_asked_once_per_content(project: Path) -> None:
    import my_models

    cache: dict[Any, Any] = {}
    for want in ({"y_pred"}, {"y_score"}, {"y_pred", "y_score"}):
        asked("my_models:both", project, want=want, cache=cache)
    assert len(my_models.CALLS) == 2  # both, and labels inside it
    asked("my_models:both", project, cache=cache, features=("income",))
    assert len(my_models.CALLS) == 4


def test_an_array_of_a_callable_answers_what_was_asked(project: Path) -> None:
    with pytest.raises(MLGatesError, match="returns one array, and predictions and scores"):
        asked("my_models:labels", project, want={"y_pred", "y_score"})
    with pytest.raises(MLGatesError, match="my_models:only_scores returns no y_pred"):
        asked("my_models:only_scores", project)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("short", r"does not answer for every row\n.*\n*  got:   shape \(2,\)"),
        ("table_of_scores", r"does not answer for every row\n.*\n*  got:   shape \(6, 2\)"),
        ("broken", r"the answer of my_models:broken raised ValueError\n(.*\n)*.*canary 0\.1"),
        ("leaving", "the answer of my_models:leaving raised SystemExit"),
        ("nothing", "'my_models' has no 'nothing'"),
        ("NUMBER", "'my_models:NUMBER' is not callable"),
    ],
)
def test_answers_that_are_none(project: Path, name: str, words: str) -> None:
    with pytest.raises(MLGatesError) as caught:
        asked(f"my_models:{name}", project)
    import re

    assert re.search(words, str(caught.value)), str(caught.value)


def test_two_columns_of_scores_are_not_guessed_at(project: Path) -> None:
    with pytest.raises(MLGatesError, match="it is open which class each stands for"):
        asked("my_models:table_of_scores", project, want={"y_score"})


def test_a_private_table_is_not_quoted_by_the_users_code(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(MLGatesError) as caught:
        asked("my_models:broken", project, private=True)
    assert "canary" not in str(caught.value)
    assert "got:   ValueError" in str(caught.value)
    assert caught.value.__cause__ is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asked("my_models:loud", project, private=True)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("model.pkl", "there is no model file 'model.pkl'"),
        ("net.pt", "model file 'net.pt' is not loaded: there is no loader for such files"),
        ("champion.csv", "'champion.csv' holds predictions and is no model"),
        ("credit", "'credit' names no model"),
        ("no_such_module:f", "'no_such_module' does not import"),
    ],
)
def test_references_that_name_no_model(project: Path, reference: str, words: str) -> None:
    with pytest.raises(MLGatesError) as caught:
        asked(reference, project)
    assert words in str(caught.value)


def test_a_signature_names_the_features(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(model(features=("income",)), monkeypatch)
    assert asked("m", project).features == ("income",)
    stub(model(features=("income", "height")), monkeypatch)
    with pytest.raises(ColumnError, match="credit v3 wants the feature 'height' is not in"):
        asked("m", project)


@pytest.mark.parametrize(
    ("classes", "pos_label", "column"),
    [((0, 1), None, 1), ((0, 1), 0, 0), (("no", "yes"), "no", 0)],
)
def test_the_column_of_the_positive_class(
    project: Path, monkeypatch: pytest.MonkeyPatch, classes: Any, pos_label: Any, column: int
) -> None:
    scores = np.linspace(0, 1, 12).reshape(6, 2)
    stub(model(score=lambda _: scores, classes=classes), monkeypatch)
    found = asked("m", project, want={"y_score"}, roles=Roles(pos_label=pos_label))
    assert found.y_score.tolist() == scores[:, column].tolist()


def test_text_classes_need_a_positive_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(model(score=lambda _: np.ones((6, 2)), classes=("no", "yes")), monkeypatch)
    with pytest.raises(MLGatesError, match="needs to know which label of credit v3"):
        asked("m", project, want={"y_score"})
    with pytest.raises(MLGatesError, match="pos_label 'maybe' does not occur in credit v3"):
        asked("m", project, want={"y_score"}, roles=Roles(pos_label="maybe"))


def test_labels_never_stand_in_for_scores(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(model(), monkeypatch)
    with pytest.raises(MLGatesError) as caught:
        asked("m", project, want={"y_score"})
    assert "credit v3 has no method 'predict_proba', and scores are wanted" in str(caught.value)
    assert "labels never stand in for scores" in str(caught.value)


def test_another_method_by_name(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    margins = np.arange(6.0)
    methods = {"decision_function": lambda _: margins}
    stub(model(method=methods.get, classes=(0, 1)), monkeypatch)
    found = asked("m", project, want={"y_score"}, score="decision_function")
    assert found.y_score.tolist() == margins.tolist()
    other = asked(
        "m", project, want={"y_score"}, score="decision_function", roles=Roles(pos_label=0)
    )
    assert other.y_score.tolist() == (-margins).tolist()
    with pytest.raises(MLGatesError, match="has no method 'decide'"):
        asked("m", project, predict="decide")


def test_equal_predictions_have_equal_digests(project: Path) -> None:
    one = asked("my_models:labels", project)
    other = asked("my_models:labels", project, features=("income",))
    assert one.digest == other.digest
    assert asked("my_models:both", project, want={"y_score"}).digest != one.digest


def test_a_declared_model_adds_its_columns(project: Path) -> None:
    table = to_table(pd.DataFrame(TABLE), name="holdout")
    judged = with_predictions(
        table,
        "my_models:both",
        settings=Settings(features=("income",)),
        attributes=("sex",),
        base=project,
        cache={},
    )
    arrays = judged.arrays(["y_pred", "y_score"])
    assert arrays["y_pred"].tolist() == [0, 1, 0, 1, 1, 0]
    assert arrays["y_score"].tolist() == TABLE["income"]
    assert [one.name for one in judged.origins] == [
        "my_models:both",
        "predictions of my_models:both",
    ]
    parameters = parse(KIND, ("roc_auc",), {"min": 0.5})
    verdict = evaluate(Gate(id="g", kind=KIND, parameters=parameters), judged, Context())
    assert verdict.estimate == 1
    assert [i.name for i in verdict.inputs][1:] == [one.name for one in judged.origins]


def test_a_table_with_predictions_declares_no_model(project: Path) -> None:
    table = to_table(pd.DataFrame({**TABLE, "y_pred": TABLE["y_true"]}), name="holdout")
    with pytest.raises(MLGatesError, match="declares a model and holds predictions already"):
        with_predictions(
            table,
            "my_models:both",
            settings=Settings(),
            attributes=(),
            base=project,
            cache={},
        )


def compared(base: Path, reference: str, table: Any = TABLE, **given: Any) -> Any:
    frame = pd.DataFrame({**table, "y_pred": [0, 1, 0, 1, 1, 0]})
    options = {"no_worse_than": reference, "margin": 0.9, **given}
    parameters = parse(KIND, ("accuracy",), options)
    context = Context(base=base, champion=champion_resolver(base, {}))
    return evaluate(Gate(id="g", kind=KIND, parameters=parameters), frame, context)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_champion_in_a_file(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame({**TABLE, "y_pred": [0, 1, 1, 1, 1, 0]})
    write = {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}
    write[suffix](tmp_path / f"champion.{suffix}")
    verdict = compared(tmp_path, f"champion.{suffix}")
    assert verdict.estimate == pytest.approx(1 / 6)
    assert verdict.finding is Finding.PROVEN
    assert verdict.inputs[1].name == f"champion.{suffix}"


def test_a_champions_file_that_does_not_do(tmp_path: Path) -> None:
    with pytest.raises(NoChampionError, match=r"there are no champion predictions at 'c\.csv'"):
        compared(tmp_path, "c.csv")
    verdict = compared(tmp_path, "c.csv", first=True, min=0.3)
    assert "no champion yet" in verdict.message
    (tmp_path / "c.csv").write_text("y_pred\n1\n")
    with pytest.raises(ColumnError) as caught:
        compared(tmp_path, "c.csv")
    assert "y_true 'y_true' is not in table 'c.csv'" in str(caught.value)
    assert "to prove that the rows are the same" in str(caught.value)
    (tmp_path / "c.csv").write_text("y_true,y_pred\n1,1\n")
    with pytest.raises(MLGatesError, match=r"c\.csv was judged on other rows"):
        compared(tmp_path, "c.csv")


def written(folder: Path, **columns: Any) -> str:
    pl.DataFrame({"y_pred": [0, 1, 1, 1, 1, 0], **columns}).write_csv(folder / "c.csv")
    return "c.csv"


def test_equal_labels_alone_do_not_prove_that_the_rows_are_the_same(tmp_path: Path) -> None:
    with pytest.raises(MLGatesError) as caught:
        compared(tmp_path, written(tmp_path, y_true=TABLE["y_true"]))
    assert str(caught.value).splitlines() == [
        "nothing proves that these are the same rows",
        "  where: c.csv",
        "  got:   beside 'y_true' it shares with table 'table' no column",
        "  want:  columns that tell rows apart: equal labels in equal order prove nothing",
        "  fix:   write an id column or the features beside the predictions",
    ]
    constant = {**TABLE, "split": ["test"] * 6}
    file = written(tmp_path, y_true=TABLE["y_true"], split=["test"] * 6)
    with pytest.raises(MLGatesError, match="only 'split', the same in every row"):
        compared(tmp_path, file, constant)


def test_a_champion_on_other_rows_that_are_sorted_by_label_alike_is_refused(tmp_path: Path) -> None:
    table = {**TABLE, "id": [1, 2, 3, 4, 5, 6]}
    file = written(tmp_path, y_true=TABLE["y_true"], id=[1, 2, 13, 14, 15, 16])
    with pytest.raises(MLGatesError) as caught:
        compared(tmp_path, file, table)
    assert str(caught.value).splitlines() == [
        "c.csv was judged on other rows than table 'table'",
        "  got:   'id' differs in 4 of 6 rows, first in row 2: 13 against 3",
        "  want:  the same 'id' in the same order",
        (
            "  fix:   write the champion's predictions anew, on these rows and in this order; "
            "leave out 'id' if it is a model's answer"
        ),
    ]
    file = written(tmp_path, y_true=[0, 1, 0, 1, 1, 1], id=table["id"])
    with pytest.raises(MLGatesError, match="labels differ in 1 of 6 rows, first in row 5"):
        compared(tmp_path, file, table)
    private = to_table(pd.DataFrame({**table, "y_pred": 0}), private=True)
    file = written(tmp_path, y_true=TABLE["y_true"], id=[1, 2, 13, 14, 15, 16])
    roles = Roles()
    with pytest.raises(MLGatesError) as caught:
        stored(file, private, roles=roles, want={"y_pred"}, base=tmp_path)
    assert "got:   'id' differs\n" in str(caught.value)


def test_what_a_csv_does_to_values_makes_no_other_rows(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "y_true": TABLE["y_true"],
            "code": ["007", "1", "2", "3", "", None],
            "small": generator.random(6).astype("float32"),
            "large": [*generator.random(5), np.nan],
            "when": pd.date_range("2024-01-01", periods=6, freq="D"),
            "hour": pd.date_range("2024-01-01", periods=6, freq="h", tz="UTC"),
            "day": [f"2024-02-0{i}" for i in range(1, 7)],
            "yes": [True, False] * 3,
            "word": ["True", "no", "a,b", "é", "x", None],
            "key": np.arange(6) + 2**60,
            "kind": pd.Categorical(list("aabbcc")),
        }
    )
    frame.assign(y_pred=[0, 1, 1, 1, 1, 0]).to_csv(tmp_path / "c.csv", index=False)
    assert compared(tmp_path, "c.csv", frame).finding is Finding.PROVEN
    for column in frame.columns[1:]:
        other = frame.assign(y_pred=0, **{column: frame[column].to_numpy()[::-1]})
        other.to_csv(tmp_path / "c.csv", index=False)
        with pytest.raises(MLGatesError, match=f"'{column}' differs in"):
            compared(tmp_path, "c.csv", frame)


def test_a_callable_champion_lists_what_it_saw(project: Path) -> None:
    verdict = compared(project, "my_models:labels", by="sex")
    assert verdict.details[-1]["features"] == ["age", "income"]
    assert verdict.details[-1]["identical"] is True
    verdict = compared(project, "my_models:labels", features="income")
    assert verdict.details[-1]["features"] == ["income"]


@pytest.mark.parametrize("of", [pl.DataFrame, lambda c: pl.DataFrame(c).lazy(), dict])
def test_models_get_pandas_frames_of_every_table(of: Any) -> None:
    frame = features_frame(to_table(of(TABLE)), ["age", "sex"])
    assert isinstance(frame, pd.DataFrame)
    assert frame["age"].dtype == np.int64
    assert frame["sex"].tolist() == TABLE["sex"]


def test_a_pandas_table_keeps_its_types() -> None:
    frame = pd.DataFrame({"size": pd.Categorical(["s", "l"]), "n": np.array([1, 2], "int8")})
    given = features_frame(to_table(frame), ["size", "n"])
    assert given.dtypes.tolist() == frame.dtypes.tolist()


def test_without_pandas_models_get_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    given = features_frame(to_table(dict(TABLE)), ["age"])
    assert given["age"].tolist() == TABLE["age"]


def test_rows_that_could_have_changed_places_prove_nothing(tmp_path: Path) -> None:
    table = {"y_true": [0, 0, 0, 1, 1, 1], "sex": ["f", "f", "m", "m", "m", "f"]}
    file = written(tmp_path, y_pred=[1, 0, 0, 0, 1, 1], **table)
    with pytest.raises(MLGatesError, match="nothing proves that these are the same rows") as caught:
        compared(tmp_path, file, table)
    assert "only 'sex', and " in str(caught.value)
    assert "2 of 6 rows could have changed places" in str(caught.value)


def test_rows_that_are_alike_may_be_answered_alike(tmp_path: Path) -> None:
    # A model that sees no more than `half` says the same of both rows of each half.
    table = {**TABLE, "y_true": [0, 0, 1, 1, 1, 1], "half": ["a", "a", "b", "b", "c", "c"]}
    file = written(tmp_path, y_pred=[0, 0, 1, 1, 0, 0], y_true=table["y_true"], half=table["half"])
    assert compared(tmp_path, file, table).estimate is not None


def test_ids_that_are_one_number_are_two_texts(tmp_path: Path) -> None:
    table = {**TABLE, "id": ["1", "01", "a", "b", "c", "d"]}
    frame = pl.DataFrame(
        {
            "y_pred": [0, 1, 1, 1, 1, 0],
            "y_true": TABLE["y_true"],
            "id": ["01", "1", "a", "b", "c", "d"],
        }
    )
    frame.write_parquet(tmp_path / "c.parquet")
    with pytest.raises(MLGatesError, match="'id' differs in 2 of 6 rows"):
        compared(tmp_path, "c.parquet", table)


def test_answers_of_pandas_in_another_order_are_refused() -> None:
    table = to_table(pd.DataFrame({"a": [3, 1, 2]}), name="holdout")

    def sorts(frame: Any) -> Any:
        return frame["a"].sort_values()

    with pytest.raises(MLGatesError, match="in another order of rows than it was asked in"):
        ask(sorts, table, ["a"], name="m", what="predict")
    with pytest.raises(MLGatesError, match="in another order of rows"):
        ask(lambda frame: {"y_pred": sorts(frame)}, table, ["a"], name="m", what="predict")
    in_place = ask(lambda frame: frame["a"] + 1, table, ["a"], name="m", what="predict")
    assert in_place.tolist() == [4, 2, 3]
    anew = ask(
        lambda frame: pd.Series([1, 2, 3], index=[7, 8, 9]), table, ["a"], name="m", what="predict"
    )
    assert anew.tolist() == [1, 2, 3]
    shuffled = to_table(pd.DataFrame({"a": [3, 1, 2]}, index=[2, 0, 1]), name="holdout")
    anew = ask(lambda frame: pd.Series([5, 6, 7]), shuffled, ["a"], name="m", what="predict")
    assert anew.tolist() == [5, 6, 7]

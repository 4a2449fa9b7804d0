"""Champions over rows with several labels: files of predictions, functions, models."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import metric
from pytest_mlgates.core.errors import MLGatesError

sklearn = pytest.importorskip("sklearn")
joblib = pytest.importorskip("joblib")

LABELS = {"cat": "cat_pred", "dog": "dog_pred"}
FEATURES = ["x0", "x1", "x2"]


def sample(n=400):
    rng = np.random.default_rng(3)
    features = rng.normal(size=(n, 3))
    truth = (features[:, :2] + rng.normal(scale=0.4, size=(n, 2)) > 0).astype(int)
    frame = pd.DataFrame(features, columns=FEATURES)
    for place, (label, answer) in enumerate(LABELS.items()):
        frame[label] = truth[:, place]
        frame[answer] = (features[:, place] > 0).astype(int)
    return frame


def scored(frame):
    """The same with scores as the answers."""
    return frame.assign(
        **{answer: 1 / (1 + np.exp(-frame[f"x{k}"])) for k, answer in enumerate(LABELS.values())}
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("champions", None)


def held(frame, champion, **given):
    options = {"multilabel": LABELS, "no_worse_than": champion, "margin": 0.05, **given}
    return metric(frame, "f1", average="micro", **options)


def champion_of(frame, share=0.2):
    """Its table with a part of its answers the other way round."""
    rng = np.random.default_rng(4)
    worse = frame.copy()
    for answer in LABELS.values():
        worse[answer] = np.where(rng.random(len(frame)) < share, 1 - frame[answer], frame[answer])
    return worse


def f1(frame, answers):
    from sklearn.metrics import f1_score

    return f1_score(frame[list(LABELS)].to_numpy(), answers, average="micro")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_of_predictions_is_a_champion(folder, suffix):
    frame = sample()
    worse = champion_of(frame)
    worse.to_csv("old.csv", index=False) if suffix == "csv" else worse.to_parquet("old.parquet")
    found = held(frame, f"old.{suffix}")
    columns = list(LABELS.values())
    expected = f1(frame, frame[columns].to_numpy()) - f1(frame, worse[columns].to_numpy())
    assert found.estimate == pytest.approx(expected, abs=1e-12)
    assert found.estimate > 0.1
    assert found.finding.value == "proven"
    assert held(worse, "old2.csv" if worse.pipe(save, frame) else "").finding.value == "disproven"


def save(_, frame):
    frame.to_csv("old2.csv", index=False)
    return True


def test_scores_in_a_file_are_cut_like_those_of_the_table(folder):
    frame = scored(sample())
    frame.to_parquet("old.parquet")
    found = held(frame, "old.parquet", threshold=0.5)
    assert found.estimate == 0
    assert "the predictions are identical" in found.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.iloc[::-1], "'x0' differs"),
        (lambda frame: frame.assign(dog=1 - frame.dog), "labels differ in 400 of 400 rows"),
        (lambda frame: frame.drop(columns="dog_pred"), "multilabel 'dog_pred' is not in table"),
        (lambda frame: frame.drop(columns="cat"), "multilabel 'cat' is not in table"),
        (lambda frame: frame.drop(columns=FEATURES), "nothing proves that these are the same rows"),
        (lambda frame: frame.assign(cat_pred=2), "needs 0 and 1"),
        (lambda frame: frame.assign(cat_pred=0.7), "needs 0 and 1"),
        (lambda frame: frame.head(399), "399 against 400 rows"),
    ],
)
def test_a_file_that_does_not_do_is_refused(folder, change, message):
    frame = sample()
    change(frame).to_csv("old.csv", index=False)
    with pytest.raises(MLGatesError, match=r"(?s).*") as caught:
        held(frame, "old.csv")
    assert message in str(caught.value)


MODELS = {
    "one tree per label": "tree.DecisionTreeClassifier(max_depth=3, random_state=0)",
    "a forest": "ensemble.RandomForestClassifier(20, max_depth=3, random_state=0)",
    "neighbours": "neighbors.KNeighborsClassifier(9)",
    "one against the rest": "multiclass.OneVsRestClassifier(linear_model.LogisticRegression())",
}


@pytest.mark.parametrize("threshold", [None, 0.5], ids=["labels", "scores"])
@pytest.mark.parametrize("name", list(MODELS))
def test_models_of_scikit_learn_are_champions(folder, name, threshold):
    from sklearn import ensemble, linear_model, multiclass, neighbors, tree  # noqa: F401

    frame = sample()
    model = eval(MODELS[name])
    model.fit(frame[FEATURES], frame[list(LABELS)].to_numpy())
    joblib.dump(model, "old.joblib")
    table = frame if threshold is None else scored(frame)
    given = {} if threshold is None else {"threshold": threshold}
    found = held(table, "old.joblib", **given)
    answers = model.predict(frame[FEATURES])
    if threshold is not None:
        scores = model.predict_proba(frame[FEATURES])
        stacked = np.column_stack([s[:, 1] for s in scores]) if isinstance(scores, list) else scores
        answers = stacked >= threshold
    ours = frame[["x0", "x1"]].to_numpy() > 0 if threshold is None else table[list(LABELS.values())]
    expected = f1(frame, np.asarray(ours) >= 0.5) - f1(frame, answers)
    assert found.estimate == pytest.approx(expected, abs=1e-12)


def test_a_function_sees_neither_labels_nor_predictions(folder):
    (folder / "champions.py").write_text(
        "def old(features):\n"
        "    assert list(features) == ['x0', 'x1', 'x2'], list(features)\n"
        "    return (features[['x0', 'x1']].to_numpy() > 0.5).astype(int)\n"
    )
    frame = sample()
    found = held(frame, "champions:old")
    expected = f1(frame, frame[["cat_pred", "dog_pred"]]) - f1(frame, frame[["x0", "x1"]] > 0.5)
    assert found.estimate == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("features.x0.to_numpy() > 0", "shape (400,)"),
        ("features.to_numpy() > 0", "want:  shape (400, 2)"),
        ("features[['x0', 'x1']].to_numpy()", "needs 0 and 1"),
        ("np.where(features[['x0', 'x1']] > 0, 1.0, np.nan)", "missing in"),
    ],
)
def test_a_function_of_another_shape_or_kind_is_refused(folder, answer, message):
    (folder / "champions.py").write_text(
        f"import numpy as np\ndef old(features):\n    return {answer}\n"
    )
    with pytest.raises(MLGatesError) as caught:
        held(sample(), "champions:old")
    assert message in str(caught.value)


def test_a_label_that_a_forest_never_saw_is_refused(folder):
    from sklearn.ensemble import RandomForestClassifier

    frame = scored(sample())
    labels = frame[list(LABELS)].assign(dog=0).to_numpy()
    joblib.dump(RandomForestClassifier(5).fit(frame[FEATURES], labels), "old.joblib")
    with pytest.raises(MLGatesError, match="does not answer for every row and label") as caught:
        held(frame, "old.joblib", threshold=0.5)
    assert "(400, 2) and (400, 1)" in str(caught.value) or "(400, 1)" in str(caught.value)

"""Tables, arrays by keyword, or both, as one table and the names of its roles."""

from __future__ import annotations

import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.runner.subjects import assemble

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def test_arrays_alone_are_a_table(tmp_path):
    table, roles = assemble(None, {"y_true": [1, 0], "y_pred": np.array([1, 1])}, base=tmp_path)
    assert (table.columns, roles) == (
        ["y_true", "y_pred"],
        {"y_true": "y_true", "y_pred": "y_pred"},
    )


def test_two_rows_of_text_labels_are_labels_and_no_column_names(tmp_path):
    table, roles = assemble(
        None, {"y_true": ["cat", "dog"], "y_pred": ["cat", "cat"]}, base=tmp_path
    )
    assert table.n_rows == 2
    assert roles == {"y_true": "y_true", "y_pred": "y_pred"}


def test_names_stay_names_and_arrays_stand_beside_the_table(tmp_path):
    table, roles = assemble({"label": [1, 0]}, {"y_true": "label", "y_pred": [1, 1]}, base=tmp_path)
    assert table.columns == ["label", "y_pred"]
    assert roles == {"y_true": "label", "y_pred": "y_pred"}


def test_scores_are_named_one_per_class_or_given_as_a_matrix(tmp_path):
    table, roles = assemble({"a": [0.1], "b": [0.9]}, {"y_score": ["a", "b"]}, base=tmp_path)
    assert roles == {"y_score": ["a", "b"]}
    table, roles = assemble(None, {"y_score": np.array([[0.1, 0.9]])}, base=tmp_path)
    assert roles == {"y_score": ["y_score_0", "y_score_1"]}
    assert table.columns == ["y_score_0", "y_score_1"]


@pytest.mark.parametrize(
    "given",
    [
        pd.Series(["F", "M"], name="sex"),
        pd.DataFrame({"sex": ["F", "M"]}),
        {"sex": ["F", "M"]},
    ],
    ids=["series", "frame", "dict"],
)
def test_sensitive_features_keep_their_names(given, tmp_path):
    table, _ = assemble({"y": [1, 0]}, {"sensitive_features": given}, base=tmp_path)
    assert table.counts(["sex"]) == [(("F",), 1), (("M",), 1)]


@pytest.mark.parametrize(
    ("subject", "keywords", "words"),
    [
        (None, {}, "there is nothing to judge\n  fix:   pass a table, or arrays"),
        (None, {"y_ture": [1]}, "unknown keyword 'y_ture'\n  want:  a role or option: y_true"),
        (None, {"y_ture": [1]}, "fix:   did you mean 'y_true'?"),
        (
            {"a": [1, 2]},
            {"y_pred": [1]},
            (
                "y_pred has another length than table 'table'\n"
                "  got:   1 values\n  want:  2, one per row"
            ),
        ),
        (
            {"a": [1, 2]},
            {"sensitive_features": [1, 2]},
            "sensitive_features has no name\n  got:   list",
        ),
    ],
)
def test_what_is_no_subject_is_refused(subject, keywords, words, tmp_path):
    with pytest.raises(MLGatesError) as caught:
        assemble(subject, keywords, base=tmp_path)
    assert words in str(caught.value)

"""Suites that try to do something, as the hostile-suites test and its child process share them.

Each is written against a folder that must stay as it is: ``{folder}/hacked`` must not appear,
``{folder}/secret.json`` must not be opened.
"""

from __future__ import annotations

import base64
import functools
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NATIVE = "expect_column_values_to_not_be_null"
FOREIGN = "expect_column_values_to_not_be_outliers"
SHELL = '@pd.io.common.os.system("touch {folder}/hacked")'
CONDITIONS = {
    "shell through a local": SHELL,
    "write through a local": '@data.to_csv("{folder}/hacked")',
    "import": '__import__("os").system("touch {folder}/hacked")',
    "behind a harmless part": "x > 0 and " + SHELL,
    "call of a column": 's.to_csv("{folder}/hacked")',
    "call of a column in back-ticks": "`x`.to_csv('{folder}/hacked')",
    "lambda": '(lambda: open("{folder}/hacked", "w"))() > x',
    "comprehension": 'x in [open("{folder}/hacked", "w") for _ in [1]]',
    "dunder attribute": "x.__class__.__mro__[1].__subclasses__() == 1",
    "subscript": "x[__import__('os').system('touch {folder}/hacked')] > 1",
    "format text": "f\"{__import__('os').system('touch {folder}/hacked')}\" == s",
    "walrus": "(x := __import__('os').system('touch {folder}/hacked')) > 0",
    "second statement": "x > 0; __import__('os').system('touch {folder}/hacked')",
    "second line": "x > 0\n__import__('os').system('touch {folder}/hacked')",
    "comment": "x > 0 # @pd.io",
    "eval of pandas": "@pd.eval(\"__import__('os').system('touch {folder}/hacked')\") > 0",
    "read of a file": '@pd.read_csv("{folder}/secret.json").shape[0] > 0',
    "unpickle": '@pd.read_pickle("{folder}/secret.json") > 0',
    "exponent": "x > 9**9**9",
    "long number": "x > " + "9" * 5000,
    "words of another script": "ｘ.ｔｏ_ｃｓｖ('{folder}/hacked')",
    "right to left": "x > 0 \u202e and @pd",
    "NUL": "x > 0\x00 and @pd.io",
    "half a pair": "s == '\ud800'",
    "escape sequence": "s == '\\x40pd'",
    "sql statement": "x > 0; COPY (SELECT 1) TO '{folder}/hacked'",
    "sql select": "x IN (SELECT 1 FROM read_csv('{folder}/secret.json'))",
    "sql function": "x > (SELECT count(*) FROM read_text('{folder}/secret.json'))",
    "java method": "reflect('java.lang.Runtime', 'getRuntime') IS NOT NULL",
    "sql comment": "x > 0 -- '",
    "no end": "x > 0 and " * 50_000,
    "parentheses": "(" * 5000 + "x > 0" + ")" * 5000,
    "nots": "not " * 20_000 + "@pd",
}
TEXTS = {
    "sql": "x\"; COPY (SELECT 1) TO '{folder}/hacked'; --",
    "sql value": "'); COPY (SELECT 1) TO '{folder}/hacked'; --",
    "sql table": "read_csv('{folder}/secret.json')",
    "sql attach": "x'; ATTACH '{folder}/hacked' AS h; SELECT '",
    "star": "*",
    "columns": "COLUMNS(*)",
    "template": "{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}",
    "erb": "<%= system('touch {folder}/hacked') %>",
    "dollar": "${{__import__('os').system('touch {folder}/hacked')}}",
    "shell": "$(touch {folder}/hacked)",
    "back-tick": "`touch {folder}/hacked`",
    "percent": "%(__class__)s %n %s",
    "braces": "{{0.__class__.__init__.__globals__}}",
    "yaml": "!!python/object/apply:os.system ['touch {folder}/hacked']",
    "traversal": "../../../../../../{folder}/secret.json",
    "module": "os.system",
    "local": "@pd",
    "dunder": "__class__",
    "NUL": "x\x00y",
    "right to left": "x\u202etxt.exe",
    "terminal": "\x1b]0;hacked\x07\x1b[2J",
    "line": "x\n[tool.mlgates]\n",
    "half a pair": "\ud800",
    "long": "x" * 1_000_000,
    "empty": "",
    "blank": " ",
    "NaN": "nan",
    "rich markup": "[link=file:///etc/passwd]x[/link][bold",
}


class _Shell:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        import os

        return os.system, (f"touch {self.folder}/hacked",)


@dataclass(frozen=True)
class Case:
    """One hostile suite: its content, or (``path``) where it is."""

    name: str
    suite: Any
    inert: bool = False  # hostile text in a place that means nothing: the suite may pass


def _one(type_: str, /, **kwargs: Any) -> list[dict[str, Any]]:
    return [{"type": type_, "kwargs": kwargs}]


def _outliers(**kwargs: Any) -> list[dict[str, Any]]:
    return _one(FOREIGN, column="x", method="iqr", multiplier=9, **kwargs)


def cases(folder: Path) -> list[Case]:
    """Every hostile suite against *folder*."""
    shown = str(folder)

    def filled(text: str) -> str:
        return text.replace("{folder}", shown)

    texts = {name: filled(t).replace("{{", "{").replace("}}", "}") for name, t in TEXTS.items()}
    texts["pickle"] = base64.b64encode(pickle.dumps(_Shell(shown))).decode()
    found = [*_conditions({name: filled(t) for name, t in CONDITIONS.items()})]
    for name, text in texts.items():
        found += _in_every_field(name, text)
    found += [*_structures(shown), *_schemas(shown), *_paths(folder)]
    return found


def _conditions(texts: dict[str, str]) -> list[Case]:
    found = []
    for name, text in texts.items():
        through = {"type": "pass_through", "pass_through_filter": text}
        nested = {"type": "or", "conditions": [{"type": "and", "conditions": [through]}]}
        forms = {
            "text": {"row_condition": text, "condition_parser": "pandas"},
            "great_expectations": {"row_condition": text, "condition_parser": "great_expectations"},
            "spark": {"row_condition": text, "condition_parser": "spark"},
            "pass through": {"row_condition": through},
            "nested": {"row_condition": nested, "condition_parser": "pandas"},
        }
        for form, given in forms.items():
            found.append(Case(f"condition, {form}: {name}", _one(NATIVE, column="x", **given)))
        found.append(Case(f"condition in GX: {name}", _outliers(**forms["pass through"])))
        found.append(
            Case(
                f"condition of the rows: {name}",
                _one("expect_table_row_count_to_equal", value=4, **forms["text"]),
            )
        )
    return found


def _in_every_field(name: str, text: str) -> list[Case]:
    column = {"name": f"x` or {text} or `x"}
    compared = {"type": "comparison", "column": {"name": "s"}, "operator": "==", "parameter": text}
    fields: dict[str, Any] = {
        "column": _one(NATIVE, column=text),
        "column in GX": _one(FOREIGN, column=text, method="iqr", multiplier=1),
        "columns": _one("expect_compound_columns_to_be_unique", column_list=["x", text]),
        "columns in GX": _one("expect_multicolumn_values_to_be_equal", column_list=["x", text]),
        "column set": _one("expect_table_columns_to_match_set", column_set=[text]),
        "pair": _one(
            "expect_column_pair_values_a_to_be_greater_than_b", column_A="x", column_B=text
        ),
        "value set": _one("expect_column_values_to_be_in_set", column="s", value_set=[text, 7]),
        "value set alone": _one("expect_column_values_to_be_in_set", column="s", value_set=[text]),
        "bound": _one("expect_column_values_to_be_between", column="x", min_value=text),
        "text bounds": _one(
            "expect_column_values_to_be_between",
            column="s",
            min_value=text + "!",
            max_value=text + "!",
        ),
        "regex": _one(
            "expect_column_values_to_match_regex", column="s", regex=f"({text[:2000]})zz+q"
        ),
        "regexes": _one(
            "expect_column_values_to_match_regex_list", column="s", regex_list=[text + "q"]
        ),
        "like": _one("expect_column_values_to_match_like_pattern", column="s", like_pattern=text),
        "type": _one("expect_column_values_to_be_of_type", column="x", type_=text),
        "types": _one("expect_column_values_to_be_in_type_list", column="x", type_list=[text]),
        "type in GX": _one("expect_column_type_to_be", column="x", type_=text),
        "strftime": _one(
            "expect_column_values_to_match_strftime_format", column="s", strftime_format=text + "%Y"
        ),
        "expectation": [{"type": text, "kwargs": {"column": "x"}}],
        "expectation with a prefix": [{"type": f"expect_{text}", "kwargs": {"column": "x"}}],
        "expectation of old": [{"expectation_type": text, "kwargs": {}}],
        "argument": _one(NATIVE, column="x", **{text: 1}),
        "argument in GX": _outliers(**{text: 1}),
        "key": [{"type": NATIVE, "kwargs": {"column": "x"}, text: 1}],
        "mostly": _one(NATIVE, column="x", mostly=text),
        "mostly in GX": _outliers(mostly=text),
        "severity": [{"type": NATIVE, "kwargs": {"column": "x"}, "severity": text}],
        "parser": _one(NATIVE, column="x", row_condition="x > 0", condition_parser=text or "-"),
        "parser alone": _one(NATIVE, column="x", condition_parser=text or "-"),
        "ignore_row_if": _one(
            "expect_compound_columns_to_be_unique", column_list=["x", "s"], ignore_row_if=text
        ),
        "condition's column": _one(
            NATIVE,
            column="x",
            row_condition={"type": "nullity", "column": column, "is_null": False},
        ),
        "condition's value": _one(NATIVE, column="x", row_condition=compared),
        "condition's value in GX": _outliers(row_condition=compared),
        "condition's operator": _one(
            NATIVE, column="x", row_condition=compared | {"operator": text}
        ),
        "condition's type": _one(NATIVE, column="x", row_condition=compared | {"type": text}),
        "query": _one("unexpected_rows_expectation", unexpected_rows_query=text),
        "query of GX": _outliers(unexpected_rows_query=text),
        "comparison": _one("expect_query_results_to_match_comparison", base_query=text),
        "other table": _one("expect_table_row_count_to_equal_other_table", other_table_name=text),
        "parameter": _one(
            "expect_column_max_to_be_between", column="x", max_value={"$PARAMETER": text}
        ),
        "parameter in GX": _outliers(threshold={"$PARAMETER": text}),
        "method": _one(FOREIGN, column="x", method=text, multiplier=1),
        "partition": _one(
            "expect_column_kl_divergence_to_be_less_than",
            column="s",
            threshold=0.1,
            partition_object={"values": [text], "weights": [1.0]},
        ),
        "schema": _one(
            "expect_column_values_to_match_json_schema",
            column="s",
            json_schema={"$ref": text, "pattern": text},
        ),
    }
    found = [Case(f"{field}: {name}", suite) for field, suite in fields.items()]
    meta = {"notes": {"format": "markdown", "content": [text]}, text: text}
    harmless = {"type": NATIVE, "kwargs": {"column": "x", "result_format": {"result_format": text}}}
    inert = {
        "name": text,
        "meta": meta,
        "suite_parameters": {text: text},
        "expectations": [
            harmless
            | {"meta": meta, "notes": text, "description": text, "rendered_content": [text]}
        ],
    }
    found.append(Case(f"what nothing reads: {name}", inert, inert=True))
    ignored = {"catch_exceptions": text, "batch_id": text, "result_format": text}
    found.append(Case(f"what GX reads elsewhere: {name}", _outliers(**ignored), inert=True))
    return found


def _structures(folder: str) -> list[Case]:
    deep: Any = functools.reduce(lambda inner, _: [inner], range(5000), 1)
    loop: list[Any] = []
    loop.append(loop)
    tree = functools.reduce(
        lambda inner, _: {"type": "and", "conditions": [inner]},
        range(3000),
        {"type": "pass_through", "pass_through_filter": "x > 0"},
    )
    wide = {"type": "or", "conditions": [{"type": "pass_through", "pass_through_filter": "x > 0"}]}
    named = f"x` + @pd.io.common.os.system('touch {folder}/hacked') + `x"
    odd = 'q"; --'
    escaped = {"type": "comparison", "column": {"name": named}, "operator": ">", "parameter": 0}
    return [
        Case(
            "deep value set", _one("expect_column_values_to_be_in_set", column="x", value_set=deep)
        ),
        Case("deep argument of GX", _outliers(threshold=deep)),
        Case("deep meta", [{"type": NATIVE, "kwargs": {"column": "x"}, "meta": {"a": deep}}]),
        Case("a loop", _one("expect_column_values_to_be_in_set", column="x", value_set=loop)),
        Case("deep condition", _one(NATIVE, column="x", row_condition=tree)),
        Case(
            "wide condition",
            _one(
                NATIVE, column="x", row_condition=wide | {"conditions": wide["conditions"] * 50_000}
            ),
        ),
        Case("condition out of its back-ticks", _one(NATIVE, column="x", row_condition=escaped)),
        Case("condition out of its back-ticks in GX", _outliers(row_condition=escaped)),
        *(
            Case(f"column of a hostile name: {type_}", _one(type_, **kwargs), inert=True)
            for type_, kwargs in (
                (NATIVE, {"column": odd, "row_condition": f"`{odd}` > 0"}),
                ("expect_column_values_to_be_unique", {"column": odd}),
                ("expect_column_values_to_be_between", {"column": odd, "min_value": 0}),
                ("expect_column_values_to_be_in_set", {"column": odd, "value_set": [1, 2, 3, 4]}),
                ("expect_column_values_to_match_regex", {"column": odd, "regex": "^[0-9]$"}),
                ("expect_column_max_to_be_between", {"column": odd, "max_value": 4}),
                ("expect_compound_columns_to_be_unique", {"column_list": [odd, "s"]}),
                (FOREIGN, {"column": odd, "method": "iqr", "multiplier": 9}),
            )
        ),
        Case("condition that is a list", _one(NATIVE, column="x", row_condition=["x > 0"])),
        Case("condition that is a number", _outliers(row_condition=1)),
        Case(
            "an enormous number",
            _one("expect_column_max_to_be_between", column="x", max_value=-(10**400)),
        ),
        Case(
            "an enormous number in GX",
            _one(FOREIGN, column="x", method="iqr", multiplier=-(10**400)),
        ),
        Case(
            "windows", [{"type": NATIVE, "kwargs": {"column": "x"}, "windows": [{"offset": "x"}]}]
        ),
        Case("no suite", {"expectations": {"type": NATIVE}}),
        Case("an empty suite", []),
        Case("a suite of texts", ["__import__('os')"]),
        Case("kwargs that are text", [{"type": NATIVE, "kwargs": "__import__('os')"}]),
    ]


def _schemas(folder: str) -> list[Case]:
    def schema(**given: Any) -> list[dict[str, Any]]:
        return _one("expect_column_values_to_match_json_schema", column="s", json_schema=given)

    secret, server = f"file://{folder}/secret.json", "http://127.0.0.1:9/secret.json"
    return [
        Case("schema of a file", schema(**{"$ref": secret})),
        Case("schema of a server", schema(**{"$ref": server})),
        Case("schema of a file within", schema(anyOf=[{"items": {"$ref": secret}}], type="array")),
        Case("schema of a dynamic reference", schema(type="array", **{"$dynamicRef": secret})),
        Case("schema of a relative file", schema(**{"$ref": "secret.json", "$id": secret})),
        Case("schema of another language", schema(type="array", **{"$schema": secret})),
        Case("schema that asks for nothing", schema(tipe="object")),
        Case(
            "zone of a file",
            _one(
                "expect_column_type_to_be",
                column="x",
                type_=f"datetime64[ns, dateutil/{folder}/secret.json]",
            ),
        ),
        Case(
            "zone up the tree",
            _one(
                "expect_column_type_to_be",
                column="x",
                type_=f"datetime64[ns, ../../../..{folder}/secret.json]",
            ),
        ),
    ]


def _paths(folder: Path) -> list[Case]:
    """Files that are no suites; none of their content may be shown or run."""
    files = {
        "text": b"root:x:0:0:TOPSECRET:/root:/bin/bash\n",
        "yaml": f"!!python/object/apply:os.system ['touch {folder}/hacked']".encode(),
        "pickle": pickle.dumps(_Shell(str(folder))),
        "deep": b"[" * 100_000 + b"]" * 100_000,
        "digits": b'[{"type": "'
        + NATIVE.encode()
        + b'", "kwargs": {"column": '
        + b"9" * 5000
        + b"}}]",
        "utf16": '{"expectations": []}'.encode("utf-16"),
        "half": b'[{"type": "\\ud800", "kwargs": {}}]',
        "empty": b"",
        "null": b"null",
    }
    suites = folder.parent / "suites"
    suites.mkdir(exist_ok=True)
    found = [Case(f"path: {name}", str(suites / name)) for name in files]
    for name, content in files.items():
        (suites / name).write_bytes(content)
    strange = ("/etc/passwd", "../" * 40 + "etc/passwd", "x\x00y", str(suites), "~/suite.json")
    strange += ("x" * 10_000, "http://127.0.0.1:9/suite.json", "$(touch hacked)", "\ud800")
    return [*found, *(Case(f"path: {path[:40]!a}", path) for path in strange)]

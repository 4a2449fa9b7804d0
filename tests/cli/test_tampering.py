"""What was done to evidence after the run is seen, and said in a sentence of its own.

Every kind of tampering is tried three times: with the old signature left on, signed again with
another key, and without any signature, where what the record says twice, or can be computed again,
gives it away. The few that only a signature catches are named as such.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core import dsse
from pytest_mlgates.core.statement import EXTENSION
from tests.keys import private_key, write_keys
from tests.projects import CONFIGURATION, write_project

pytest.importorskip("cryptography")

SLICES = """
[tool.mlgates.gates.slices]
kind = "metric"
table = "holdout.csv"
metric = "f1"
by = "sex"
min = 0.6

[tool.mlgates.gates.odds]
kind = "fairness"
table = "holdout.csv"
metric = "equalized_odds_difference"
by = "sex"
max = 0.5

[tool.mlgates.gates.score]
kind = "metric"
table = "holdout.csv"
metric = "roc_auc"
min = 0.6
"""
REQUIRED = (
    '[tool.mlgates]\nrequired = ["schema", "accuracy", "parity", "training", "slices", "odds"]'
)
OTHER_DIGEST = "sha256:" + "ab" * 32


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project of one commit, a model, keys, and signed and unsigned evidence of its run."""
    root = tmp_path_factory.mktemp("project")
    configuration = CONFIGURATION.replace("[tool.mlgates]", REQUIRED, 1) + SLICES
    write_project(root, configuration=configuration)
    (root / "model.bin").write_bytes(b"the judged model")
    (root / "wrong.bin").write_bytes(b"another model")
    write_keys(root)
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "pyproject.toml"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one", "--no-verify"], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        assert main(["check", "--evidence", "plain.json", "--subject", "model.bin"]) == 0
        assert main(["sign", "plain.json", "--key", "key.pem", "-o", "signed.json"]) == 0
    return root


@pytest.fixture
def project(made, monkeypatch):
    monkeypatch.chdir(made)
    return made


def wanted() -> list[str]:
    sha = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    demands = ["--model", "model.bin", "--policy", "pyproject.toml", "--max-age", "7d"]
    return [*demands, "--commit", sha, "--require", "accuracy,parity"]


def verified(capsys, path: str, *options: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["verify", path, *wanted(), *options])
    told = capsys.readouterr()
    return code, told.out + told.err


def verdict(statement: dict, name: str) -> dict:
    (found,) = [v for v in statement["predicate"][EXTENSION]["verdicts"] if v["id"] == name]
    return found


def record(statement: dict) -> dict:
    return statement["predicate"][EXTENSION]


def drop(statement: dict, name: str) -> None:
    own = record(statement)
    own["verdicts"] = [v for v in own["verdicts"] if v["id"] != name]


# Each edits a statement in place; beside it what is said where no signature protects it, or None
# for what only a signature catches.
def estimate(s):
    verdict(s, "accuracy")["estimate"] = 0.93


def lower_bound(s):
    verdict(s, "accuracy")["lower"] = 0.79


def rows(s):
    verdict(s, "accuracy")["n"] = 4000


def rows_of_the_table(s):
    verdict(s, "accuracy")["inputs"][0]["rows"] = 4000


def counts(s):
    matrix = verdict(s, "accuracy")["counts"]["parts"][0]["matrix"]
    matrix[0][0] += 20
    matrix[0][1] -= 20


def counts_and_estimate(s):
    counts(s)
    verdict(s, "accuracy")["estimate"] = 0.85


def counts_of_one_group(s):
    verdict(s, "slices")["counts"]["parts"][1]["matrix"][0][0] += 5


def successes(s):
    verdict(s, "parity")["groups"][0]["successes"] += 7


def group_size(s):
    verdict(s, "parity")["groups"][0]["n"] += 100


def a_group_less(s):
    verdict(s, "parity")["groups"].pop()


def a_group_less_everywhere(s):
    for one in (verdict(s, "parity")["groups"], verdict(s, "parity")["counts"]["parts"]):
        one.pop()


def a_group_renamed(s):
    verdict(s, "parity")["groups"][0]["group"] = ["X"]


def negative_counts(s):
    verdict(s, "accuracy")["counts"]["parts"][0]["matrix"][0][0] = -1


def finding(s):
    verdict(s, "accuracy")["finding"] = "inconclusive"


def finding_of_a_score(s):
    verdict(s, "score")["finding"] = "disproven"


def outcome(s):
    verdict(s, "accuracy")["outcome"] = "failed"


def waived(s):
    verdict(s, "accuracy")["outcome"] = "waived"


def waived_by_nobody_known(s):
    verdict(s, "score")["outcome"] = "waived"
    verdict(s, "score")["waivers"] = [{"owner": "a", "reason": "b", "expires": "2099-01-01"}]


def bound(s):
    verdict(s, "accuracy")["bound"]["min"] = 0.1


def bound_and_definition(s):
    bound(s)
    verdict(s, "accuracy")["definition"]["min"] = 0.1


def confidence(s):
    verdict(s, "accuracy")["definition"]["confidence"] = 0.6


def policy_of_a_gate(s):
    verdict(s, "accuracy")["policy"] = "pass"


def metric(s):
    verdict(s, "accuracy")["metric"] = "recall"


def kind(s):
    verdict(s, "accuracy")["kind"] = "house_rule"


def no_definition(s):
    verdict(s, "accuracy")["definition"] = {}


def an_expectation_failed(s):
    verdict(s, "schema")["details"][0]["success"] = False


def no_expectations(s):
    verdict(s, "schema")["details"] = []


def gate_dropped(s):
    drop(s, "parity")


def gate_dropped_everywhere(s):
    drop(s, "parity")
    s["predicate"]["passedTests"].remove("parity")
    record(s)["required"].remove("parity")


def optional_gate_dropped(s):
    drop(s, "score")
    s["predicate"]["passedTests"].remove("score")


def gate_twice(s):
    record(s)["verdicts"].append(copy.deepcopy(verdict(s, "accuracy")))


def gates_reordered(s):
    record(s)["verdicts"].reverse()


def passed_tests_reordered(s):
    s["predicate"]["passedTests"].reverse()


def moved_to_warned(s):
    s["predicate"]["passedTests"].remove("score")
    s["predicate"]["warnedTests"].append("score")


def result(s):
    s["predicate"]["result"] = "WARNED"


def result_inside(s):
    record(s)["result"] = "WARNED"


def complete(s):
    record(s)["complete"] = False


def required_emptied(s):
    record(s)["required"] = []


def required_emptied_with_what_follows(s):
    record(s)["required"], record(s)["required_not_run"] = [], []


def problem(s):
    record(s)["problems"] = ["worker gw0 went down"]


def problem_with_result(s):
    problem(s)
    s["predicate"]["result"] = record(s)["result"] = "FAILED"


def policy_of_the_run(s):
    record(s)["policy"] = "maybe"


def configuration_digest(s):
    s["predicate"]["configuration"][0]["digest"]["sha256"] = "ab" * 32


def configuration_digest_everywhere(s):
    configuration_digest(s)
    record(s)["configuration"]["digest"] = OTHER_DIGEST


def no_configuration(s):
    s["predicate"]["configuration"] = []
    record(s)["configuration"] = {}


def older(s):
    old = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=30)
    record(s)["created"] = old.isoformat(timespec="seconds")


def future(s):
    later = dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=1)
    record(s)["created"] = later.isoformat(timespec="seconds")


def without_zone(s):
    record(s)["created"] = "2026-01-01T00:00:00"


def an_hour_younger(s):
    made = dt.datetime.fromisoformat(record(s)["created"])
    record(s)["created"] = (made - dt.timedelta(minutes=1)).isoformat(timespec="seconds")


def subject(s):
    s["subject"][0]["digest"]["sha256"] = "ab" * 32


def model_everywhere(s):
    s["subject"][0]["digest"]["sha256"] = "ab" * 32
    for name in ("named", "models"):
        record(s)[name][0]["digest"] = OTHER_DIGEST


def no_subject(s):
    s["subject"] = []


def other_commit(s):
    s["subject"][1]["digest"]["gitCommit"] = "ab" * 20
    record(s)["commit"]["sha"] = "ab" * 20


def dirty(s):
    record(s)["commit"]["dirty"] = True


def version(s):
    record(s)["version"] = "2"


def statement_type(s):
    s["_type"] = "https://in-toto.io/Statement/v0.1"


def predicate_type(s):
    s["predicateType"] = "https://in-toto.io/attestation/vulns/v0.1"


def without_our_part(s):
    del s["predicate"][EXTENSION]


def text_for_a_number(s):
    verdict(s, "accuracy")["n"] = "400"


def look_alike(s):
    verdict(s, "accuracy")["id"] = "\uff41ccuracy"


def two_look_alikes(s):
    extra = copy.deepcopy(verdict(s, "accuracy"))
    extra["id"] = "ACCURACY"
    record(s)["verdicts"].append(extra)
    s["predicate"]["passedTests"].append("ACCURACY")


def cyrillic(s):
    verdict(s, "accuracy")["id"] = "\u0430ccuracy"


def invisible(s):
    verdict(s, "accuracy")["id"] = "accu\u200bracy"


def environment(s):
    record(s)["environment"]["python"] = "2.7"


def message(s):
    verdict(s, "accuracy")["message"] = "all is well"


def digest_of_a_table(s):
    verdict(s, "accuracy")["inputs"][0]["digest"] = OTHER_DIGEST


def score_estimate(s):
    verdict(s, "score")["estimate"] = 0.99


EDITS = {
    estimate: "gate 'accuracy': its estimate is 0.93, from its counts 0.8",
    lower_bound: "gate 'accuracy': its lower is 0.79, from its counts 0.76",
    rows: "gate 'accuracy': its n is 4000, from its counts 400",
    rows_of_the_table: "gate 'accuracy': its counts are of 400 rows, its table has 4000 rows",
    counts: "gate 'accuracy': its estimate is 0.8, from its counts 0.85",
    counts_and_estimate: "gate 'accuracy': its lower is 0.76",
    counts_of_one_group: "gate 'slices': the counts of its groups do not add up to those of the",
    successes: "gate 'parity': group F (selection_rate): its successes is",
    group_size: "gate 'parity': group F (selection_rate): its n is",
    a_group_less: "gate 'parity': it lists 1 values of groups, from its counts 2",
    a_group_less_everywhere: "gate 'parity': its counts cannot be read: their groups are not those",
    a_group_renamed: "gate 'parity': group F (selection_rate): its group is ['X']",
    negative_counts: "gate 'accuracy': its counts cannot be read: -1 is no count",
    finding: "gate 'accuracy': its finding is inconclusive, from its counts proven",
    finding_of_a_score: "gate 'score': its finding is disproven, by its bounds",
    outcome: "gate 'accuracy': its outcome is failed; proven under the policy estimate is passed",
    waived: "gate 'accuracy': it is waived, and names no waiver",
    waived_by_nobody_known: "gate 'score' is waived, and the policy has no such waiver",
    bound: "gate 'accuracy': its bound is {'min': 0.1}, by its definition {'min': 0.6}",
    bound_and_definition: "gate 'accuracy' was judged by another definition than the policy's: "
    "min = 0.1 instead of 0.6",
    confidence: "gate 'accuracy' was judged by another definition than the policy's: confidence",
    policy_of_a_gate: "gate 'accuracy': its policy is 'pass', by its definition 'estimate'",
    metric: "gate 'accuracy': its metric is 'recall', by its definition 'accuracy'",
    kind: "gate 'accuracy': its definition is of kind 'metric', its kind 'house_rule'",
    no_definition: "gate 'accuracy': its definition is of kind None, its kind 'metric'",
    an_expectation_failed: "gate 'schema': its finding is proven; 1 of its 2 expectations do not",
    no_expectations: "gate 'schema': its contract has no expectations",
    gate_dropped: "required gate 'parity' has no verdict",
    gate_dropped_everywhere: "the gates that it requires are not those of the policy",
    optional_gate_dropped: "gate 'score' of the policy has no verdict",
    gate_twice: "two verdicts have the id 'accuracy'",
    gates_reordered: "its passedTests is not what its verdicts say",
    passed_tests_reordered: "its passedTests is not what its verdicts say",
    moved_to_warned: "its warnedTests is not what its verdicts say",
    result: "its result is not what its verdicts say",
    result_inside: "its result (in the extension) is not what its verdicts say",
    complete: "it is not complete",
    required_emptied: "the gates that it requires are not those of the policy",
    required_emptied_with_what_follows: "the gates that it requires are not those of the policy",
    problem: "the run had a problem: worker gw0 went down",
    problem_with_result: "the run had a problem: worker gw0 went down",
    policy_of_the_run: "it is not of the shape of evidence: Invalid enum value 'maybe'",
    configuration_digest: "its configuration is not what its verdicts say",
    configuration_digest_everywhere: "its configuration (sha256:abababab…) is not the policy",
    no_configuration: "it names no configuration, and a policy was given",
    older: "it is 30d old (made",
    future: "it was made in the future",
    without_zone: "the time of its making is not one, with its zone: '2026-01-01T00:00:00'",
    an_hour_younger: None,
    subject: "its subject is not what its verdicts and its commit say",
    model_everywhere: "it is about another model than 'model.bin'",
    no_subject: "its subject is not what its verdicts and its commit say",
    other_commit: "it is of commit abababababab, not of",
    dirty: "it is of a tree in which tracked files differ from the commit",
    version: "its version is '2'; this pytest-mlgates reads version '1'",
    statement_type: "its _type is 'https://in-toto.io/Statement/v0.1', not",
    predicate_type: "its predicateType is 'https://in-toto.io/attestation/vulns/v0.1', not",
    without_our_part: "another tool wrote it",
    text_for_a_number: "it is not of the shape of evidence: Expected `int | null`, got `str`",
    look_alike: r"required gate 'accuracy' has no verdict ('\uff41ccuracy' only looks like it)",
    two_look_alikes: "the ids 'accuracy' and 'ACCURACY' look alike and are not the same",
    cyrillic: "required gate 'accuracy' has no verdict",
    invisible: "holds a character that is not seen (U+200B)",
    environment: None,
    message: None,
    digest_of_a_table: "its tables (in the extension) is not what its verdicts say",
    score_estimate: "gate 'score': its estimate is outside of its bounds",
}


def edited(edit) -> dict:
    statement = json.loads(Path("plain.json").read_text())
    edit(statement)
    return statement


def test_the_evidence_that_is_tampered_with_was_trusted(project, capsys):
    assert verified(capsys, "signed.json", "--key", "key.pub.pem")[0] == 0
    code, text = verified(capsys, "plain.json")
    assert code == 0, text


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_under_the_old_signature_is_refused(project, capsys, edit):
    envelope = json.loads(Path("signed.json").read_text())
    envelope["payload"] = base64.b64encode(json.dumps(edited(edit)).encode()).decode()
    Path("e.json").write_text(json.dumps(envelope))
    code, text = verified(capsys, "e.json", "--key", "key.pub.pem")
    assert code == 1
    if "this is no evidence" not in text:
        assert "the signature does not verify: its contents are not what the key signed" in text


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_signed_by_somebody_else_is_refused(project, capsys, edit):
    other = private_key(2)
    text = dsse.seal(json.dumps(edited(edit)).encode(), "", other.sign)
    Path("e.json").write_text(text)
    code, text = verified(capsys, "e.json", "--key", "key.pub.pem")
    assert code == 1
    if "this is no evidence" not in text:
        assert "the signature does not verify: another key, or other contents" in text


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_that_no_signature_protects_is_refused_for_its_own_reason(project, capsys, edit):
    Path("e.json").write_text(json.dumps(edited(edit)))
    code, text = verified(capsys, "e.json")
    if EDITS[edit] is None:
        assert code == 0, "no signature was needed: say so here, and in docs/evidence.md"
    else:
        assert code == 1
        assert EDITS[edit] in text


def test_only_these_edits_need_a_signature_to_be_seen():
    assert [edit.__name__ for edit, told in EDITS.items() if told is None] == [
        "an_hour_younger",
        "environment",
        "message",
    ]
    assert len(EDITS) >= 60


def test_a_record_that_was_invented_as_a_whole_needs_a_signature_to_be_seen(project, capsys):
    """Its counts, bounds and lists agree: they are those of a run on other rows."""
    judged = Path("holdout.csv").read_text()
    Path("holdout.csv").write_text(judged.replace("0,1,", "0,0,"))
    try:
        assert main(["check", "--evidence", "e.json", "--subject", "model.bin"]) == 0
    finally:
        Path("holdout.csv").write_text(judged)
    assert verified(capsys, "e.json")[0] == 0
    code, text = verified(capsys, "e.json", "--key", "key.pub.pem")
    assert code == 1
    assert "it is not signed, and a key was given" in text


def test_all_reasons_are_told_at_once(project, capsys):
    statement = edited(estimate)
    complete(statement)
    future(statement)
    Path("e.json").write_text(json.dumps(statement))
    _, text = verified(capsys, "e.json", "--key", "key.pub.pem", "--require", "another")
    assert "not to be trusted, for" in text
    for told in (
        "it is not signed, and a key was given",
        "its estimate is 0.93",
        "it is not complete",
        "it was made in the future",
        "required gate 'another' has no verdict",
    ):
        assert told in text


def raw() -> str:
    return Path("plain.json").read_text()


BYTES = {
    "cut in the middle": (lambda: raw().encode()[:-200], "it is no JSON, or only a part of it"),
    "empty": (lambda: b"", "it is no JSON"),
    "with more behind it": (lambda: raw().encode() + b"{}", "data follows after its end"),
    "a key twice": (
        lambda: raw().replace('"complete": true', '"complete": false, "complete": true').encode(),
        "the key 'complete' stands twice in one object",
    ),
    "NaN": (
        lambda: raw().replace('"n": 400', '"n": NaN', 1).encode(),
        "it holds NaN, which is no JSON",
    ),
    "infinity": (
        lambda: raw().replace('"n": 400', '"n": 1e999', 1).encode(),
        "it holds the number 1e999, which no float holds",
    ),
    "a million digits": (
        lambda: raw().replace('"n": 400', '"n": ' + "9" * 10**6, 1).encode(),
        "it holds an integer of 1000000 digits",
    ),
    "latin-1": (lambda: raw().encode() + b"\xe9", "it is not UTF-8"),
    "utf-16": (lambda: raw().encode("utf-16"), "it is not UTF-8"),
    "a byte order mark": (
        lambda: b"\xef\xbb\xbf" + raw().encode(),
        "it begins with a byte order mark",
    ),
    "half a surrogate": (
        lambda: raw().replace('"schema"', r'"schema\ud800"', 1).encode(),
        "half of a surrogate pair",
    ),
    "very deep": (
        lambda: raw().replace('"notes": []', '"notes": ' + "[" * 5000 + "]" * 5000).encode(),
        "nested more than 64 levels deep",
    ),
    "deep": (
        lambda: raw().replace('"notes": []', '"notes": ' + "[" * 80 + "]" * 80).encode(),
        "nested more than 64 levels deep",
    ),
    "a list": (lambda: b"[]", "it is no JSON object"),
}


@pytest.mark.parametrize(("content", "told"), BYTES.values(), ids=BYTES)
def test_what_could_be_read_in_two_ways_is_refused(project, capsys, content, told):
    Path("e.json").write_bytes(content())
    code, text = verified(capsys, "e.json")
    assert code == 1
    assert "this is no evidence: " in text
    assert told in text


def test_what_is_larger_than_any_evidence_is_refused(project, capsys, monkeypatch):
    monkeypatch.setattr("pytest_mlgates.core.strict_json.MOST_BYTES", 1 << 20)
    Path("e.json").write_bytes(raw().encode() + b" " * (1 << 20))
    assert "it is larger than 1 MiB" in verified(capsys, "e.json")[1]


def envelope_with(**changes) -> dict:
    return {**json.loads(Path("signed.json").read_text()), **changes}


def signatures() -> list[dict]:
    return json.loads(Path("signed.json").read_text())["signatures"]


def flipped() -> list[dict]:
    (one,) = signatures()
    value = bytearray(base64.b64decode(one["sig"]))
    value[0] ^= 1
    return [{**one, "sig": base64.b64encode(bytes(value)).decode()}]


def foreign() -> dict:
    payload = base64.b64decode(envelope_with()["payload"])
    return json.loads(dsse.seal(payload, "ff" * 32, private_key(2).sign))["signatures"][0]


def loose(text: str) -> str:
    """The same bytes in other base64: bits that decoders ignore are set."""
    assert text.endswith("=")
    place = len(text.rstrip("=")) - 1
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:place] + alphabet[alphabet.index(text[place]) + 1] + text[place + 1 :]


ENVELOPES = {
    "signature stripped": (lambda: envelope_with(signatures=[]), "its envelope has no signature"),
    "no signatures at all": (
        lambda: {k: v for k, v in envelope_with().items() if k != "signatures"},
        "does not have the keys payload, payloadType and signatures",
    ),
    "one bit of the signature": (
        lambda: envelope_with(signatures=flipped()),
        "the signature does not verify",
    ),
    "another payload type": (
        lambda: envelope_with(payloadType="application/json"),
        "its payloadType is 'application/json', not 'application/vnd.in-toto+json'",
    ),
    "an algorithm of its own": (
        lambda: envelope_with(signatures=[{**signatures()[0], "alg": "none"}]),
        "a signature of its envelope does not have the keys keyid and sig",
    ),
    "an empty signature": (
        lambda: envelope_with(signatures=[{**signatures()[0], "sig": ""}]),
        "the signature does not verify",
    ),
    "another key id": (
        lambda: envelope_with(signatures=[{**signatures()[0], "keyid": "ff" * 32}]),
        "signed by another key: ffffffffffffffff…",
    ),
    "a key id that is a number": (
        lambda: envelope_with(signatures=[{**signatures()[0], "keyid": 1}]),
        "the keyid of a signature is no text",
    ),
    "only another key's signature": (
        lambda: envelope_with(signatures=[foreign()]),
        "signed by another key: ffffffffffffffff…",
    ),
    "another key's under our id": (
        lambda: envelope_with(signatures=[{**foreign(), "keyid": signatures()[0]["keyid"]}]),
        "the signature does not verify",
    ),
    "ours, and a false one under our id": (
        lambda: envelope_with(signatures=[*signatures(), *flipped()]),
        "the signature does not verify",
    ),
    "base64 with a line break": (
        lambda: envelope_with(payload=envelope_with()["payload"] + "\n"),
        "the payload is not in canonical base64",
    ),
    "base64 for addresses": (
        lambda: envelope_with(signatures=[{**signatures()[0], "sig": "_-" * 43}]),
        "a signature is not in canonical base64",
    ),
    "base64 with loose bits": (
        lambda: envelope_with(
            signatures=[{**signatures()[0], "sig": loose(signatures()[0]["sig"])}]
        ),
        "a signature is not in canonical base64",
    ),
    "a hundred signatures": (
        lambda: envelope_with(signatures=signatures() * 100),
        "its envelope has more than 16 signatures",
    ),
    "something beside": (
        lambda: envelope_with(comment="trust me"),
        "does not have the keys payload, payloadType and signatures, and no other",
    ),
}


@pytest.mark.parametrize(("envelope", "told"), ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_that_was_touched_is_refused(project, capsys, envelope, told):
    Path("e.json").write_text(json.dumps(envelope()))
    code, text = verified(capsys, "e.json", "--key", "key.pub.pem")
    assert code == 1
    assert told in text


def test_a_second_signature_by_somebody_else_takes_nothing_away(project, capsys):
    Path("e.json").write_text(json.dumps(envelope_with(signatures=[foreign(), *signatures()])))
    assert verified(capsys, "e.json", "--key", "key.pub.pem")[0] == 0


def test_another_model_key_or_commit_is_refused(project, capsys):
    code, text = verified(capsys, "signed.json", "--key", "key.pub.pem", "--model", "wrong.bin")
    assert code == 1
    assert "it is about another model than 'wrong.bin'" in text
    code, text = verified(capsys, "signed.json", "--key", "other.pub.pem")
    assert code == 1
    assert "signed by another key: " in text
    code, text = verified(capsys, "signed.json", "--commit", "0123456789")
    assert code == 1
    assert "not of 0123456789" in text


def test_a_policy_that_became_stricter_refuses_older_evidence(project, capsys):
    text = Path("pyproject.toml").read_text()
    Path("strict.toml").write_text(text)
    Path("policy").mkdir(exist_ok=True)
    Path("policy/pyproject.toml").write_text(text.replace("min = 0.6", "min = 0.75", 1))
    code, text = verified(capsys, "signed.json", "--policy", "policy/pyproject.toml")
    assert code == 1
    assert "is not the policy" in text
    assert "min = 0.6 instead of 0.75" in text

"""The CI that users paste: valid to its provider, its shell runs, the key is where it may be."""

from __future__ import annotations

import copy
import json
import re
from importlib import resources

import jsonschema
import pytest
import yaml

from pytest_mlgates.reports import starting_ci
from tests import ci_files
from tests.ci_files import KEY, PROVIDERS, ROOT, git
from tests.projects import BAD_DATA, CONFIGURATION, GOOD_DATA, write_project

SCHEMAS = {
    "github": "github-workflows",
    "gitlab": "gitlab-ci",
    "azure-pipelines": "azure-pipelines",
}
EVERYWHERE = (*PROVIDERS, "action")
REQUIRING = CONFIGURATION.replace(
    "[tool.mlgates]\n", '[tool.mlgates]\nrequired = ["schema", "accuracy"]\n'
)


def mistakes(loaded, schema):
    """Those of *loaded* in the schema that its provider publishes."""
    folder = resources.files("check_jsonschema") / "builtin_schemas/vendor"
    validator = jsonschema.Draft7Validator(json.loads((folder / f"{schema}.json").read_text()))
    return [error.message for error in validator.iter_errors(loaded)]


def action_file():
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("provider", SCHEMAS)
def test_every_file_keeps_the_schema_of_its_provider(provider):
    assert mistakes(ci_files.load(provider), SCHEMAS[provider]) == []


def test_the_action_keeps_the_schema_of_actions():
    assert mistakes(action_file(), "github-actions") == []


def test_what_init_writes_keeps_the_schemas():
    workflow = yaml.safe_load(starting_ci.github_workflow(["pip install x"], python="3.12"))
    workflow["on"] = workflow.pop(True)
    assert mistakes(workflow, "github-workflows") == []
    job = yaml.safe_load(starting_ci.gitlab_job(["pip install x"], python="3.12"))
    assert mistakes(job, "gitlab-ci") == []


def break_github(loaded):
    loaded["jobs"]["gates"]["steps"][0]["whith"] = {}


def break_gitlab(loaded):
    loaded["gates"]["script"] = {"run": "pytest"}


def break_azure(loaded):
    loaded["stages"][0]["jobs"][0]["steps"][0]["fetchdepth"] = []


@pytest.mark.parametrize(
    ("provider", "break_it"),
    [("github", break_github), ("gitlab", break_gitlab), ("azure-pipelines", break_azure)],
)
def test_a_broken_file_does_not_keep_it(provider, break_it):
    broken = copy.deepcopy(ci_files.load(provider))
    break_it(broken)
    assert mistakes(broken, SCHEMAS[provider])


def test_a_broken_action_does_not_keep_it():
    broken = action_file()
    del broken["runs"]["steps"][0]["shell"]
    assert mistakes(broken, "github-actions")


def steps_of(provider):
    return ci_files.action() if provider == "action" else ci_files.gates(provider)


def reports_of(provider):
    """What the job leaves beside the evidence."""
    more = {
        "github": ["junit.xml", "mlgates.sarif"],
        "action": ["mlgates.sarif"],
        "gitlab": ["junit.xml", "gl-code-quality-report.json"],
    }
    return ["mlgates.html", *more.get(provider, ["junit.xml"])]


@pytest.fixture
def repository(tmp_path):
    """A project of two commits; ``origin/main`` is the first."""

    def make(*, data=GOOD_DATA):
        write_project(tmp_path, data=data, configuration=REQUIRING)
        git(tmp_path, "init", "-q", "-b", "main")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "first")
        git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")
        git(tmp_path, "checkout", "-q", "-b", "topic")
        (tmp_path / "notes.txt").write_text("a change\n")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "second")
        return tmp_path

    return make


def run(provider, folder):
    """What each step of the job of a pull request said."""
    return ci_files.run(steps_of(provider), folder, ci_files.PULL_REQUEST[provider])


def result_in(folder):
    return json.loads((folder / "evidence.json").read_text())["predicate"]["result"]


@pytest.mark.parametrize("provider", EVERYWHERE)
def test_a_good_project_passes_and_leaves_its_evidence_and_reports(provider, repository):
    folder = repository()
    done = run(provider, folder)
    assert {one.returncode for one in done.values()} == {0}
    assert result_in(folder) == "PASSED"
    assert [name for name in reports_of(provider) if not (folder / name).is_file()] == []
    assert git(folder, "status", "--porcelain", "--untracked-files=no") == ""


@pytest.mark.parametrize("provider", EVERYWHERE)
def test_a_failed_gate_fails_the_job_which_reports_all_the_same(provider, repository):
    folder = repository(data=BAD_DATA)
    done = list(run(provider, folder).values())
    assert [one.returncode for one in done[-2:]] == [1, 0]
    assert result_in(folder) == "FAILED"
    assert [name for name in reports_of(provider) if not (folder / name).is_file()] == []


@pytest.mark.parametrize("provider", EVERYWHERE)
def test_a_weakened_gate_fails_the_review_and_nothing_is_evaluated(provider, repository):
    folder = repository()
    path = folder / "pyproject.toml"
    path.write_text(path.read_text().replace("min = 0.6", "min = 0.5"))
    git(folder, "commit", "-q", "-a", "-m", "weaker")
    git(folder, "commit", "-q", "--allow-empty", "-m", "and something else")
    done = list(run(provider, folder).values())
    said = [one for one in done if "1 weakened since main" in one.stdout]
    assert [one.returncode for one in said] == [1]
    assert not (folder / "evidence.json").exists()
    after = done[done.index(said[0]) + 1 :]
    assert {one.returncode for one in after} <= {0}  # nothing to report is no further trouble


def test_what_an_earlier_build_left_in_a_workspace_of_jenkins_is_no_evidence(repository):
    folder = repository()
    (folder / "evidence.json").write_text("{}")
    (folder / "pyproject.toml").write_text("[tool.mlgates")
    run("jenkins", folder)
    assert not (folder / "evidence.json").exists()


# --- the key


def jobs_of_pull_requests(provider):
    """Whatever of the parsed file a pull request runs, as text."""
    if provider == "jenkins":
        return ci_files.FILES[provider].read_text().partition("stage('Promote')")[0]
    loaded = ci_files.load(provider)
    if provider == "azure-pipelines":
        return json.dumps({**loaded, "stages": loaded["stages"][:1]})
    if provider == "github":
        jobs = {name: job for name, job in loaded["jobs"].items() if name != "promote"}
        return json.dumps({**loaded, "jobs": jobs})
    return json.dumps({name: job for name, job in loaded.items() if name != "promote"})


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_job_of_a_pull_request_names_the_key(provider):
    text = "\n".join(
        line
        for line in jobs_of_pull_requests(provider).splitlines()
        if not line.strip().startswith("//")
    )
    assert "mlgates" in text
    assert not re.search(f"{KEY}|secrets|withCredentials|group: mlgates", text)
    assert KEY not in (ROOT / "action.yml").read_text()


def test_the_job_with_the_key_runs_on_the_protected_branch_alone():
    github = ci_files.load("github")["jobs"]["promote"]
    assert github["if"] == "github.event_name == 'push'"
    assert ci_files.load("github")["on"]["push"] == {"branches": ["main"]}
    assert github["environment"] == "production"
    gitlab = ci_files.load("gitlab")["promote"]
    assert gitlab["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]
    assert gitlab["environment"] == "production"
    azure = ci_files.load("azure-pipelines")["stages"][1]
    assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in azure["condition"]
    jenkins = ci_files.FILES["jenkins"].read_text().partition("stage('Promote')")[2]
    assert re.search(r"when \{\s*branch 'main'\s*\}", jenkins)


@pytest.mark.parametrize("provider", ["github", "azure-pipelines", "jenkins"])
def test_only_the_step_that_signs_has_the_key(provider):
    having = [step for step in ci_files.promotion(provider) if KEY in step.env]
    assert [step.shell.strip().splitlines()[-1].split()[:2] for step in having] == [
        ["mlgates", "sign"]
    ]
    assert len(re.findall(rf"\b{KEY}\b[:']", uncommented(provider))) == 1


def uncommented(provider):
    text = ci_files.FILES[provider].read_text()
    return "\n".join(line for line in text.splitlines() if not re.match(r"\s*(#|//)", line))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_job_with_the_key_runs_no_code_of_the_project(provider):
    shell = "\n".join(step.shell for step in ci_files.promotion(provider))
    commands = {line.split()[0] for line in shell.splitlines() if line.strip()}
    assert commands <= {"pip", "mlgates", "python3", "."}
    assert "pip install 'pytest-mlgates[mlflow,sign]'" in shell
    assert "--editable" not in shell
    assert "-r " not in shell


# --- one CI, whoever provides it


def words(steps):
    return [
        line.strip()
        for step in steps
        for line in step.shell.splitlines()
        if line.strip().startswith(("mlgates-config", "pytest"))
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_runs_the_commands_that_init_writes(provider):
    assert words(ci_files.gates(provider)) == [starting_ci.REVIEW, starting_ci.EVALUATE]


def test_init_and_the_example_for_github_are_one_job():
    written = yaml.safe_load(starting_ci.github_workflow(["pip install x"], python="3.12"))
    own, example = written["jobs"]["gates"], ci_files.load("github")["jobs"]["gates"]
    is_install = [str(step.get("run", "")).startswith("pip") for step in example["steps"]]
    assert is_install == [str(step.get("run", "")).startswith("pip") for step in own["steps"]]
    at = is_install.index(True)
    del own["steps"][at], example["steps"][at]
    del example["env"]  # the store, which only the example has
    assert own == example


def test_init_and_the_example_for_gitlab_are_one_job():
    own = yaml.safe_load(starting_ci.gitlab_job(["pip install x"], python="3.12"))["ml-gates"]
    example = ci_files.load("gitlab")["gates"]
    del own["script"][0], example["script"][0], example["stage"]
    assert own == example


def test_the_action_installs_what_it_is_told_and_passes_arguments_on(repository):
    folder = repository()
    steps = {step.name: step for step in ci_files.action()}
    steps["Install"].env["INSTALL"] = "false; touch went-on"
    steps["Evaluate"].env["PYTEST_ARGUMENTS"] = "-p no:cacheprovider --collect-only -q"
    done = ci_files.run([steps["Install"]], folder, {})
    assert done["Install"].returncode == 1
    assert not (folder / "went-on").exists()
    done = ci_files.run([steps["Evaluate"]], folder, {})
    assert "pyproject.toml::accuracy" in done["Evaluate"].stdout

"""The CI that ``mlgates init`` writes: the jobs ``gates`` of ``examples/ci``, explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What CI runs, whoever provides it; examples/ci has the same.
REVIEW = "mlgates-config"
EVALUATE = (
    "pytest --mlgates --mlgates-require --mlgates-evidence evidence.json --junitxml junit.xml"
)
_IF_FINDINGS = (
    "always() && hashFiles('mlgates.sarif') != '' && !github.event.pull_request.head.repo.fork"
)
_GITLAB_REPORT = (
    "if [ -f evidence.json ]; then mlgates report evidence.json --html mlgates.html "
    "--gitlab gl-code-quality-report.json; fi"
)


def github_workflow(install: Sequence[str], *, python: str) -> str:
    """A workflow that blocks the merge: the job ``gates`` of ``examples/ci/github.yml``."""
    return f"""\
# The exit code blocks the merge, where the job is a required check.
name: ML gates
on:
  push:
  pull_request:

permissions:
  contents: read

jobs:
  gates:
    runs-on: ubuntu-latest
    permissions:
      actions: read # for code scanning in a private repository
      contents: read
      security-events: write # for the findings beside the diff
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # mlgates-config compares with where the branch began
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "{python}"
      # What the gates need. Add what your tests need beside it.
{_lines(install, "      - run: ")}
      # Refuses gates that this change weakens without somebody who answers for it.
      - name: Review what the change weakens
        run: {REVIEW}
      # All tests and declared gates; fails unless every required one was evaluated.
      - name: Evaluate
        run: {EVALUATE}
      - name: Report
        if: always() && hashFiles('evidence.json') != ''
        run: mlgates report evidence.json --github --html mlgates.html --sarif mlgates.sarif
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: mlgates
          path: |
            evidence.json
            junit.xml
            mlgates.html
      # The token of a pull request from a fork may not write findings.
      - uses: github/codeql-action/upload-sarif@v3
        if: {_IF_FINDINGS}
        with:
          sarif_file: mlgates.sarif
          category: mlgates
"""


def gitlab_job(install: Sequence[str], *, python: str) -> str:
    """A job for GitLab, to be included: the job ``gates`` of ``examples/ci/gitlab.yml``."""
    return f"""\
# Include it from .gitlab-ci.yml; the exit code blocks the merge.
ml-gates:
  image: "python:{python}"
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  variables:
    GIT_DEPTH: "0" # mlgates-config compares with where the branch began
  script:
    # What the gates need. Add what your tests need beside it.
{_lines(install, "    - ")}
    # Refuses gates that this change weakens without somebody who answers for it.
    - {REVIEW}
    # All tests and declared gates; fails unless every required one was evaluated.
    - {EVALUATE}
  after_script:
    - {_GITLAB_REPORT}
  artifacts:
    when: always
    paths: [evidence.json, mlgates.html]
    reports:
      junit: junit.xml
      codequality: gl-code-quality-report.json
"""


def _lines(commands: Sequence[str], lead: str) -> str:
    return "\n".join(f"{lead}{command}" for command in commands)

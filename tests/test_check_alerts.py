"""Mistakes in alerts.yaml and in the care of segments, each with its file and line before anything runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mappings import reader
from warehouse import measures

FOLDER = Path(__file__).parent.parent / "mappings"

Check = Callable[..., list[str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Replace a text in a file of the shipped folder; returns what the reader finds."""
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path)

    def found(file: str, old: str, new: str) -> list[str]:
        path = tmp_path / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        reading = reader.read(tmp_path, list(measures.load()))
        line = path.read_text().split(new)[0].count("\n") + 1
        return [str(mistake).replace(f":{line}:", ":HERE:") for mistake in reading.mistakes]

    return found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{score_drop: {at_least: 20}}", "{scoredrop: {at_least: 20}}", "there is no signal `scoredrop`; did you mean `score_drop`?"),
        ("{tickets_unresolved_7: {at_least: 1}}", "{tickets_unresolved_7: {is: true}}", "`tickets_unresolved_7` holds a number"),
        ("no login for {{ days_since_login }}", "no login for {{ days }}", "nothing fills `{{ days }}`"),
        ("suppressed_by: [score_drop_red]", "suppressed_by: [score_drop]", "`score_drop` is no other rule"),
        ("no_task_while: [at_risk]", "no_task_while: [at_rsk]", "`at_rsk` is no other colour, rule or playbook"),
        ("yellow: [red, at_risk]", "yellow: [red, at_rsk]", "`at_rsk` is no other colour, rule or playbook; did you mean `at_risk`?"),
        ("yellow: [red, at_risk]", "yellow: [yellow]", "`yellow` is no other colour, rule or playbook"),
        ("growth_talk, handoff]", "growth_talk, near_limit]", "`near_limit` is no other colour, rule or playbook"),
        ("playbook: enablement", "playbook: enable", "there is no playbook `enable`; did you mean `enablement`?"),
        ("id: near_limit", "id: no_login_14", "there is a rule `no_login_14` above already"),
        ("account_fields: {}", "account_fields: {not_a_risk: calm}", "no system maps an attribute `calm` of accounts as boolean"),
        ("What to do: {{ action }}", "What to do: {{ acton }}", "nothing fills `{{ acton }}`; did you mean `action`?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rule_is_found(check: Check, old: str, new: str, message: str) -> None:
    """Unknown signals and names, rules that are not there, texts that nobody can fill in."""
    found = check("alerts.yaml", old, new)
    assert any(message in mistake for mistake in found), found
    assert all(mistake.startswith("alerts.yaml:") for mistake in found)


def test_the_line_is_told(check: Check) -> None:
    """The finding stands on the line of the mistake."""
    (found,) = check("alerts.yaml", "{limit_used_pct: {at_least: 80}}", "{limit_used: {at_least: 80}}")[:1]
    assert found.startswith("alerts.yaml:HERE: there is no signal `limit_used`")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("when: {usage_pct: {at_most: 50}}", "when: {usage_percent: {at_most: 50}}", "there is no signal `usage_percent`"),
        ("id: webinars", "id: tips", "there is an audience `tips` above already"),
        ("measure: active_days_14", "measure: active_day_14", "there is no measure `active_day_14`; did you mean `active_days_14`?"),
        ("no_task_while: [at_risk, onboarding]", "no_task_while: [at_rsk]", "there is no playbook `at_rsk`; did you mean `at_risk`?"),
        ("{{ label }} is due", "{{ name }} is due", "nothing fills `{{ name }}`"),
        ("id: health_check", "id: check_in", "`mid_touch` has a touch `check_in` above already"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_care_of_a_segment_is_found(check: Check, old: str, new: str, message: str) -> None:
    """Audiences, goals and touches name what exists, and each once."""
    found = check("segments.yaml", old, new)
    assert any(message in mistake for mistake in found), found


def test_a_company_may_do_without_alerts(check: Check, tmp_path: Path) -> None:
    """A folder of an earlier version has no alerts.yaml: it is read, and nothing alerts."""
    (tmp_path / "alerts.yaml").unlink()
    reading = reader.read(tmp_path, list(measures.load()))
    assert reading.mappings is not None, reading.mistakes
    assert reading.mappings.alerts.rules == ()

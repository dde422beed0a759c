"""What stops a whole system is said once, with the exit status that belongs to it; what is merely absent stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import SystemRefused
from connectors.salesforce import Salesforce
from flows import checking, steps
from flows.reports import Exit, RunReport
from flows.running import running
from flows.setup import opened, ticking
from tests.scripted import Answer, Request, Scripted

CLOCK = ticking(None)
TOKEN = {"access_token": "t", "id": "https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA"}
EXPIRED = Answer(401, [{"errorCode": "INVALID_SESSION_ID", "message": "not valid for use with the REST API"}])
SPENT = Answer(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
CLOSED = Answer(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "The REST API is not enabled."}])
RETIRED = Answer(410, [{"errorCode": "UNSUPPORTED_API_VERSION", "message": "gone"}])


def vendor(answer: Answer) -> Scripted:
    """It hands out tokens and then answers every call alike."""

    def reply(request: Request) -> Answer:
        return Answer(200, TOKEN) if request.path.endswith("/token") else answer

    return Scripted(reply)


def environment(folder: Path, url: str = "http://127.0.0.1:1") -> dict[str, str]:
    return {
        "CRMPULSE_WAREHOUSE_URL": f"duckdb:///{folder / 'warehouse.duckdb'}",
        "PRODUCT_FOLDER": str(folder),
        "SALESFORCE_INSTANCE_URL": url,
        "SALESFORCE_CLIENT_ID": "id",
        "SALESFORCE_CLIENT_SECRET": "secret",
    }


def pulled(env: dict[str, str], system: str, *, full: bool = False) -> RunReport:
    with opened(env, CLOCK) as setup, running(setup, "pull") as report:
        steps.pull(setup, report, system, full=full)
    return report


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (EXPIRED, Exit.CONFIGURATION),
        (CLOSED, Exit.CONFIGURATION),
        (RETIRED, Exit.CONFIGURATION),
        (SPENT, Exit.STOPPED),
    ],
    ids=["no access", "no API", "no such version", "no calls left"],
)
def test_what_every_stream_would_meet_stops_the_pull_at_the_first(tmp_path: Path, answer: Answer, status: Exit) -> None:
    """One sentence instead of one a stream, and no further calls."""
    with vendor(answer) as refusing:
        report = pulled(environment(tmp_path, refusing.url), "salesforce")
    described = {request.path for request in refusing.requests if request.path.endswith("/describe")}
    assert report.exit_status == status
    assert len(described) == 1
    assert report.steps[0].stopped.count("salesforce: ") == 1


@pytest.mark.parametrize("answer", [EXPIRED, CLOSED, RETIRED], ids=["no access", "no API", "no such version"])
def test_check_says_that_nobody_lets_us_in(tmp_path: Path, answer: Answer) -> None:
    """A refused token is not nine missing objects."""
    with vendor(answer) as refusing:
        found = checking.check(environment(tmp_path, refusing.url), CLOCK, live=True)
        with pytest.raises(SystemRefused) as refused:
            Salesforce("salesforce", environment(tmp_path, refusing.url), CLOCK, lambda seconds: None).describe("Case")
    (mistake,) = [mistake for mistake in found if mistake.file == "salesforce.yaml"]
    assert mistake.message == str(refused.value).replace("describe Case", "describe Account")


def test_a_full_pull_does_not_miss_files_that_never_came(tmp_path: Path) -> None:
    """The shipped mapping reads more kinds of files than most products drop; those that did come must still be there."""
    (tmp_path / "goals").mkdir()
    goals = tmp_path / "goals" / "all.csv"
    goals.write_text(
        "id,workspace_id,title,status,stated_on,progressed_on,reached_on\n1,w,more users,open,2026-01-01,,\n"
    )
    env = environment(tmp_path)
    for _ in range(2):
        assert pulled(env, "product", full=True).exit_status == Exit.COMPLETE
    goals.unlink()
    report = pulled(env, "product", full=True)
    assert report.exit_status == Exit.STOPPED
    assert report.steps[0].stopped == "product: no file matches goals/*; what vanished cannot be told"


def test_a_system_that_is_away_is_not_waited_for_stream_by_stream(tmp_path: Path) -> None:
    """Two streams that found nobody are enough; the others wait for the next run, and it says which."""
    with vendor(Answer(503, "down for maintenance")) as away:
        env = environment(tmp_path, away.url)
        with opened(env, CLOCK) as setup, running(setup, "pull") as report:
            setup.sources["salesforce"] = Salesforce("salesforce", env, CLOCK, lambda seconds: None)
            steps.pull(setup, report, "salesforce")
    (step,) = [step for step in report.steps if step.step == "pull"]
    assert (report.exit_status, step.outages) == (Exit.STOPPED, 2)
    assert step.stopped.endswith("and what comes after it were not tried")

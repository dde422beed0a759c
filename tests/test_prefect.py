"""The deployments of prefect.yaml on a real Prefect server, run by a process worker, with the warehouse on PostgreSQL."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from flows import demo
from sandbox import stories
from sandbox.server import Sandbox
from sandbox.world import morning

pytestmark = pytest.mark.heavy

HOUSE = Path(__file__).parent.parent
PREFECT = str(Path(sys.executable).with_name("prefect"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Prefect server on a free port with a database of its own; yields the environment that leads to it."""
    port = free_port()
    env = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    command = [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/health", seconds=120)
        yield env
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(url: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"{url} did not answer within {seconds} s")


def prefect(env: dict[str, str], *words: str, seconds: float = 180) -> str:
    done = subprocess.run(
        [PREFECT, "--no-prompt", *words],
        env=env,
        cwd=HOUSE,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_worker_runs_the_deployed_sync(server: dict[str, str], postgresql_url: str, tmp_path: Path) -> None:
    """Deployed by module path, run by a worker: scores arrive in the CRM, the run leaves its table of outcomes."""
    world = stories.build(datetime.now(UTC).date())  # the worker lives in real time, so the world does too
    with Sandbox(world.records(), morning(world.as_of)) as sandbox:
        for day in world.days:
            demo.deliver(world, day, tmp_path)
        database = _new_database(postgresql_url)
        env = {**server, **demo.connection(sandbox, tmp_path), "CRMPULSE_WAREHOUSE_URL": database}
        prefect(env, "work-pool", "create", "crmpulse", "--type", "process")
        prefect(env, "deploy", "--all")
        for deployment in ("sync/every-15-minutes", "pull/pull", "score/score", "push/push"):
            prefect(env, "deployment", "run", deployment)
            prefect(env, "worker", "start", "--pool", "crmpulse", "--run-once", "--limit", "1", seconds=300)
        _wait_for_runs(env, 4)
        assert _states(env) == ["Completed"] * 4
        artifacts = requests.post(f"{env['PREFECT_API_URL']}/artifacts/filter", json={}, timeout=10).json()
        tables = {a["key"]: json.loads(a["data"]) for a in artifacts if a["type"] == "table"}
        assert tables.keys() == {"crmpulse-sync", "crmpulse-pull", "crmpulse-score", "crmpulse-push"}
        assert any(row["step"] == "push" and row["succeeded"] > 50 for row in tables["crmpulse-sync"])
        with sa.create_engine(database).connect() as conn:
            runs = conn.execute(sa.text("SELECT verb, exit_status FROM runs ORDER BY started_at")).all()
        assert [tuple(run) for run in runs] == [("sync", 0), ("pull", 0), ("score", 0), ("push", 0)]


def _new_database(server_url: str) -> str:
    server = sa.make_url(server_url)
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(sa.text("CREATE DATABASE deployed"))
    admin.dispose()
    return server.set(database="deployed").render_as_string(hide_password=False)


def _runs(env: dict[str, str]) -> list[dict[str, str]]:
    found = requests.post(f"{env['PREFECT_API_URL']}/flow_runs/filter", json={}, timeout=10).json()
    return [run for run in found if run["state_type"] not in ("SCHEDULED", "PENDING")]


def _states(env: dict[str, str]) -> list[str]:
    return [run["state_name"] for run in _runs(env)]


def _wait_for_runs(env: dict[str, str], count: int, seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended = [run for run in _runs(env) if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED")]
        if len(ended) >= count:
            return
        time.sleep(1)
    raise TimeoutError(f"{count} flow runs did not end within {seconds} s: {_states(env)}")

"""One job's life on the stack of docker-compose.yml, with a worker and servers that die."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from backend.cli.client import ApiError, Client
from tests.smoke.stack import ComposeStack

pytestmark = pytest.mark.smoke
PATIENCE_S = 180


def test_one_command_dubs_the_sample(stack: ComposeStack, out: Path):
    _wait_until(lambda: _is_up(stack))
    told = stack.run("run", "--rm", "sample")
    (out / "sample.txt").write_text(told)
    assert "dub.mp4" in told


def test_a_job_outlives_a_worker_and_both_servers(
    stack: ComposeStack, client: Client, recording: Path, out: Path
):
    file = client.upload(recording, "video")
    wanted = {"mediaId": file["id"], "sourceLanguage": "en", "targetLanguages": ["es"]}
    job = client.submit(wanted)["id"]

    _wait_until(lambda: _has_event(client, job, "stage.started", stage="asr"))
    stack.kill("worker-media")
    _wait_for_success(client, job)
    retried = _find_events(client, job, "stage.retrying", stage="asr")
    assert [event["data"]["error"]["kind"] for event in retried] == ["worker_lost"]

    client._post(f"/v1/jobs/{job}/retry", {"resumeFrom": "tts"})
    _wait_until(lambda: _has_event(client, job, "stage.started", run=2, stage="tts"))
    stack.run("restart", "redis", "postgres")
    _wait_for_success(client, job)
    done = _find_events(client, job, "stage.succeeded", run=2)
    assert {event["stage"] for event in done} == {"tts", "mix"}

    _check_results(client, job, recording, out)


def test_flower_demands_a_password_and_shows_what_a_task_is_for(stack: ComposeStack):
    url = f"http://127.0.0.1:{stack.ports['FLOWER_PORT']}"
    assert httpx.get(f"{url}/workers").status_code == httpx.codes.UNAUTHORIZED
    user, password = stack.read_env()["FLOWER_BASIC_AUTH"].split(":")
    tasks = httpx.get(f"{url}/api/tasks", auth=(user, password)).json().values()
    shown = [task["args"] for task in tasks if task["name"] == "run_tts"]
    assert shown
    assert all("job " in args and "tts es" in args for args in shown)


def _is_up(stack: ComposeStack) -> bool:
    return httpx.get(f"{stack.api_url}/readyz").status_code == httpx.codes.OK


def _wait_until(condition: Callable[[], object]) -> None:
    """As a client does, which asks again while servers are away."""
    deadline, last = time.monotonic() + PATIENCE_S, None
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (httpx.HTTPError, ApiError) as error:
            last = error
        time.sleep(0.2)
    pytest.fail(f"not within {PATIENCE_S} s: {last}")


def _find_events(client: Client, job: str, kind: str, **fields: Any) -> list[dict[str, Any]]:
    events = client._get(f"/v1/jobs/{job}/events")
    events = events if isinstance(events, list) else events["events"]
    wanted = {"type": kind, **fields}
    return [one for one in events if wanted.items() <= one.items()]


def _has_event(client: Client, job: str, kind: str, **fields: Any) -> bool:
    return bool(_find_events(client, job, kind, **fields))


def _wait_for_success(client: Client, job: str) -> None:
    _wait_until(lambda: client.read_job(job)["status"] not in {"running", "queued"})
    assert client.read_job(job)["status"] == "succeeded"


def _check_results(client: Client, job: str, recording: Path, out: Path) -> None:
    found = {one["name"]: one for one in client.read_job(job)["artifacts"]}
    video = client.download(job, found["es/dub.mp4"], out)
    client.download(job, found["es/manifest.json"], out)
    with av.open(str(video)) as dub, av.open(str(recording)) as source:
        assert abs(dub.duration - source.duration) <= av.time_base // 10
        assert len(dub.streams.audio) == 2

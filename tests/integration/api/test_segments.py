"""Lines of a dub are changed, and a further run takes up just what was changed."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from backend.documents.transcripts import Line, Speaker, Translation
from backend.pipeline.stages import Stage
from backend.wiring import Parts
from tests import factories
from tests.integration.api.test_api import submit_job

LINES = ("Hola.", "¿Qué tal?", "Adiós.")
ANEW = ("Buenas.", "¿Qué pasa?", "Chao.")


@pytest.fixture
def job(client: FlaskClient, parts: Parts) -> dict:
    """A dub into es that has succeeded."""
    job = submit_job(client)
    [run] = client.get(f"/v1/jobs/{job['id']}/runs").json
    factories.do_all(
        parts.db, UUID(run["id"]), store=parts.store, content={Stage.MT: document(LINES)}
    )
    return job


def document(texts: Sequence[str]) -> str:
    """Lines with these texts, one every two seconds."""
    lines = tuple(
        Line(id=i, start=2.0 * i, end=2.0 * i + 1.5, source="", text=text)
        for i, text in enumerate(texts)
    )
    translation = Translation(
        source_language="en",
        language="es",
        duration=10,
        speakers=(Speaker(label=None),),
        lines=lines,
    )
    return translation.to_bytes().decode()


def segments(client: FlaskClient, job: dict) -> dict:
    answer = client.get(f"/v1/jobs/{job['id']}/segments?language=es")
    assert answer.status_code == 200, answer.json
    return answer.json


def revisions(client: FlaskClient, job: dict) -> tuple[int, int]:
    found = segments(client, job)
    return found["revision"], found["outputRevision"]


def patch_segment(client: FlaskClient, job: dict, segment: int = 1, **change: object):
    return client.patch(f"/v1/jobs/{job['id']}/segments/{segment}?language=es", json=change)


def again(client: FlaskClient, parts: Parts, job: dict, **how: object) -> dict[str, list[str]]:
    """Run the job again, to its end; what it executed and what it took over."""
    assert client.post(f"/v1/jobs/{job['id']}/retry", json=how).status_code == 202
    run = client.get(f"/v1/jobs/{job['id']}/runs").json[-1]
    for name in run["executed"]:
        stage, _, language = name.partition(":")
        content = document(ANEW) if stage == Stage.MT else ""
        factories.do_stage(
            parts.db, UUID(run["id"]), Stage(stage), language, parts.store, content=content
        )
    return run


def test_the_lines_are_read_with_their_revision(client, job):
    found = segments(client, job)
    assert [line["text"] for line in found["segments"]] == list(LINES)
    assert (found["revision"], found["outputRevision"]) == (0, 0)


def test_a_change_is_read_back_and_waits_for_a_run(client, job):
    answer = patch_segment(client, job, revision=0, text="¿Cómo estás?", voice="f2")
    assert (answer.status_code, answer.json["revision"]) == (200, 1)
    found = segments(client, job)
    assert found["segments"][1]["text"] == "¿Cómo estás?"
    assert found["segments"][1]["voice"] == "f2"
    assert (found["revision"], found["outputRevision"]) == (1, 0)


def test_the_next_run_takes_the_change_up_and_recognises_nothing_again(client, parts, job):
    patch_segment(client, job, revision=0, text="¿Cómo estás?")
    run = again(client, parts, job)
    assert run["executed"] == ["tts:es", "mix:es"]
    assert (run["reused"], run["given"]) == (["asr"], ["mt:es"])
    assert segments(client, job)["outputRevision"] == 1


def test_a_change_that_is_taken_back_needs_no_work(client, parts, job):
    patch_segment(client, job, revision=0, text="¿Cómo estás?")
    patch_segment(client, job, revision=1, text=LINES[1])
    assert again(client, parts, job)["executed"] == []


def test_of_two_who_change_the_same_revision_the_second_is_told(client, job):
    patch_segment(client, job, revision=0, text="¿Cómo estás?")
    answer = patch_segment(client, job, revision=0, text="¿Qué hay?")
    assert (answer.status_code, answer.json["revision"]) == (409, 1)
    assert segments(client, job)["segments"][1]["text"] == "¿Cómo estás?"


def test_lines_stay_in_the_order_of_their_times(client, job):
    assert patch_segment(client, job, 0, revision=0, start=8.0, end=9.0).status_code == 200
    assert [line["id"] for line in segments(client, job)["segments"]] == [1, 2, 0]


def test_a_new_translation_is_a_revision_of_its_own(client, parts, job):
    """Turns red when it has the number of the old one: a stale change would land in it."""
    patch_segment(client, job, revision=0, text="¿Cómo estás?")
    again(client, parts, job)
    again(client, parts, job, resumeFrom="mt")
    assert revisions(client, job) == (2, 2)
    assert patch_segment(client, job, revision=1, text="¿Qué hay?").status_code == 409
    assert patch_segment(client, job, revision=2, text="¿Qué hay?").status_code == 200
    assert revisions(client, job) == (3, 2)
    assert again(client, parts, job)["given"] == ["mt:es"]
    assert revisions(client, job) == (3, 3)


def test_nothing_is_changed_while_it_is_translated_anew(client, parts, job):
    client.post(f"/v1/jobs/{job['id']}/retry", json={"resumeFrom": "mt"})
    answer = patch_segment(client, job, revision=0, text="¿Cómo estás?")
    assert (answer.status_code, "translated anew" in answer.json["detail"]) == (409, True)
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 202
    assert patch_segment(client, job, revision=0, text="¿Cómo estás?").status_code == 200


def test_translating_anew_leaves_the_changes_of_the_old_translation_behind(client, parts, job):
    patch_segment(client, job, revision=0, text="¿Cómo estás?")
    assert again(client, parts, job, resumeFrom="mt")["executed"] == ["mt:es", "tts:es", "mix:es"]
    assert again(client, parts, job)["executed"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"end": 1.0}, 422),
        ({"end": 11.0}, 422),
        ({"start": -1.0}, 422),
        ({"text": 7}, 422),
        ({"words": []}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(client, job, change, status):
    answer = patch_segment(client, job, revision=0, **change)
    assert answer.status_code == status, answer.json
    assert segments(client, job)["revision"] == 0


def test_a_segment_or_language_that_is_not_there(client, job):
    assert patch_segment(client, job, 9, revision=0, text="x").status_code == 404
    missing = client.get(f"/v1/jobs/{job['id']}/segments?language=pt")
    assert missing.status_code == 404
    assert "not translated" in missing.json["detail"]

"""Looking into files beside requests: however long that takes, whoever asks is answered."""

from concurrent.futures import Future
from threading import Event

import pytest

from backend.api import files
from backend.database.engine import Database
from backend.uploads import verify
from tests import factories

TEXT = b"Hello there.\n"


@pytest.fixture
def slow(monkeypatch):
    """Files are looked into until this is set; requests wait for none of them."""
    go_on, probe = Event(), verify.probe_upload

    def wait_and_probe(*given, **more):
        assert go_on.wait(30)
        return probe(*given, **more)

    monkeypatch.setattr(verify, "probe_upload", wait_and_probe)
    monkeypatch.setattr(files, "PATIENCE_S", 0)
    yield go_on
    go_on.set()


def send(client, content: bytes = TEXT) -> str:
    file = client.post("/v1/files/presign", json={"filename": "talk.txt"}).json
    assert client.put(file["url"], data=content).status_code == 204
    return file["fileId"]


def complete(client, file_id: str):
    return client.post("/v1/files/complete", json={"fileId": file_id})


def wait_for_end(parts, file_id: str) -> None:
    """Until nobody looks into the file any more."""
    for verification in list(parts.verifier._ours.values()):
        verification.exception(30)


def test_a_file_that_takes_long_is_202_until_it_is_done(client, parts, slow):
    file_id = send(client)
    for _ in range(2):
        answer = complete(client, file_id)
        assert (answer.status_code, answer.json["status"]) == (202, "verifying")
        assert int(answer.headers["Retry-After"]) > 0
        assert client.get(answer.headers["Location"]).status_code == 202
    slow.set()
    wait_for_end(parts, file_id)
    assert complete(client, file_id).status_code == 200
    assert client.get(f"/v1/files/{file_id}").json["size"] == len(TEXT)


def test_a_refusal_is_told_to_whoever_asks_later(client, parts, slow):
    file_id = send(client, b"\x00\x01 no media")
    assert complete(client, file_id).status_code == 202
    slow.set()
    wait_for_end(parts, file_id)
    told = client.get(f"/v1/files/{file_id}").json
    assert (told["status"], told["problem"]["code"]) == ("refused", "unusable-file")
    assert complete(client, file_id).json["detail"] == told["problem"]["detail"]
    for folder in ("incoming/", "uploads/"):
        assert list(parts.local_store.list_objects(folder)) == [], "what is refused takes no room"


def test_before_it_is_sent_a_file_is_waited_for(client):
    file = client.post("/v1/files/presign", json={"filename": "talk.txt"}).json
    answer = client.get(f"/v1/files/{file['fileId']}")
    assert (answer.status_code, answer.json["status"], answer.json["problem"]) == (
        *(202, "waiting"),
        None,
    )


def test_of_two_processes_one_looks_into_a_file(new_process, slow):
    one, other = new_process(), new_process()
    client = factories.api_client(one)
    file_id = send(client)
    assert complete(client, file_id).status_code == 202
    assert complete(factories.api_client(other), file_id).json["status"] == "verifying"
    assert other.verifier._ours == {}
    slow.set()
    wait_for_end(one, file_id)
    assert complete(factories.api_client(other), file_id).status_code == 200


def test_what_a_process_left_that_died_is_taken_up(new_process, monkeypatch):
    """Its lease runs out; red where `Verifier._claim` looks at no time."""
    died, lives = new_process(), new_process()
    client = factories.api_client(died)
    file_id = send(client)
    monkeypatch.setattr(died.verifier._pool, "submit", lambda *_: Future())
    monkeypatch.setattr(files, "PATIENCE_S", 0)
    assert complete(client, file_id).json["status"] == "verifying"
    monkeypatch.undo()
    client = factories.api_client(lives)
    assert complete(client, file_id).status_code == 202
    expire_leases(lives.db)
    assert complete(client, file_id).status_code == 200


def expire_leases(db: Database) -> None:
    with db.write() as connection:
        connection.exec_driver_sql("UPDATE uploads SET verifying_until = created_at")


def test_a_store_that_fails_leaves_the_file_to_be_completed_again(client, parts, monkeypatch):
    file_id = send(client)

    def fail(*_: object) -> None:
        raise verify.Conflict("storage-away", "try again")

    with monkeypatch.context() as failing:
        failing.setattr(parts.verifier._store, "copy", fail)
        assert complete(client, file_id).status_code == 409
    assert client.get(f"/v1/files/{file_id}").json["status"] == "waiting"
    assert complete(client, file_id).status_code == 200

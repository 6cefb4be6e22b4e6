"""Sending a large file to a server: the same command goes on after a break."""

import hashlib
from pathlib import Path

import click
import httpx
import pytest

from backend.cli import client as client_module
from backend.cli import multipart
from backend.cli.client import Client
from backend.uploads.multipart import MIB

TEXT = b"Hello there, and goodbye again.\n" * (20 * MIB // 32)  # three parts


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.txt"
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def client(server: str, tmp_path: Path, monkeypatch) -> Client:
    """One that takes 16 MiB for large, so that tests need not send more."""
    monkeypatch.setattr(client_module, "LARGE", 16 * MIB)
    monkeypatch.setattr(multipart._send.retry, "wait", lambda _: 0)
    return Client(server, ledgers=tmp_path / "ledgers")


@pytest.fixture
def sent(client: Client, monkeypatch) -> list[int]:
    """The numbers of the parts that were sent."""
    numbers: list[int] = []
    send = client.send_part

    def note(signed: dict, content: bytes) -> None:
        send(signed, content)
        numbers.append(signed["number"])

    monkeypatch.setattr(client, "send_part", note)
    return numbers


def break_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_same_command_sends_what_is_missing(client, sent, talk, capsys, monkeypatch):
    with monkeypatch.context() as broken:
        send = client.send_part
        broken.setattr(
            client, "send_part", lambda *given: break_off() if len(sent) == 2 else send(*given)
        )
        with pytest.raises(KeyboardInterrupt):
            client.upload(talk, "video")
    assert sent == [1, 2]
    again = client.upload(talk, "video")
    assert sent == [1, 2, 3]
    assert again["sha256"] == hashlib.sha256(TEXT).hexdigest()
    assert "2 of 3 parts are there" in capsys.readouterr().err
    assert list(client._ledgers.iterdir()) == []


def test_what_was_sent_and_not_completed_is_not_sent_again(client, sent, talk, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(client, "_complete", break_off)
        with pytest.raises(KeyboardInterrupt):
            client.upload(talk, "video")
    assert client.upload(talk, "video")["size"] == len(TEXT)
    assert sent == [1, 2, 3]


def test_what_was_taken_in_meanwhile_is_not_sent_again(client, sent, talk, monkeypatch):
    complete = client._complete

    def complete_and_stop(body: dict) -> None:
        complete(body)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(client, "_complete", complete_and_stop)
        with pytest.raises(KeyboardInterrupt):
            client.upload(talk, "video")
    assert client.upload(talk, "video")["size"] == len(TEXT)
    assert sent == [1, 2, 3]


def test_a_part_that_fails_is_tried_again(client, sent, talk, monkeypatch):
    send, failures = client.send_part, iter([True, True])

    def fail_first(*given: object) -> None:
        if next(failures, False):
            raise httpx.ReadError("cut off")
        send(*given)

    monkeypatch.setattr(client, "send_part", fail_first)
    assert client.upload(talk, "video")["size"] == len(TEXT)
    assert sent == [1, 2, 3]


def test_an_upload_that_was_ended_is_begun_anew(client, sent, talk, monkeypatch, tmp_path):
    with monkeypatch.context() as broken:
        broken.setattr(client, "_complete", break_off)
        with pytest.raises(KeyboardInterrupt):
            client.upload(talk, "video")
    [ledger] = (tmp_path / "ledgers").iterdir()
    client._ask("DELETE", f"/v1/files/{ledger.read_text()}")
    assert client.upload(talk, "video")["size"] == len(TEXT)
    assert sent == [1, 2, 3, 1, 2, 3]


def test_a_refusal_is_told_at_once(client, sent, talk, monkeypatch):
    """Trying again would not help."""
    wrong = {"filename": "", "size": 1}
    begin = client.begin_multipart
    monkeypatch.setattr(client, "begin_multipart", lambda _: begin(wrong))
    with pytest.raises(click.ClickException, match="filename"):
        client.upload(talk, "video")
    assert sent == []

"""Sends a large file in parts; after a break the same command sends those that are missing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import httpx
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential

from backend.cli.problems import ApiError

AT_ONCE = 4  # URLs of parts that are asked for: they work for minutes only
ATTEMPTS = 6


class PartClient(Protocol):
    """As much of a client as this needs."""

    def begin_multipart(self, about: dict[str, Any]) -> dict[str, Any]:
        """Announce a file."""

    def read_multipart(self, file_id: str) -> dict[str, Any]:
        """Which parts have come."""

    def sign_parts(self, file_id: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Where to send parts."""

    def send_part(self, signed: dict[str, Any], content: bytes) -> None:
        """Send one."""


def send_in_parts(client: PartClient, path: Path, *, role: str, sha256: str, ledger: Path) -> str:
    """Send what has not come yet; returns the id of the file, which is then to be completed.

    `ledger` is where that id is kept until then; it has to be another one for another file.
    """
    upload = _take_up(client, ledger)
    if upload is None:
        size = path.stat().st_size
        about = {"filename": path.name, "role": role, "size": size, "sha256": sha256}
        upload = client.begin_multipart(about)
        ledger.parent.mkdir(parents=True, exist_ok=True)
        ledger.write_text(upload["fileId"])
    missing = _list_missing(upload)
    for begin in range(0, len(missing), AT_ONCE):
        _send(client, path, upload, missing[begin : begin + AT_ONCE])
    return str(upload["fileId"])


def _take_up(client: PartClient, ledger: Path) -> dict[str, Any] | None:
    """The upload that an earlier command began, unless it has ended."""
    try:
        file_id = ledger.read_text()
        upload = client.read_multipart(file_id)
    except FileNotFoundError:
        return None
    except ApiError as error:
        if error.status == httpx.codes.CONFLICT:  # it has been taken in
            return {"fileId": file_id, "parts": [], "partCount": 0}
        if error.status == httpx.codes.NOT_FOUND:
            return None
        raise
    there = f"{len(upload['parts'])} of {upload['partCount']} parts are there"
    click.echo(f"Going on with an upload: {there}", err=True)
    return upload


def _list_missing(upload: dict[str, Any]) -> list[int]:
    there = {part["number"] for part in upload["parts"]}
    return [number for number in range(1, upload["partCount"] + 1) if number not in there]


def _may_pass(error: BaseException) -> bool:
    """Whether trying again may help."""
    if isinstance(error, ApiError):
        return httpx.codes.is_server_error(error.status)
    return isinstance(error, httpx.TransportError)


@retry(
    retry=retry_if_exception(_may_pass),
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_exponential(max=30),
    reraise=True,
)
def _send(client: PartClient, path: Path, upload: dict[str, Any], numbers: list[int]) -> None:
    with path.open("rb") as file:
        for signed in client.sign_parts(upload["fileId"], numbers):
            file.seek((signed["number"] - 1) * upload["partSize"])
            client.send_part(signed, file.read(signed["size"]))
            numbers.remove(signed["number"])  # what has come is not sent again

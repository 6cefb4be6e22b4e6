"""A client of the HTTP API, as much of it as the command line needs."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import click
import httpx
from pydantic import SecretStr

from backend.cli.lease import StackLease, lease_stack
from backend.cli.multipart import send_in_parts
from backend.cli.problems import ApiError
from backend.cli.results import resolve_below, write_whole
from backend.pipeline.keys import hash_json
from backend.settings import Settings
from backend.storage.hashing import compute_file_sha256

CHUNK = 1 << 20
LARGE = 64 << 20  # a break costs minutes from here on
MOST_JOBS = 100  # that the API tells in one answer


@contextmanager
def connect(settings: Settings, server: str | None) -> Iterator["Client"]:
    """A client of the given server, or of the stack that the commands on this home share."""
    client = None
    try:
        with ExitStack() as held:
            lease = None if server else held.enter_context(lease_stack(settings))
            ledgers = settings.dubline_home / "uploads" if server else None
            client = Client(server or "", lease, settings.dubline_api_key, ledgers)
            held.callback(client.close)
            yield client
    except httpx.TransportError as error:
        raise click.ClickException(f"{client and client.url} cannot be reached: {error}") from None
    except KeyboardInterrupt:
        if client and client.watched:
            click.echo(_explain_stop(client, client.watched), err=True)
        raise


def _explain_stop(client: "Client", job_id: str) -> str:
    """What becomes of the job that was watched."""
    if client.lease and client.lease.last:
        return "Stopped. The same command goes on from here."
    where = "" if client.lease else f" --server {client.url}"
    place = "while other commands use Dubline" if client.lease else f"at {client.url}"
    return (
        f"Job {job_id} goes on {place}: see dubline show {job_id}{where}, or end it by "
        f"dubline cancel {job_id}{where}"
    )


class Client:
    """Talks to one API; one that is embedded may go, as whoever started it does: then to the next.

    What was not sent, or only reads, is asked of that again.
    """

    def __init__(
        self,
        url: str,
        lease: StackLease | None = None,
        key: SecretStr | None = None,
        ledgers: Path | None = None,
    ) -> None:
        """`key` is the API key, for an API that demands one.

        `ledgers` is a folder for the ids of uploads, with which a later command may go on; without
        one files are sent whole, as suits this machine.
        """
        self._ledgers = ledgers
        self.lease = lease
        self.watched: str | None = None  # the job that is waited for
        self._key = key
        timeout = httpx.Timeout(60, connect=5)
        self._http = httpx.Client(
            base_url=lease.url if lease else url, timeout=timeout, auth=self._show_key
        )

    @property
    def url(self) -> str:
        """Where the API is reached."""
        return str(self._http.base_url)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def read_news(self) -> None:
        """Tell what an embedded stack has to tell."""
        if self.lease:
            self.lease.read_news()

    def _show_key(self, request: httpx.Request) -> httpx.Request:
        """Show the key to the API, and to nobody that it sends us to, such as a storage."""
        if self._key and _find_origin(request.url) == _find_origin(self._http.base_url):
            request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return request

    def upload(self, path: Path, role: str) -> dict[str, Any]:
        """Send a file; returns it as the API took it in."""
        try:
            return self._upload(path, role)
        except httpx.TransportError:
            self._renew()
            return self._upload(path, role)

    def _upload(self, path: Path, role: str) -> dict[str, Any]:
        digest, size = compute_file_sha256(path), path.stat().st_size
        body = {"sha256": digest, "size": size}
        if self._ledgers is None or size < LARGE:
            return self._complete({**body, "fileId": self._send_whole(path, role)})
        ledger = self._ledgers / hash_json([self.url, digest, role])
        file_id = send_in_parts(self, path, role=role, sha256=digest, ledger=ledger)
        taken = self._complete({**body, "fileId": file_id})
        ledger.unlink()
        return taken

    def _send_whole(self, path: Path, role: str) -> str:
        announced = self._post("/v1/files/presign", {"filename": path.name, "role": role})
        headers = {**announced["headers"], "Content-Length": str(path.stat().st_size)}
        sent = self._http.put(
            announced["url"], content=_read_chunks(path), headers=headers, timeout=None
        )
        _check_response(sent)
        return str(announced["fileId"])

    def _complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Have a file taken in, however long it is looked into."""
        while True:
            answer = self._ask("POST", "/v1/files/complete", json=body)
            if answer.status_code != httpx.codes.ACCEPTED:
                taken: dict[str, Any] = answer.json()
                return taken
            time.sleep(float(answer.headers["Retry-After"]))

    def begin_multipart(self, about: dict[str, Any]) -> dict[str, Any]:
        """Announce a file that comes in parts."""
        return self._post("/v1/files/multipart", about)

    def read_multipart(self, file_id: str) -> dict[str, Any]:
        """Which of its parts have come."""
        found: dict[str, Any] = self._get(f"/v1/files/multipart/{quote(file_id)}")
        return found

    def sign_parts(self, file_id: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Where to send these parts."""
        path = f"/v1/files/multipart/{quote(file_id)}/parts"
        found: list[dict[str, Any]] = self._ask("POST", path, json={"numbers": numbers}).json()
        return found

    def send_part(self, signed: dict[str, Any], content: bytes) -> None:
        """Send a part to its URL."""
        sent = self._http.put(signed["url"], content=content, headers=signed["headers"])
        _check_response(sent)

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask for a job, which goes on from then when the command is stopped."""
        job = self._post("/v1/jobs", request)
        self.watched = job["id"]
        return job

    def list_jobs(self, limit: int = MOST_JOBS) -> list[dict[str, Any]]:
        """The newest jobs."""
        found: list[dict[str, Any]] = self._get(f"/v1/jobs?limit={limit}")["jobs"]
        return found

    def find_job_id(self, given: str) -> str:
        """The id that this is, or the beginning or the end of among the newest jobs."""
        with suppress(ValueError):
            return str(UUID(given))
        short = given.lower()
        ids = [str(job["id"]) for job in self.list_jobs()]
        fitting = [one for one in ids if short and (one.startswith(short) or one.endswith(short))]
        if len(fitting) == 1:
            return fitting[0]
        many = f"{len(fitting)} jobs" if fitting else f"no job of the newest {MOST_JOBS}"
        raise click.ClickException(f"'{given}' is the id of {many}: see dubline jobs")

    def cancel(self, job_id: str) -> tuple[dict[str, Any], bool]:
        """Cancel a job; also tells whether there was something to cancel."""
        response = self._ask("DELETE", f"/v1/jobs/{quote(job_id)}")
        return response.json(), response.status_code == httpx.codes.ACCEPTED

    def read_job(self, job_id: str) -> dict[str, Any]:
        """How a job goes."""
        return self._get(f"/v1/jobs/{quote(job_id)}")

    def read_costs(self, job_id: str) -> dict[str, Any]:
        """What a job has cost."""
        found: dict[str, Any] = self._get(f"/v1/jobs/{job_id}/costs")
        return found

    def resume(self, job_id: str) -> dict[str, Any]:
        """Run a job again where it has something left to do."""
        job = self._post(f"/v1/jobs/{job_id}/retry", {})
        self.watched = job["id"]
        return job

    def read_segments(self, job_id: str, language: str) -> dict[str, Any]:
        """The lines of a language, with their revision."""
        found: dict[str, Any] = self._get(f"/v1/jobs/{job_id}/segments?language={quote(language)}")
        return found

    def change_segment(
        self, job_id: str, language: str, segment_id: int, change: dict[str, Any]
    ) -> dict[str, Any]:
        """Change a line of the revision that `change` names."""
        path = f"/v1/jobs/{job_id}/segments/{segment_id}?language={quote(language)}"
        answer: dict[str, Any] = self._ask("PATCH", path, json=change).json()
        return answer

    def list_dead_letters(self) -> list[dict[str, Any]]:
        """The stages that ran out of attempts."""
        found: list[dict[str, Any]] = self._get("/v1/dead-letters")
        return found

    def retry_dead_letter(self, letter_id: str) -> dict[str, Any]:
        """Start a job again from such a stage."""
        return self._post(f"/v1/dead-letters/{letter_id}/retry", {})

    def download(self, job_id: str, artifact: dict[str, Any], folder: Path) -> Path:
        """Get an artifact; its file appears below the folder whole and checked, or not at all."""
        try:
            return self._download(job_id, artifact, folder)
        except httpx.TransportError:
            self._renew()
            return self._download(job_id, artifact, folder)

    def _download(self, job_id: str, artifact: dict[str, Any], folder: Path) -> Path:
        target = resolve_below(folder, artifact["name"])
        url = f"/v1/jobs/{job_id}/download"
        query = {"artifact": artifact["name"]}
        with self._http.stream("GET", url, params=query, follow_redirects=True) as response:
            if response.is_error:
                response.read()
            _check_response(response)
            write_whole(target, _check_blocks(response.iter_bytes(CHUNK), artifact))
        return target

    def _post(self, path: str, body: dict[str, Any], timeout: float = 60) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask("POST", path, json=body, timeout=timeout).json()
        return answer

    def _get(self, path: str) -> Any:
        return self._ask("GET", path).json()

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            if method != "GET" and not isinstance(error, httpx.ConnectError):
                raise  # it may have been done
            self._renew()
            response = self._http.request(method, path, **options)
        return _check_response(response)

    def _renew(self) -> None:
        """Go on with the next stack; raises what is being handled where there is none."""
        if self.lease is None:
            raise  # noqa: PLE0704 - called by those who handle an error
        self._http.base_url = self.lease.renew()


def _check_blocks(blocks: Iterator[bytes], artifact: dict[str, Any]) -> Iterator[bytes]:
    """The blocks; raises at their end when they are not what the artifact is."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
        yield block
    if digest.hexdigest() != artifact["sha256"]:
        raise click.ClickException(f"{artifact['name']} was damaged on its way: try again")


def _find_origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _check_response(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise ApiError(response)
    return response


def _read_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk

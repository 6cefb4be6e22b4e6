"""Short ways to what tests need."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import insert
from uuid6 import uuid7

from backend.api.app import create_app
from backend.database.engine import Database, from_now
from backend.database.models.accounts import LOCAL_USER, User
from backend.database.models.uploads import Upload
from backend.documents.speech import Speech
from backend.identity import api_keys
from backend.identity.principal import Principal, Scope
from backend.jobs import submit
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import build_object_key, compute_input_key
from backend.pipeline.params import JobKind, JobParams, Providers
from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.runs import leases, transitions
from backend.runs.leases import Claim
from backend.runs.transitions import NewArtifact, Success
from backend.settings import Settings
from backend.settings.checks import is_open
from backend.storage.base import BlobStore
from backend.wiring import Parts

STUBS = Providers(transcription="stub", translation="stub", tts="stub")
MAKES = {
    Stage.ASR: "segments_src",
    Stage.MT: "segments",
    Stage.TTS: "speech",
    Stage.MIX: "audio",
    Stage.JOIN: "video_all",
}
# The speech is read again when a run is resumed, for the clips that it lists.
CONTENTS = {Stage.TTS: Speech(language="es", clips=(), placements=()).to_bytes().decode()}


def stub_settings(home: Path, **more: object) -> Settings:
    """Settings with the stub providers and nothing from outside."""
    stubs = dict.fromkeys(
        ("transcription_backend", "translation_backend", "tts_backend"), "stub,local"
    )
    fast = {"rate_limit_per_minute": 0}  # tests and benchmarks ask as much as they like
    given = {**stubs, **fast, **_know_users(more), **more}
    return Settings(_env_file=None, dubline_home=home, **given)


def _know_users(more: Mapping[str, object]) -> dict[str, object]:
    """A house of servers is open to nobody who is not known."""
    known = {"identity": "accounts", "secret_key": "s" * 32}
    return known if more.get("broker_url") else {}


def dub_params(*languages: str, **more: object) -> JobParams:
    """A dub with the stub providers."""
    given = {"kind": JobKind.DUB, "source_language": "en", "providers": STUBS}
    return JobParams(**{**given, "target_languages": languages or ("es",), **more})


def upload(db: Database, role: str = "video", sha256: str = "5a" * 32, **more: object) -> UUID:
    """A file that was taken in; its object exists only where the test says."""
    upload_id = uuid7()
    row = {
        "id": upload_id,
        "user_id": LOCAL_USER,
        "role": role,
        "filename": "talk.mp4",
        "object_key": f"uploads/{upload_id}",
        "sha256": sha256,
        "size": 1,
        "mime": "video/mp4",
        "completed_at": from_now(0),
    }
    with db.write() as connection:
        connection.execute(insert(Upload).values(**{**row, **more}))
    return upload_id


def create_dub(db: Database, *languages: str, **params: object) -> tuple[UUID, UUID]:
    """An accepted dub; returns the ids of job and run."""
    media_id = upload(db)
    return submit.create_job(db, LOCAL_USER, dub_params(*languages, **params), media_id=media_id)


def transcription(db: Database) -> tuple[UUID, UUID]:
    """An accepted transcription; returns the ids of job and run."""
    params = dub_params(kind=JobKind.TRANSCRIBE, target_languages=())
    return submit.create_job(db, LOCAL_USER, params, media_id=upload(db))


def submit_text(parts: Parts, text: str, languages: tuple[str, ...]) -> tuple[UUID, UUID]:
    """An accepted dub of a text file that is in storage."""
    media_id = text_upload(parts, text)
    return submit.create_job(parts.db, LOCAL_USER, dub_params(*languages), media_id=media_id)


def text_upload(parts: Parts, text: str) -> UUID:
    """A text file that was taken in and is in storage."""
    content = text.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"uploads/{sha256}"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "talk.txt"
        path.write_bytes(content)
        parts.store.put(key, path, mime="text/plain", sha256=sha256)
    return upload(
        parts.db,
        sha256=sha256,
        object_key=key,
        size=len(content),
        mime="text/plain",
        filename="talk.txt",
    )


def claim_stage(
    db: Database, run_id: UUID, stage: Stage, language: str = "", lease_s: float = 90
) -> Claim:
    """A claim that must succeed."""
    found = leases.claim(db, run_id, stage, language, owner="test", lease_s=lease_s)
    assert isinstance(found, Claim), f"{stage} {language} is {found}"
    return found


def build_success(claim: Claim, store: BlobStore | None = None, content: str = "") -> Success:
    """A stage's result; its object is stored where a store is given."""
    data = (content or CONTENTS.get(claim.stage, f"{claim.stage} {claim.language}")).encode()
    sha256 = hashlib.sha256(data).hexdigest()
    key = build_object_key(str(claim.job_id), claim.stage, claim.language, sha256, "made.txt")
    if store is not None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "made"
            path.write_bytes(data)
            store.put(key, path, mime="text/plain", sha256=sha256)
    kind = MAKES[claim.stage]
    meta = {"made_of": {}} if claim.stage is Stage.JOIN else {}
    file = StoredFile(key, sha256, len(data), "text/plain", f"{kind}.txt", meta=meta)
    return Success(
        artifacts=[NewArtifact(kind, file)],
        input_key=compute_input_key(
            claim.stage, claim.language, claim.params, claim.inputs.compute_hashes()
        ),
        provider="stub",
        model="stub-1",
    )


def do_stage(
    db: Database,
    run_id: UUID,
    stage: Stage,
    language: str = "",
    store: BlobStore | None = None,
    *,
    content: str = "",
) -> None:
    """Claim a stage and succeed in it."""
    claim = claim_stage(db, run_id, stage, language)
    transitions.succeed(db, claim, build_success(claim, store, content))


def do_all(
    db: Database,
    run_id: UUID,
    *languages: str,
    store: BlobStore | None = None,
    content: Mapping[Stage, str] | None = None,
) -> None:
    """Do every stage of a dub; `content` is what some of them make."""
    wanted = content or {}
    do_stage(db, run_id, Stage.ASR, store=store)
    for language in languages or ("es",):
        for stage in PER_LANGUAGE:
            do_stage(db, run_id, stage, language, store, content=wanted.get(stage, ""))
    if len(languages) > 1:
        do_stage(db, run_id, Stage.JOIN, store=store)


def user(db: Database) -> UUID:
    """Somebody else."""
    user_id = uuid7()
    with db.write() as connection:
        connection.execute(insert(User).values(id=user_id, name="somebody"))
    return user_id


def api_client(parts: Parts) -> FlaskClient:
    """A client of the API that is made of these parts."""
    app = create_app(parts.settings)
    app.extensions["dubline"] = parts
    client = app.test_client()
    if not is_open(parts.settings):
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {api_key(parts.db)}"
    return client


def api_key(db: Database, user_id: UUID = LOCAL_USER, *scopes: Scope) -> str:
    """An API key of this user's, with all scopes unless some are named."""
    wanted = frozenset(scopes or Scope)
    owner = Principal(user_id, frozenset(Scope))
    return api_keys.create_key(db, owner, name="test", scopes=wanted).secret

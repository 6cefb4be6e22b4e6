"""A finished job that can be streamed, and the API that serves it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from backend.documents.languages import get_iso639_2
from backend.media.tracks import ANY
from backend.pipeline.stages import Stage
from backend.runs import transitions
from backend.runs.transitions import NewArtifact, Success
from backend.wiring import Parts
from tests import factories
from tests.media_samples import tone, write_av
from tests.stage_context import LocalContext, build_input
from workers.captions import formats
from workers.captions.cues import Cue
from workers.exports import hls
from workers.exports.dub import FinishedMix
from workers.media.encode import encode_m4a
from workers.mixing.recording import fetch_recording

RATE = 48_000
SECONDS = 24.0
# What sounds in each language, and in the original.
HERTZ = {"es": 880.0, "pt-BR": 1320.0, "fr": 660.0, "en": 440.0}


def film(folder: Path, seconds: float = SECONDS, codec: str = "libx264", **options: str) -> Path:
    """Keyframes each ten seconds, which is x264's default at 25 frames a second."""
    sound, path = tone(seconds, hertz=HERTZ["en"]), folder / f"{codec}-{seconds:g}.mp4"
    picture = {"video": seconds, "video_codec": codec, "video_options": options}
    return write_av(path, sound, "aac", **picture)


def text(language: str, number: int) -> str:
    return f"{language} <{number}> & co"


def build_mix(context: LocalContext, source: Path, language: str) -> FinishedMix:
    """A finished mix: a tone, and a caption each second."""
    dub, vtt = context.workdir / "dub.m4a", context.workdir / "captions.vtt"
    encode_m4a([tone(SECONDS, hertz=HERTZ[language])], get_iso639_2(language), dub)
    cues = [Cue(n, n + 1.0, text(language, n)) for n in range(round(SECONDS))]
    vtt.write_text(formats.format_vtt(cues), encoding="utf-8")
    files = {"media": context.store_file(source, "video/mp4")}
    recording = fetch_recording(files["media"], context, SECONDS, ANY)
    return FinishedMix(
        *(build_input(files, language), context, recording, recording),
        source_language="en",
        dub=dub,
        captions=vtt,
    )


def create_streamable(
    parts: Parts, source: Path, *languages: str, held: Mapping[str, Path] = {}
) -> UUID:
    """A job whose mix stages made nothing but what HLS takes; `held` are other sources of some."""
    job_id, run_id = factories.create_dub(parts.db, *languages)
    factories.do_stage(parts.db, run_id, Stage.ASR)
    for language in languages:
        for stage in (Stage.MT, Stage.TTS):
            factories.do_stage(parts.db, run_id, stage, language)
        do_mix(parts, run_id, held.get(language, source), language)
    return job_id


def do_mix(parts: Parts, run_id: UUID, source: Path, language: str) -> None:
    """Do the mix stage."""
    context = LocalContext(parts.settings.dubline_home / "contexts" / language, parts.store)
    made = hls.write_package(build_mix(context, source, language), lambda _: None)
    files = [(one.kind, context.store_file(one.path, one.mime, one.filename)) for one in made.files]
    kept = [(one.kind, replace(one.file, filename=one.filename)) for one in made.reused]
    artifacts = [NewArtifact(kind, file) for kind, file in [*files, *kept]]
    claim = factories.claim_stage(parts.db, run_id, Stage.MIX, language)
    transitions.succeed(parts.db, claim, Success(artifacts, "key", "stub", "stub-1"))

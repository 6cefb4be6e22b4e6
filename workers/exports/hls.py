"""What a mixed dub is delivered as for players: streams for HLS."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from backend.errors import Permanent
from backend.hls.index import Package, Role, Stream
from backend.media.mime import MIME_TYPES
from backend.media.probe import ProbedStream
from backend.media.tracks import TrackWish
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.files import StoredFile
from backend.pipeline.keys import hash_json
from backend.pipeline.stages import STAGES, Stage
from workers.exports.dub import Export, FinishedMix, MixedDub
from workers.interfaces.progress import Progress, tell_part
from workers.interfaces.stages import (
    OutputFile,
    ReusedFile,
    StageContext,
    describe_output,
)
from workers.media import hls

Maker = Callable[[Path, Path, Progress], Stream]


def export(dub: MixedDub, progress: Progress) -> Export:
    """See `write_package`; nothing where no streams are asked for."""
    return write_package(dub.finished_mix, progress) if dub.inputs.params.hls else Export()


def write_package(mix: FinishedMix, progress: Progress) -> Export:
    """The HLS package: `hls_*` for each stream, and `hls`, their index.

    Without a picture that can be decoded it is sound only, with a warning.
    """
    found, kept, warnings = {}, [], []
    half = {Role.VIDEO: (0.0, 0.5), Role.ORIGINAL: (0.5, 1.0)}
    for role, make in _list_shared_makers(mix).items():
        try:
            file, found[role] = _make_shared_stream(
                mix, role, make, _scale_progress(mix, progress, *half[role])
            )
        except Permanent as error:
            warnings.append(f"Streaming goes without the {role}. {error}")
        else:
            kept.append(ReusedFile(role.kind, file, f"hls.{role}.mp4"))
    made, own = _make_own_streams(mix)
    return Export([*made, _write_index(mix, found | own)], kept, warnings)


def _write_index(mix: FinishedMix, found: dict[Role, Stream]) -> OutputFile:
    package = Package(
        source=mix.source.sha256,
        language=mix.inputs.language,
        source_language=mix.source_language,
        streams=found,
    )
    path = mix.context.workdir / "hls.json"
    path.write_bytes(package.to_bytes())
    return describe_output(ArtifactKind.HLS, path)


def _scale_progress(mix: FinishedMix, progress: Progress, begin: float, end: float) -> Progress:
    """Tells a part of the whole, given seconds."""
    return lambda time: tell_part(progress, begin, end, time / mix.source.duration)


def _make_own_streams(mix: FinishedMix) -> tuple[list[OutputFile], dict[Role, Stream]]:
    dub, text = (mix.context.workdir / name for name in ("hls.dub.mp4", "hls.subtitles.vtt"))
    own = {
        Role.DUB: hls.write_audio(mix.dub, dub, _ignore_progress),
        Role.SUBTITLES: hls.write_subtitles(mix.captions, text, mix.source.duration),
    }
    made = [
        replace(describe_output(Role.DUB.kind, dub), mime=MIME_TYPES[".m4a"]),
        describe_output(Role.SUBTITLES.kind, text),
    ]
    return made, own


def _list_shared_makers(mix: FinishedMix) -> dict[Role, Maker]:
    """How the streams are made that are the same for all languages."""
    found = mix.source.found
    if found is None:
        return {}
    makers: dict[Role, tuple[ProbedStream | None, Maker]] = {
        Role.VIDEO: (found.video, partial(hls.write_video, codecs=_list_codecs(mix))),
        Role.ORIGINAL: (found.audio, partial(hls.write_audio, track=TrackWish(number=found.track))),
    }
    return {role: make for role, (there, make) in makers.items() if there}


def _list_codecs(mix: FinishedMix) -> tuple[str, ...]:
    """Those of pictures that are streamed as they are."""
    return hls.H264 if mix.inputs.params.hls_h264 else hls.COPIED


def _make_shared_stream(
    mix: FinishedMix, role: Role, make: Maker, progress: Progress
) -> tuple[StoredFile, Stream]:
    """A stream of the source, made once for all languages, runs and jobs.

    Its description is kept under the hash of the stream, so that the two always fit.
    """
    key = _compute_content_key(role, mix)
    # A language that waits for another one to encode is done no later, and both share the cores.
    with mix.context.hold_alone(f"{role}-{key[:2]}"):
        return _find_kept(mix.context, key) or _make_stream(mix, role, key, make, progress)


def _find_kept(context: StageContext, key: str) -> tuple[StoredFile, Stream] | None:
    file = context.streams.get(key)
    described = file and context.streams.get(file.sha256)
    if file is None or described is None:
        return None
    return file, Stream.model_validate_json(context.fetch(described).read_bytes())


def _make_stream(
    mix: FinishedMix, role: Role, key: str, make: Maker, progress: Progress
) -> tuple[StoredFile, Stream]:
    out = mix.context.workdir / f"hls.{role}.mp4"
    stream = make(mix.source.path, out, progress)
    description = out.with_suffix(".json")
    description.write_bytes(stream.to_bytes())
    file = mix.context.streams.put(key, out)
    mix.context.streams.put(file.sha256, description)
    out.unlink()
    return file, stream


def _compute_content_key(role: Role, mix: FinishedMix) -> str:
    found = mix.source.found
    made_of = {
        "role": role,
        "media": mix.source.sha256,
        "track": found.track if found and role is Role.ORIGINAL else None,
        "codecs": _list_codecs(mix) if role is Role.VIDEO else None,
        "code": STAGES[Stage.MIX].code_version,
    }
    return hash_json(made_of)


def _ignore_progress(_: float) -> None:
    """Repackaging the dub takes no time worth telling."""

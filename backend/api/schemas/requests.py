"""What is asked for: jobs, and further runs of them."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.api.schemas.base import Camel, choice, flag, name
from backend.pipeline.params import Bed, Kind, Loudness, Mode, Policy
from backend.pipeline.stages import RESUMABLE, Stage


class CaptionsRequest(Camel):
    """What captions there are besides files in the dub's language."""

    bilingual = flag()
    burn_in = flag()


class TimingRequest(Camel):
    """How lines are fitted into their time; by default `fit` and 2 s."""

    policy = choice(Policy)
    max_shift = fields.Float(
        validate=validate.Range(0, 10),
        metadata={"description": "seconds that a line may start early or late"},
    )


class DuckingRequest(Camel):
    """How the bed steps back under speech; without `depthDb` by what kind of bed it is."""

    depth_db = fields.Float(validate=validate.Range(0, 40))
    attack_ms = fields.Integer(validate=validate.Range(10, 1000))
    release_ms = fields.Integer(validate=validate.Range(10, 3000))


class JobRequest(Camel):
    """Asks for a dub or a transcription.

    `startFrom: mt` takes a transcript in place of recognition, `startFrom: tts` a translation for
    each target language: uploads of role `transcript` in SRT, WebVTT or Dubline's JSON.
    """

    kind = choice(Kind, load_default=str(Kind.DUB))
    media_id = fields.UUID(required=True)
    background_id = fields.UUID(load_default=None)
    source_language = fields.String(load_default="en")
    target_languages = fields.List(fields.String(), load_default=list)
    mode = choice(Mode, load_default=str(Mode.MONO))
    bed = choice(Bed, load_default=str(Bed.AUTO))
    ducking = fields.Nested(DuckingRequest, load_default=dict)
    loudness = choice(Loudness, load_default=str(Loudness.SOURCE))
    flac = flag()
    stems = flag()
    segment_audio = flag()
    transcribe_dub = flag()
    start_from = choice((Stage.ASR, Stage.MT, Stage.TTS), load_default=str(Stage.ASR))
    transcript_id = fields.UUID(load_default=None)
    translations = fields.Dict(
        keys=fields.String(),
        values=fields.UUID(),
        load_default=dict,
        metadata={"description": "upload by target language, for `startFrom: tts`"},
    )
    voices = fields.Dict(
        keys=name(20),
        values=name(200),
        load_default=dict,
        metadata={"description": "a voice by speaker, as in `dubline voices`; others are chosen"},
    )
    captions = fields.Nested(CaptionsRequest, load_default=dict)
    timing = fields.Nested(TimingRequest, load_default=dict)


class RetryRequest(Camel):
    """Asks for another run of a job."""

    resume_from = choice(["auto", *RESUMABLE], load_default="auto")
    from_run_id = fields.UUID(load_default=None)
    languages = fields.List(fields.String(), load_default=list)
    overrides = fields.Dict(keys=fields.String(), load_default=dict)
    accept_stale = flag()
    dry_run = flag()


class TranslateRequest(JobRequest, RetryRequest):
    """Asks for a new dub (`mediaId` ...) or for another run of one (`jobId`, `resumeFrom` ...)."""

    media_id = fields.UUID(load_default=None)
    job_id = fields.UUID(load_default=None)

    @validates_schema(pass_original=True)
    def _one_of_the_two(self, _data: Any, original: dict[str, Any], **_: Any) -> None:
        again = "jobId" in original
        asked = RetryRequest() if again else JobRequest()
        known = {"jobId", *(field.data_key for field in asked.fields.values())} - {"kind"}
        wrong = sorted(set(original) - known)
        if wrong:
            other = "with jobId: that is a new job" if again else "without jobId"
            raise ValidationError(f"cannot be given {other}", wrong[0])
        if not again and not original.get("mediaId"):
            raise ValidationError("needed for a new dub (or jobId for another run)", "mediaId")


class JobQuery(Camel):
    """Pages through jobs, newest first."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    before = fields.UUID(load_default=None)


class MasterQuery(Camel):
    """Which language to begin with; those with the same picture come with it."""

    language = fields.String(load_default=None)


class DownloadQuery(Camel):
    """Which artifact, by its name."""

    artifact = fields.String(required=True)

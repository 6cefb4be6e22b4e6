"""The parameters of a job as it was accepted, defaults included."""

from typing import Any

from marshmallow import fields

from backend.api.schemas import words
from backend.api.schemas.base import (
    AnswerSchema,
    build_count_field,
    build_language_field,
    build_number_field,
    build_text_field,
    build_word_field,
)


def build_setting(description: str, **options: Any) -> fields.Boolean:
    """Whether something was asked for."""
    return fields.Boolean(metadata={"description": description}, **options)


def build_provider_list(description: str) -> fields.List:
    """Providers in order."""
    return fields.List(build_text_field(40), metadata={"description": description})


class ProvidersSchema(AnswerSchema):
    """Who does it, in the order in which they are asked."""

    transcription = build_provider_list("who transcribes")
    translation = build_provider_list("who translates")
    tts = build_provider_list("who speaks")


class CaptionsSchema(AnswerSchema):
    """What captions there are besides files in the dub's language."""

    bilingual = build_setting("also with the source's text above the translation")
    burn_in = build_setting("also a video with them drawn into its picture")


class TimingSchema(AnswerSchema):
    """How lines are fitted into their time."""

    policy = build_word_field(words.TIMING_POLICIES)
    max_shift = build_number_field("seconds that a line may start early or late")


class DuckingSchema(AnswerSchema):
    """How the bed steps back under speech."""

    depth_db = build_number_field("null: by what kind of bed it is", allow_none=True)
    attack_ms = build_count_field("how fast it goes")
    release_ms = build_count_field("how fast it comes back")


class GlossaryEntrySchema(AnswerSchema):
    """What a term becomes."""

    term = build_text_field(100, "as it stands in the source")
    language = build_language_field("null: all target languages", allow_none=True)
    translation = build_text_field(100, "null: it stays", allow_none=True)
    pronunciation = build_text_field(100, "how it is written for the voice", allow_none=True)
    source_language = build_language_field("null: any", allow_none=True)


class JobParametersSchema(AnswerSchema):
    """What was asked for; runs may have changed some of it."""

    source_track = build_count_field("the sound track that is heard, from 1", allow_none=True)
    bed = build_word_field(words.BEDS)
    ducking = fields.Nested(DuckingSchema)
    loudness = build_word_field(words.LOUDNESSES)
    flac = build_setting("also the sound without loss")
    stems = build_setting("also the dubbed speech and the bed by themselves")
    segment_audio = build_setting("also each line's speech as a file")
    transcribe_dub = build_setting("count the words that come across wrong")
    # Jobs that are older than these were made so.
    hls = build_setting("also streams", dump_default=True)
    hls_h264 = build_setting("the streams' picture as H.264, whatever it was", dump_default=False)
    providers = fields.Nested(ProvidersSchema)
    voices = fields.Dict(
        keys=fields.String(),
        values=build_text_field(200),
        metadata={"description": "a voice by speaker"},
    )
    captions = fields.Nested(CaptionsSchema)
    timing = fields.Nested(TimingSchema)
    glossary = fields.List(fields.Nested(GlossaryEntrySchema))
    max_cost = build_number_field("US dollars that all runs may cost", allow_none=True)

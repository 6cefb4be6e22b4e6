"""What an installation can do."""

from marshmallow import fields

from backend.api.schemas import words
from backend.api.schemas.base import (
    AnswerSchema,
    CamelCaseSchema,
    build_language_field,
    build_text_field,
    build_word_field,
)


def build_name_list(description: str) -> fields.List:
    """Names of providers."""
    return fields.List(build_text_field(40), metadata={"description": description})


class EngineSchema(AnswerSchema):
    """An engine or vendor that jobs may name."""

    kind = build_word_field(words.PROVIDER_KINDS, "What it does.")
    name = build_text_field(40, "what to name in `providers`", metadata={"example": "kokoro"})
    remote = fields.Boolean(metadata={"description": "a service that is paid, not a program here"})
    model = build_text_field(1000, "its version", allow_none=True)
    works = fields.Boolean()
    problem = build_text_field(10_000, "why it does not, and what to do", allow_none=True)
    languages = fields.List(
        build_language_field("one of them"),
        allow_none=True,
        metadata={"description": "what it hears, translates from or speaks; null: any"},
    )


class LanguageSchema(AnswerSchema):
    """A language, and who can do something with it."""

    language = build_language_field("its tag")
    name = build_text_field(200, "in English")
    own_name = build_text_field(200, "as its speakers call it")
    transcription = build_name_list("who hears it")
    translation = build_name_list("who translates into it from a language that somebody hears")
    tts = build_name_list("who speaks it")
    source = fields.Boolean(metadata={"description": "recordings in it can be worked on"})
    target = fields.Boolean(metadata={"description": "recordings can be dubbed into it"})


class VoicesQuerySchema(CamelCaseSchema):
    """Of which language."""

    language = build_language_field("by default of all", loose=True, load_default=None)


class VoiceSchema(AnswerSchema):
    """A voice that jobs may name."""

    language = build_language_field("what it speaks")
    provider = build_text_field(40, "who speaks with it")
    name = build_text_field(200, "what to name in `voices`", metadata={"example": "af_heart"})
    pitch = build_word_field(words.PITCHES, "How high it is.")

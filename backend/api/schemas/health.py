"""How the service is told to be."""

from backend.api.schemas.base import AnswerSchema, build_word_field


class HealthSchema(AnswerSchema):
    """How the process is; when it is not so, the answer is a problem."""

    status = build_word_field({"ok": "it lives", "ready": "jobs would be accepted"})

"""What all documents have in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from backend.documents.text import collapse_lines

# Line breaks are structure to engines, caption files and those who edit lines as text.
OneLineText = Annotated[str, AfterValidator(collapse_lines)]


class Document(BaseModel):
    """Base of the JSON documents: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """UTF-8 JSON, stable for equal content, so that equal documents have equal hashes."""
        return (self.model_dump_json(indent=1) + "\n").encode()

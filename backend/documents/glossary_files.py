"""Reads glossaries that users keep as CSV or JSON."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from backend.documents.glossary import FIELD, GlossaryEntry, normalize_glossary
from backend.errors import Invalid


def read_glossary(content: bytes, name: str) -> list[dict[str, Any]]:
    """The entries of a CSV or JSON file as a request carries them; raises `Invalid`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(FIELD, f"{name} is not UTF-8 text: save it as UTF-8") from None
    rows = _read_json(text, name) if name.lower().endswith(".json") else _read_csv(text, name)
    entries = [_build_entry(row, where) for where, row in rows]
    if not entries:
        raise Invalid(FIELD, f"{name} has no entries")
    found = normalize_glossary(entries)
    return [entry.model_dump(by_alias=True, exclude_none=True) for entry in found]


def _read_json(text: str, name: str) -> Iterator[tuple[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(FIELD, f"{name} is not JSON: {error}") from None
    if not isinstance(found, list):
        raise Invalid(FIELD, f'{name} is to be a list such as [{{"term": "Dubline"}}]')
    for number, entry in enumerate(found, 1):
        yield f"{name}, entry {number}", entry


def _read_csv(text: str, name: str) -> Iterator[tuple[str, Any]]:
    lines = text.splitlines()
    header = lines[0] if lines else ""
    reader = csv.DictReader(lines, delimiter=max(",;\t", key=header.count), strict=True)
    if "term" not in (reader.fieldnames or ()):
        known = ",".join(field.alias or "" for field in GlossaryEntry.model_fields.values())
        raise Invalid(FIELD, f"{name} needs a first line with its columns, of: {known}")
    try:
        for row in reader:
            where = f"{name}, line {reader.line_num}"
            if None in row:
                raise Invalid(FIELD, f"{where} has more columns than the first line: use quotes")
            yield where, {column: value for column, value in row.items() if value}
    except csv.Error as error:
        raise Invalid(FIELD, f"{name}, line {reader.reader.line_num}: {error}") from None


def _build_entry(row: Any, where: str) -> GlossaryEntry:
    try:
        return GlossaryEntry.model_validate(row)
    except ValidationError as error:
        problem = error.errors()[0]
        part = ".".join(str(one) for one in problem["loc"])
        raise Invalid(FIELD, f"{where}: {part}: {problem['msg']}") from None

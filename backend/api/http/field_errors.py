"""What marshmallow finds wrong, as fields by their whole path with a message each."""

from collections.abc import Iterator, Mapping
from typing import Any

# How marshmallow tells that a whole object, or one entry of a map, is meant.
WHOLE = "_schema"
ENTRY = ("key", "value")


def list_field_errors(messages: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each field with its message, of webargs' messages by the place where it looked.

    `glossary.0.term` is the term of the first entry; an empty path is the whole body.
    """
    return [
        {"field": ".".join(path), "message": message}
        for place in messages.values()
        for path, message in _walk(place, ())
    ]


def _walk(found: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(found, Mapping):
        for name, inner in found.items():
            silent = name == WHOLE or (name in ENTRY and not isinstance(inner, Mapping))
            yield from _walk(inner, path if silent else (*path, str(name)))
    elif isinstance(found, list):
        for message in found:
            yield from _walk(message, path)
    else:
        yield path, str(found)

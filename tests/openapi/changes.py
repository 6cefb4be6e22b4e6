"""What of a contract breaks clients that were made from an earlier one.

Answers may tell more, and requests may be given more: all else breaks somebody.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


def list_breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Each by the place where it is; both are whole OpenAPI documents."""
    return [*_compare_operations(old, new)]


def _compare_operations(old: Schema, new: Schema) -> Iterator[str]:
    for path, item in old["paths"].items():
        for method in (one for one in METHODS if one in item):
            where = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{where} is gone"
            else:
                yield from _compare_operation(where, item[method], now, old, new)


def _compare_operation(
    where: str, before: Schema, now: Schema, old: Schema, new: Schema
) -> Iterator[str]:
    if before.get("operationId") != now.get("operationId"):
        yield f"{where} is called {now.get('operationId')}, not {before.get('operationId')}"
    known = {(one["in"], one["name"]) for one in before.get("parameters", ())}
    for one in now.get("parameters", ()):
        if one.get("required") and (one["in"], one["name"]) not in known:
            yield f"{where} needs the parameter {one['name']}"
    asked, asks = _find_body(before.get("requestBody", {})), _find_body(now.get("requestBody", {}))
    if asked or asks:
        yield from _Comparison(old, new, answer=False).compare(f"{where} body", asked, asks)
    for status in (one for one in before["responses"] if one.startswith("2")):
        if status not in now["responses"]:
            yield f"{where} does not answer {status} any more"
            continue
        told, tells = (_find_body(one["responses"][status]) for one in (before, now))
        yield from _Comparison(old, new, answer=True).compare(f"{where} {status}", told, tells)


def _find_body(body: Schema) -> Schema:
    schema: Schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


class _Comparison:
    """Compares two schemas of an answer or of a request, each place once."""

    def __init__(self, old: Schema, new: Schema, *, answer: bool) -> None:
        self._old, self._new, self._answer = old, new, answer
        self._seen: set[str] = set()

    def compare(self, where: str, before: Schema, now: Schema) -> Iterator[str]:
        """What breaks within."""
        if "$ref" in before:
            if before["$ref"] in self._seen:
                return
            self._seen.add(before["$ref"])
        before, now = _resolve(self._old, before), _resolve(self._new, now)
        yield from self._compare_words(where, before, now)
        yield from self._compare_types(where, before, now)
        yield from self._compare_properties(where, before, now)
        if "items" in before:
            yield from self.compare(f"{where}[]", before["items"], now.get("items", {}))

    def _compare_words(self, where: str, before: Schema, now: Schema) -> Iterator[str]:
        """Clients pass over words that they do not know, but may send any that they know."""
        if not self._answer and "enum" in now:
            for word in before.get("enum", ()):
                if word not in now["enum"]:
                    yield f"{where} does not take {word!r} any more"

    def _compare_types(self, where: str, before: Schema, now: Schema) -> Iterator[str]:
        were, are = _list_types(before), _list_types(now)
        wider = are - were if self._answer else were - are
        if were and are and wider - ({"integer"} if "number" in were | are else set()):
            yield f"{where} was {'/'.join(sorted(were))} and is {'/'.join(sorted(are))}"

    def _compare_properties(self, where: str, before: Schema, now: Schema) -> Iterator[str]:
        properties, required = now.get("properties", {}), set(now.get("required", ()))
        for name, schema in before.get("properties", {}).items():
            if name not in properties:
                yield f"{where}.{name} is gone"
            elif self._answer and name in before.get("required", ()) and name not in required:
                yield f"{where}.{name} may be missing"
            else:
                yield from self.compare(f"{where}.{name}", schema, properties[name])
        if not self._answer:
            for name in sorted(required - set(before.get("required", ()))):
                yield f"{where}.{name} is needed"


def _resolve(document: Schema, schema: Schema) -> Schema:
    """What a schema says, behind its reference; of one that may be null what else it may be."""
    for one in schema.get("anyOf", ()):
        if "$ref" in one:
            found = _resolve(document, one)
            return {**found, "type": ["object", "null"]}
    if "$ref" not in schema:
        return schema
    found = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return {**found}


def _list_types(schema: Schema) -> set[str]:
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found)

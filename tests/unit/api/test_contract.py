"""What the OpenAPI document has to tell of each operation and each answer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from backend.api.openapi import build_document
from backend.api.schemas import words
from backend.api.schemas.parameters import JobParametersSchema
from backend.pipeline.params import JobParams


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return yaml.safe_load(build_document())


def list_operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def list_answers(document: dict[str, Any]) -> set[str]:
    """The names of the schemas that are answered, those within them included."""
    found = set(re.findall("schemas/([A-Za-z0-9]+)", str(document["components"]["responses"])))
    for _, operation in list_operations(document):
        found |= set(re.findall("schemas/([A-Za-z0-9]+)", str(operation["responses"])))
    while True:
        inner = re.findall(
            "schemas/([A-Za-z0-9]+)", str([document["components"]["schemas"][one] for one in found])
        )
        if found >= set(inner):
            return found
        found |= set(inner)


def test_every_operation_has_a_name_of_a_verb_and_a_noun(document):
    """`@blueprint.doc(operationId="verbNoun")` is what generated clients call it by."""
    names = {
        where: operation.get("operationId", "") for where, operation in list_operations(document)
    }
    assert len(set(names.values())) == len(names)
    for where, name in names.items():
        assert re.fullmatch(r"[a-z]+[A-Z][A-Za-z0-9]*", name), (
            f"{where}: {name or 'no operationId'}"
        )


def test_every_operation_tells_how_it_fails(document):
    for where, operation in list_operations(document):
        told = set(operation["responses"])
        assert told >= {"400", "500", "503", "default"}, where
        if "{" in where:
            assert "404" in told, where
        if "requestBody" in operation:
            assert told >= {"413", "415", "422", "507"}, where


PROMISED = {"type", "code", "title", "status", "detail", "requestId"}


def test_every_operation_tells_whom_it_takes(document):
    for where, operation in list_operations(document):
        demanded = operation["security"]
        if operation["tags"][0] in ("auth", "event-tickets", "health", "shared"):
            assert demanded == [], where
        else:
            assert list(demanded[0]) == ["bearer"], where
            assert {"401", "403"} <= set(operation["responses"]), where


def test_every_property_of_an_answer_is_there(document):
    """Red with a schema of answers that is no `AnswerSchema`. Only problems leave one out."""
    for name in list_answers(document):
        schema = document["components"]["schemas"][name]
        missing = set(schema["properties"]) - set(schema.get("required", ()))
        if name == "Problem":
            assert set(schema["required"]) >= PROMISED
        else:
            assert missing == set(), (name, missing)
        assert schema.get("description"), name


def test_names_are_in_camel_case(document):
    for name, schema in document["components"]["schemas"].items():
        for one in schema["properties"]:
            assert re.fullmatch("[a-z][A-Za-z0-9]*", one), (name, one)


def test_a_job_tells_all_its_parameters():
    """Red with a new parameter that a job is not told to have."""
    beside = {"kind", "source_language", "target_languages", "mode"}
    assert {*JobParametersSchema().fields} | beside == {*JobParams.model_fields}


@pytest.mark.parametrize(
    "told", [value for name, value in vars(words).items() if name.isupper()], ids=str
)
def test_every_word_of_a_set_is_told(told):
    """Red with a word that is new in the code and not in the contract."""
    kinds = {type(word) for word in told} - {str}
    for kind in kinds:
        assert {*kind} == {*told}

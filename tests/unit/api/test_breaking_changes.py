"""Clients that were made from the last release's contract go on working with this one."""

import subprocess
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from backend.api.openapi import build_document
from tests.openapi.changes import list_breaking_changes

ROOT = Path(__file__).parents[3]


def test_nothing_breaks_clients_of_the_last_release():
    """Needs a tag `v*` in the history; a change that breaks needs another path than /v1."""
    found = _run_git("describe", "--tags", "--abbrev=0", "--match", "v*")
    if found.returncode:
        pytest.skip("nothing was released yet that this could break")
    released = _run_git("show", f"{found.stdout.strip()}:docs/openapi.yaml").stdout
    assert list_breaking_changes(yaml.safe_load(released), yaml.safe_load(build_document())) == []


def _run_git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load(build_document())


def test_the_same_contract_breaks_nobody(document):
    assert list_breaking_changes(document, deepcopy(document)) == []


def drop_operation(new):
    del new["paths"]["/v1/jobs/{job_id}"]["delete"]


def rename_operation(new):
    new["paths"]["/v1/jobs"]["post"]["operationId"] = "makeJob"


def drop_answer(new):
    del new["paths"]["/v1/jobs"]["post"]["responses"]["202"]


def drop_property(new):
    del new["components"]["schemas"]["StageView"]["properties"]["attempt"]


def leave_property_out(new):
    new["components"]["schemas"]["JobView"]["required"].remove("status")


def answer_null(new):
    new["components"]["schemas"]["JobView"]["properties"]["run"]["type"] = ["integer", "null"]


def need_property(new):
    new["components"]["schemas"]["JobRequest"]["required"].append("name")


def take_fewer_words(new):
    new["components"]["schemas"]["JobRequest"]["properties"]["mode"]["enum"].remove("mono")


def need_parameter(new):
    more = {"in": "query", "name": "team", "required": True}
    new["paths"]["/v1/jobs"]["get"]["parameters"].append(more)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (drop_operation, "DELETE /v1/jobs/{job_id} is gone"),
        (rename_operation, "POST /v1/jobs is called makeJob, not createJob"),
        (drop_answer, "POST /v1/jobs does not answer 202 any more"),
        (drop_property, "attempt is gone"),
        (leave_property_out, "GET /v1/jobs/{job_id} 200.status may be missing"),
        (answer_null, "GET /v1/jobs/{job_id} 200.run was integer and is integer/null"),
        (need_property, "POST /v1/jobs body.name is needed"),
        (take_fewer_words, "POST /v1/jobs body.mode does not take 'mono' any more"),
        (need_parameter, "GET /v1/jobs needs the parameter team"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_what_breaks_clients_is_found(document, change, told):
    new = deepcopy(document)
    change(new)
    assert any(told in one for one in list_breaking_changes(document, new))


def test_what_is_more_breaks_nobody(document):
    new = deepcopy(document)
    schemas = new["components"]["schemas"]
    schemas["JobView"]["properties"]["colour"] = {"type": "string"}
    schemas["JobRequest"]["properties"]["colour"] = {"type": "string"}
    schemas["JobView"]["properties"]["status"]["enum"].append("resting")
    new["paths"]["/v1/colours"] = {}
    assert list_breaking_changes(document, new) == []

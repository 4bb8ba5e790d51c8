"""Pages that are made from code are up to date, and the API breaks no client."""

import copy
import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[4] / "docs"


def script(name):
    spec = spec_from_file_location(name, DOCS / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["make_settings", "make_openapi"])
def test_pages_are_up_to_date(name):
    module = script(name)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), f"run: python docs/{name}.py"


def test_the_description_names_every_structure_that_it_refers_to():
    description = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    names = set(description["components"]["schemas"])
    referred = {part.split('"')[0] for part in json.dumps(description).split("#/components/schemas/")[1:]}
    assert referred <= names
    assert {"JobView", "JobPage", "Problem", "TokenView", "Explanation"} <= referred


def _without_route(new):
    del new["paths"]["/v1/jobs/{job_id}/cancel"]


def _without_method(new):
    del new["paths"]["/v1/jobs"]["get"]


def _without_field(new):
    del new["components"]["schemas"]["JobView"]["properties"]["state"]


def _other_type(new):
    new["components"]["schemas"]["JobView"]["properties"]["attempt"] = {"type": "string"}


def _required(new):
    new["paths"]["/v1/jobs"]["get"]["parameters"].append({"name": "why", "in": "query", "required": True})


def _without_parameter(new):
    new["paths"]["/v1/jobs"]["get"]["parameters"].pop()


def _without_answer(new):
    del new["paths"]["/v1/jobs"]["post"]["responses"]["201"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without_route, "POST /v1/jobs/{job_id}/cancel has gone"),
        (_without_method, "GET /v1/jobs has gone"),
        (_without_field, "structure JobView: field state has gone"),
        (_other_type, "structure JobView: field attempt was integer and is string"),
        (_required, "GET /v1/jobs: parameter why (query) is required now"),
        (_without_parameter, "GET /v1/jobs: parameter cursor (query) has gone"),
        (_without_answer, "POST /v1/jobs: answer 201 has gone"),
    ],
)
def test_changes_that_break_clients_are_found(change, said):
    module = script("make_openapi")
    old = module.description()
    new = copy.deepcopy(old)
    change(new)
    assert list(module.breaking_changes(old, new)) == [said]


def test_changes_that_break_nobody_are_let_through():
    module = script("make_openapi")
    old = module.description()
    new = copy.deepcopy(old)
    new["paths"]["/v1/new"] = {"get": {"responses": {}}}
    new["components"]["schemas"]["JobView"]["properties"]["more"] = {"type": "integer"}
    new["components"]["schemas"]["JobView"]["properties"]["state"]["enum"].append("held")
    assert list(module.breaking_changes(old, new)) == []

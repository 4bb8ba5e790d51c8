"""Schemathesis: requests made from the description, many of them wrong, meet answers that the description promises."""

import json
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.remote.server import ROOT, SUBMISSION
from benchmarks.remote.submissions import submission

MAX_EXAMPLES = int(os.environ.get("OPENQAT_SCHEMA_EXAMPLES", "4"))
CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# Streams take their time; a password that is changed would lock the others out.
LEFT_OUT = r"/events$|/me/password$"

schemathesis.openapi.media_type(SUBMISSION, st.binary(max_size=300) | st.just(submission()))

description = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
schema = schemathesis.openapi.from_dict(description).exclude(path_regex=LEFT_OUT)


@pytest.fixture(scope="module")
def token(access_server):
    """A token of its own: some requests revoke tokens."""
    http = access_server.client()
    reply = http("POST", "/v1/tokens", b'{"label": "schema"}', Content_Type="application/json")
    return json.loads(reply.body)["secret"]


@schema.parametrize()
@settings(
    max_examples=MAX_EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case, access_server, token):
    response = case.call(
        base_url=access_server.url,
        headers={"Authorization": f"Bearer {token}"},
        verify=access_server.certificate,
        timeout=60,
    )
    case.validate_response(response, checks=list(CHECKS))

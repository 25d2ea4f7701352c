"""The description is true: generated requests, as every role, never break the server."""

import random

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.world import ROLES

SEED = 20261122
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = {GenerationMode.POSITIVE: 3, GenerationMode.NEGATIVE: 3}


@pytest.fixture(scope="session")
def description(installation):
    """Return the operations that the server says it has."""
    schema = schemathesis.openapi.from_wsgi(
        "/api/openapi.json", installation.server, headers={"Host": "127.0.0.1"}
    )
    schema.config.base_url = "http://127.0.0.1"
    return [found.ok() for found in schema.get_all_operations()]


@pytest.fixture(scope="session")
def requests(description):
    """Return (operation, mode, generated requests, what went wrong while generating) of every operation.

    They depend on the description and the seed alone: made once, and sent by every role.
    """
    return [(operation, mode, *generated(operation, mode)) for operation in description for mode in EXAMPLES]


def generated(operation, mode):
    """Return what Hypothesis makes of an operation's description, and why it stopped if it failed."""
    cases = []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case):
        cases.append(case)

    try:
        one()
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - told with what the requests bring to light
        return cases, error
    finally:
        random.seed()  # schemathesis and Hypothesis leave their seed behind
    return cases, None


def test_every_rest_route_is_described(installation, description):
    said = {(op.method.upper(), op.path.replace("{", "<").replace("}", ">")) for op in description}
    known = {
        (method, rule.rule)
        for rule in installation.server.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.startswith(("/api/docs", "/api/openapi"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert known <= said


@pytest.mark.slow
@pytest.mark.parametrize("role", [*ROLES, "anonymous"])
def test_no_generated_request_breaks_the_server(installation, requests, role):
    headers = {"Host": "127.0.0.1", "Accept-Encoding": "identity"}
    if role != "anonymous":
        headers["Authorization"] = f"Bearer {installation.one.keys[role]}"
    failures, cases, answers = [], 0, {}

    def judge(case):
        for name in ("Authorization", "X-API-Key"):
            case.headers.pop(name, None)  # made up by schemathesis: all it would find is the door
        answer = case.call(headers=headers)
        answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)

    for operation, mode, made, stopped in requests:
        errors = [stopped] if stopped else []
        for case in made:
            cases += 1
            try:
                judge(case)
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - told below, with all others
                errors.append(error)
        where = f"{operation.method.upper()} {operation.path} ({mode.name})"
        failures += [f"{where}: {_told(error)}" for error in errors]
    print(f"\n{cases} generated requests as {role}, answered {dict(sorted(answers.items()))}")  # noqa: T201
    assert not failures, "\n\n".join(failures)
    assert cases > 100


def _told(error: BaseException) -> str:
    inner = getattr(error, "exceptions", ())
    return "; ".join(f"{type(one).__name__}: {one!s:.600}" for one in inner or (error,))

"""The description of the API: whole, valid, and true of the routes."""

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from apps.core.errors import RuleViolation
from examgrader import api_urls

UNDESCRIBED = {"schema", "docs"}  # they are the description


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(public=True)


def test_the_description_validates(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_every_route_is_described(schema):
    routes = {str(route.pattern) for route in api_urls.urlpatterns if route.name not in UNDESCRIBED}
    described = {path.removeprefix("/api/v1/") for path in schema["paths"]}
    shape = {route.replace("<int:", "{").replace(">", "}") for route in routes}
    assert described == shape


def every_refusal(kind=RuleViolation):
    for subclass in kind.__subclasses__():
        yield subclass
        yield from every_refusal(subclass)


def test_every_refusal_has_a_code_and_a_status_of_its_own():
    for refusal in every_refusal():
        assert refusal.code.isidentifier(), refusal
        assert 400 <= refusal.status < 600, refusal


def test_every_error_that_is_described_has_an_example(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    (content,) = response["content"].values()
                    codes = {example["value"]["code"] for example in content["examples"].values()}
                    assert codes == set(response["description"].split(", ")), (path, method, status)

"""Tokens for the staff's programs."""

from datetime import timedelta

import jwt
import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from rest_framework_simplejwt.tokens import AccessToken

from apps.access.gate import ContestantToken
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def user():
    user = factories.UserFactory(username="noether", is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def sign_in(call, user):
    return lambda password=PASSWORD: call(
        "POST", "token/", body={"username": "noether", "password": password}
    )


def test_a_password_gives_tokens_that_open_the_api(call, sign_in):
    status, tokens = sign_in()
    assert (status, set(tokens)) == (200, {"access", "refresh"})
    assert call("GET", "exams/", tokens["access"])[0] == 200
    assert call("GET", "exams/", tokens["refresh"])[0] == 401
    lifetime = AccessToken(tokens["access"]).lifetime
    assert lifetime <= timedelta(minutes=10)


@pytest.mark.parametrize(
    "body",
    [
        {"username": "noether", "password": "wrong"},
        {"username": "nobody", "password": PASSWORD},
        {"username": "n\x00ether", "password": PASSWORD},
    ],
)
def test_a_wrong_password_and_an_unknown_name_are_told_alike(call, user, body):
    status, refused = call("POST", "token/", body=body)
    assert (status, refused["code"]) in {(401, "wrong_password"), (400, "invalid")}
    assert "noether" not in str(refused)


def test_who_is_no_staff_gets_no_token(call, sign_in, user):
    type(user).objects.update(is_staff=False)
    assert sign_in()[1]["code"] == "wrong_password"


def test_guessing_is_locked_and_told_as_a_problem(client, sign_in):
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in("wrong")[0] == 401
    assert sign_in("wrong")[1]["code"] == "locked_out"
    status, refused = sign_in()
    assert (status, refused["code"]) == (429, "locked_out")


def test_where_a_second_factor_is_required_a_code_is_asked_for(call, sign_in, user, settings):
    settings.REQUIRE_OTP = True
    device = StaticDevice.objects.create(user=user, name="codes")
    StaticToken.objects.create(device=device, token="abcd2345")
    body = {"username": "noether", "password": PASSWORD}
    assert call("POST", "token/", body=body)[1]["code"] == "otp_required"
    assert call("POST", "token/", body={**body, "otp": "000000"})[1]["code"] == "otp_required"
    StaticDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    wrong = {**body, "otp": "abcd2345", "password": "x"}
    assert call("POST", "token/", body=wrong)[1]["code"] == "wrong_password"
    status, tokens = call("POST", "token/", body={**body, "otp": "abcd2345"})
    assert status == 200
    assert call("GET", "exams/", tokens["access"])[0] == 200
    assert call("POST", "token/", body={**body, "otp": "abcd2345"})[1]["code"] == "otp_required"


def test_a_refresh_token_is_used_once(call, sign_in):
    first = sign_in()[1]
    status, second = call("POST", "token/refresh/", body={"refresh": first["refresh"]})
    assert status == 200
    assert call("GET", "exams/", second["access"])[0] == 200
    for used in (first["refresh"], first["access"], "x"):
        status, refused = call("POST", "token/refresh/", body={"refresh": used})
        assert (status, refused["code"]) == (401, "signed_out")
    assert call("POST", "token/refresh/", body={"refresh": second["refresh"]})[0] == 200


def test_nothing_starts_without_the_list_of_used_tokens(settings, monkeypatch):
    """Without it a rotated token would go on working, without a word."""
    config = apps.get_app_config("exams")
    config.ready()
    with monkeypatch.context() as patch:
        patch.setattr(apps, "is_installed", lambda name: False)
        with pytest.raises(ImproperlyConfigured, match="token_blacklist"):
            config.ready()
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | {"BLACKLIST_AFTER_ROTATION": False}
    with pytest.raises(ImproperlyConfigured):
        config.ready()


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(lambda user: type(user).objects.update(is_active=False), id="deactivated"),
        pytest.param(lambda user: type(user).objects.update(is_staff=False), id="no staff any more"),
        pytest.param(lambda user: (user.set_password("another one"), user.save()), id="a new password"),
        pytest.param(lambda user: user.delete(), id="deleted"),
    ],
)
def test_tokens_end_with_their_user(call, sign_in, user, ending):
    tokens = sign_in()[1]
    ending(user)
    assert call("GET", "exams/", tokens["access"])[0] in {401, 403}
    status, refused = call("POST", "token/refresh/", body={"refresh": tokens["refresh"]})
    assert (status, refused["code"]) == (401, "signed_out")


def signed(claims):
    """As we would sign it: everything but the claim in question is right."""
    return jwt.encode(claims, settings.JWT_SIGNING_KEY, "HS256")


def forgeries(token):
    """A staff token, bent in the ways that are known."""
    header, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    others = {"aud": "x", "iss": "x", "token_type": "refresh", "user_id": "999999", "exp": 1, "nbf": 2**33}
    for claim, value in others.items():
        yield f"another {claim}", signed(claims | {claim: value})
    for claim in ("exp", "jti", "user_id", "token_type", "aud", "iss"):
        yield f"without {claim}", signed({name: claims[name] for name in claims if name != claim})
    yield "another key", jwt.encode(claims, "x" * 64, "HS256")
    yield "another algorithm", jwt.encode(claims, settings.JWT_SIGNING_KEY, "HS384")
    contestants = ContestantToken.issue(
        key_id=1, epoch=1, registration_id=1, ends_at=factories.NOW, now=factories.NOW
    )
    contestants.set_exp(lifetime=timedelta(hours=1))
    yield "a contestant's", str(contestants)
    yield "unsigned", f"{header}.{payload}."
    yield "alg none", f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."
    yield "alg None, signed", f"eyJhbGciOiJOb25lIiwidHlwIjoiSldUIn0.{payload}.{signature}"
    yield "alg RS256", f"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.{payload}.{signature}"
    for name, value in (
        ("kid", "../../dev/null"),
        ("jku", "https://evil.example/keys"),
        ("x5u", "https://evil.example"),
    ):
        yield f"own {name}", jwt.encode(claims, "x" * 64, "HS256", headers={name: value})
    yield "own jwk", jwt.encode(claims, "x" * 64, "HS256", headers={"jwk": {"kty": "oct", "k": "eHh4"}})
    for cut in range(1, 40):
        yield f"cut by {cut}", token[:-cut]
    yield "turned round", f"{header}.{payload}.{signature[::-1]}"
    yield "two dots", f"{header}..{signature}"


def test_forged_tokens_open_nothing(call, sign_in):
    token = sign_in()[1]["access"]
    tried = 0
    for name, forgery in forgeries(token):
        status, refused = call("GET", "exams/", forgery)
        assert (name, status, refused.get("code")) == (name, 401, "signed_out")
        tried += 1
    assert tried >= 50
    assert call("GET", "exams/", token)[0] == 200

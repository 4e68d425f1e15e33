"""Known keys are looked for in all that is written down: the database, the cache, the log, addresses."""

import logging

import pytest
from django.core.cache import cache
from django.db import connection

from apps.access.models import AccessKey
from apps.access.services.issuing import issue_anonymous_keys
from tests import factories

pytestmark = pytest.mark.django_db
COUNT = 60


def everything_written():
    """All rows of all tables as text, and what Redis holds."""
    with connection.cursor() as cursor:
        cursor.execute("select table_name from information_schema.tables where table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'select row::text from "{table}" row')  # noqa: S608 - names from the schema itself
            yield from (text for (text,) in cursor.fetchall())
    redis = cache.client.get_client()
    for key in redis.scan_iter("*"):
        yield f"{key!r} {redis.get(key)!r}"


def find_keys(issued, text):
    """The keys that stand in a text: as printed, without dashes, or as bytes in hexadecimal."""
    return [one for one in issued if any(form.casefold() in text.casefold() for form in forms_of(one.key))]


def forms_of(key):
    symbols = key.replace("-", "")
    return key, symbols, symbols.encode().hex(), key.encode().hex()


@pytest.fixture
def issued(real_now):
    block = factories.TimeBlockFactory()
    factories.ProblemFactory(exam=block.exam, number=1)
    return issue_anonymous_keys(exam_id=block.exam_id, count=COUNT, actor=None, now=real_now)


def test_a_key_stands_nowhere_once_it_is_issued_and_used(issued, client, caplog):
    caplog.set_level(logging.DEBUG, logger="apps")
    caplog.set_level(logging.INFO)
    addresses = []
    for one in issued:
        entered = client.post("/enter/", {"key": one.key})
        addresses.append(entered["Location"])
        client.post("/enter/", {"key": f"{one.key[:-1]}?"})
        client.post("/leave/")
    assert AccessKey.objects.exclude(redeemed_at=None).count() == COUNT
    assert find_keys(issued, "\n".join(everything_written())) == []
    assert (
        find_keys(issued, "\n".join([*addresses, *(record.getMessage() for record in caplog.records)])) == []
    )


def test_a_key_that_is_written_down_is_found(issued):
    AccessKey.objects.filter(pk=issued[0].id).update(digest=issued[0].key.encode())
    assert find_keys(issued, "\n".join(everything_written())) == [issued[0]]
    cache.set("seen", issued[1].key)
    assert issued[1] in find_keys(issued, "\n".join(everything_written()))

"""The browser's check of a key says what the server's says."""

import json
from pathlib import Path

import pytest
import quickjs
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.access.rules import keys

SCRIPT = (Path(settings.BASE_DIR) / "static" / "js" / "entry-key.js").read_text()


@pytest.fixture(scope="module")
def script():
    context = quickjs.Context()
    context.eval(SCRIPT.replace("export function", "function"))

    def call(name, text):
        return json.loads(context.eval(f"JSON.stringify({name}({json.dumps(text)}))"))

    return call


def servers(text):
    mistake = keys.find_mistake(text)
    return mistake and {"group": mistake.group, "sentence": mistake.sentence}


def damaged(draw_place, symbol, key):
    return key[:draw_place] + symbol + key[draw_place + 1 :]


symbols = st.sampled_from(keys.ALPHABET)
any_key = st.lists(symbols, min_size=14, max_size=14).map(lambda drawn: keys.with_checks("".join(drawn)))
typed = st.one_of(
    any_key,
    any_key.map(keys.printed),
    st.builds(damaged, st.integers(0, 15), st.sampled_from(keys.ALPHABET + "01OILlß"), any_key),
    st.text(alphabet=keys.ALPHABET + "abc01OIL -–\u00a0", max_size=24),
    # Beyond the basic plane a symbol takes two places in a JavaScript string.
    st.text(alphabet="AB2-𝒜😀Ａ", max_size=20),
)


@hypothesis_settings(max_examples=500)
@given(text=typed)
def test_the_browser_finds_the_same_mistakes_as_the_server(script, text):
    assert script("findMistake", text) == servers(text)


@given(key=any_key)
def test_the_browser_shows_a_key_as_its_slip_does(script, key):
    assert script("printed", key.lower()) == keys.printed(key)
    assert script("printed", f"{key}A") == f"{key}A"

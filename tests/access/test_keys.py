"""The shape of a key: every single error and every swap of neighbours is noticed, and its group named."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.access.rules import keys

symbols = st.sampled_from(keys.ALPHABET)
any_key = st.lists(symbols, min_size=14, max_size=14).map(lambda drawn: keys.with_checks("".join(drawn)))
places = st.integers(0, keys.LENGTH - 1)


def test_alphabet_has_31_symbols_none_of_which_looks_like_another():
    assert len(set(keys.ALPHABET)) == 31
    assert not set("01OIL") & set(keys.ALPHABET)


@given(any_key)
def test_a_key_has_no_mistake(key):
    assert len(key) == 16
    assert keys.find_mistake(keys.printed(key)) is None


@given(any_key, places, symbols)
def test_every_single_wrong_symbol_is_noticed_and_its_group_named(key, place, symbol):
    typed = key[:place] + symbol + key[place + 1 :]
    mistake = keys.find_mistake(typed)
    if typed == key:
        assert mistake is None
    else:
        assert mistake.group == place // 4 + 1


@given(any_key, st.integers(0, keys.LENGTH - 2))
def test_every_swap_of_neighbours_is_noticed_and_its_group_named(key, place):
    typed = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    mistake = keys.find_mistake(typed)
    if typed == key:
        assert mistake is None
    elif place % 4 == 3:
        assert mistake.group is None  # across two groups: neither is named alone
    else:
        assert mistake.group == place // 4 + 1


def test_single_errors_of_one_key_all_of_them():
    key = keys.new_key()
    for place in range(keys.LENGTH):
        for symbol in set(keys.ALPHABET) - {key[place]}:
            typed = key[:place] + symbol + key[place + 1 :]
            assert keys.find_mistake(typed).group == place // 4 + 1


@given(any_key, places, st.sampled_from("01OIL!é"))
def test_a_symbol_no_key_has_names_its_group(key, place, symbol):
    typed = keys.printed(key[:place] + symbol + key[place + 1 :])
    mistake = keys.find_mistake(typed)
    assert mistake.group == place // 4 + 1
    assert "no 0, O, 1, I or L" in mistake.sentence


@pytest.mark.parametrize(
    ("typed", "group", "sentence"),
    [
        ("ABCD-EFG-JKMN-PQRS", 2, "Check the second group of four."),
        ("ABCD EFGH JKMN PQRST", 4, "Check the fourth group of four."),
        ("ABCDEFGHJKMNPQR", None, "A key has 16 symbols in four groups of four. You typed 15."),
        ("ABC-DEF", None, "A key has 16 symbols in four groups of four. You typed 6."),
        ("", None, "A key has 16 symbols in four groups of four. You typed 0."),
        ("ABCO", 1, "Check the first group of four. A key has no 0, O, 1, I or L."),
    ],
)
def test_find_mistake_says_what_can_be_known(typed, group, sentence):
    assert keys.find_mistake(typed) == keys.Mistake(group=group, sentence=sentence)


def test_groups_in_another_order_are_noticed():
    first, second, third, fourth = keys.split(keys.with_checks("ABCDEFGHJKMNPQ"))
    assert keys.find_mistake(second + first + third + fourth) is not None


@pytest.mark.parametrize(
    "typed",
    [
        "abcd-efgh-jkmn-pqrs",
        " ABCD EFGH JKMN PQRS\n",
        "ABCD–EFGH—JKMN−PQRS",
        "ABCD EFGH\u200bJKMN_PQRS",
        "ABCD-efgh-JKMN-PQRS",
        "ABCDEFGHJKMNPQRS",
    ],
)
def test_normalise_forgives_case_and_separators(typed):
    assert keys.normalise(typed) == "ABCDEFGHJKMNPQRS"


@pytest.mark.parametrize("look_alike", ["O", "0", "1", "I", "l", "|", "Ö", "ß", "А"])
def test_normalise_guesses_no_look_alikes(look_alike):
    assert keys.normalise(f"ABC{look_alike}").upper()[3:] == look_alike.upper()
    assert keys.find_mistake(f"ABC{look_alike}").group == 1


def test_new_keys_are_all_different_and_use_every_symbol_everywhere():
    issued = [keys.new_key() for _ in range(20_000)]
    assert len(set(issued)) == len(issued)
    expected = len(issued) / 31
    for place in range(keys.LENGTH):
        counts = Counter(key[place] for key in issued)
        chi_square = sum((counts[symbol] - expected) ** 2 / expected for symbol in keys.ALPHABET)
        # 30 degrees of freedom: an honest place exceeds 90 once in 20 million times.
        assert chi_square < 90, place

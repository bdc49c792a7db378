"""A stream that comes in pieces: its reader never has the value, and loses nothing that is not one."""

from __future__ import annotations

import threading

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flarex_nb.vault.carry import Carry
from flarex_nb.vault.redact import Bytewise, Everything, Redactor

NAME = "CRM_API_KEY"
MASK = f"[{NAME}]"
KEY = "sk_" + "live_aZ09bY18cX27dW36eV45"

VALUES = st.text("abcdefghijkABC0123_-/+'é", min_size=10, max_size=60).filter(lambda text: len(set(text)) > 4)
PLAIN = st.text("xyz XYZ,.\n", max_size=30)


def knowing(*values: str) -> Redactor:
    redactor = Redactor()
    for number, value in enumerate(values):
        redactor.register(NAME if number == 0 else f"KEY_{number}", value)
    return redactor


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({min(place, len(text)) for place in places})
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def through(masks: Redactor, pieces: list[str], *, pauses: tuple[int, ...] = ()) -> str:
    """Return what a reader has in the end; after the pieces at `pauses` nothing came for a while."""
    carry = Carry(masks)
    came = ""
    for number, piece in enumerate(pieces):
        came += carry.feed(piece)
        came += carry.settle() if number in pauses else ""
    return came + carry.settle()


@given(VALUES, PLAIN, PLAIN, st.lists(st.integers(0, 130), max_size=12))
def test_a_value_in_pieces_comes_out_as_its_mask_and_all_else_as_it_was(value, before, after, places):
    masks = knowing(value)
    assume(masks(f"{before}{value}{after}") == f"{before}{MASK}{after}")

    came = through(masks, cut(f"{before}{value}{after}", places))

    assert value not in came
    assert came.startswith(before)
    assert came.endswith(after)
    shown = came.removeprefix(before).removesuffix(after)
    assert shown.endswith(MASK)
    assert len(shown.removesuffix(MASK)) <= max(12, len(value) // 2)


@given(VALUES, PLAIN, st.lists(st.integers(0, 130), max_size=12), st.sets(st.integers(0, 12)))
def test_a_value_with_long_pauses_in_it_does_not_come_together(value, after, places, pauses):
    masks = knowing(value)

    came = through(masks, cut(f"{value}{after}", places), pauses=tuple(pauses))

    assert value not in came
    assert value[len(value) // 2 + 1 :] not in came


@given(VALUES, st.lists(st.text("abcxyz \n", max_size=12), max_size=8))
def test_text_without_a_value_comes_out_whole_and_in_order(value, pieces):
    masks = knowing(value)
    text = "".join(pieces)
    assume(not any(form[: len(form) // 2] in text for form, _ in masks.pairs()))

    assert through(masks, pieces) == text


@pytest.mark.parametrize("pause", [False, True])
def test_char_by_char_only_what_every_such_key_begins_with_is_shown(pause):
    came = through(knowing(KEY), list(f"ab{KEY}cd"), pauses=tuple(range(3, 10)) if pause else ())

    assert came == f"absk_live_{MASK}cd"


def test_a_prefix_that_every_such_key_has_is_not_held_back():
    carry = Carry(knowing(KEY))

    assert carry.feed("the key begins with sk_live_") == "the key begins with sk_live_"
    assert carry.held == ""


def test_a_beginning_is_held_back_and_let_go_when_the_text_goes_on_otherwise():
    carry = Carry(knowing(KEY))

    first = carry.feed(f"see {KEY[:14]}")
    held = carry.held
    second = carry.feed(" and so on")

    assert (first, held, second) == ("see ", KEY[:14], f"{KEY[:14]} and so on")


def test_the_larger_part_of_a_value_is_masked_when_nothing_follows_and_the_rest_needs_no_second_mask():
    carry = Carry(knowing(KEY))

    assert carry.feed(KEY[:-4]) + carry.settle() == MASK
    assert carry.feed(f"{KEY[-4:]}!") == "!"


def test_a_value_that_begins_another_waits_for_it():
    masks = knowing(KEY, KEY + "_longer")

    assert through(masks, [KEY, "_longer."]) == "[KEY_1]."
    assert through(masks, [KEY, "."]) == f"{MASK}."


def test_a_whole_value_is_not_cut_where_its_end_begins_another():
    masks = knowing("firstvalue-ABCDEFG", "ABCDEFG-secondvalue")

    assert through(masks, ["firstvalue-ABCDEFG", " end"]) == f"{MASK} end"


@pytest.mark.parametrize("way", [lambda key: key.encode().hex(), lambda key: key[::-1]])
def test_the_encodings_are_masked_in_pieces_too(way):
    text = way(KEY)

    for place in range(1, len(text)):
        came = through(knowing(KEY), [text[:place], text[place:]])

        assert text not in came
        assert came.endswith(MASK)


def test_a_value_over_several_lines_is_held_over_a_line_end():
    key = "first-line-of-a-key-1\nsecond-line-of-a-key-2"

    assert through(knowing(key), [key[:26], key[26:] + "\n"]) == f"{MASK}\n"


def test_what_is_learnt_in_between_counts_from_then_on():
    masks = knowing(KEY)
    carry = Carry(masks)
    carry.feed("text ")

    masks.register("LATER_API_KEY", "later-value-0987")

    assert carry.feed("later-value-0987\n") == "[LATER_API_KEY]\n"


def test_bytes_read_one_by_one_are_masked_in_utf_8_and_latin_1():
    value = "Zürich-Kéy-Zq7XW2"
    bytewise = Bytewise(knowing(value))
    for encoding in ("utf-8", "latin-1"):
        text = value.encode(encoding).decode("latin-1")
        carry = Carry(bytewise)

        came = "".join(carry.feed(character) for character in text) + carry.settle()

        assert text not in came
        assert came.endswith(MASK)


def test_everything_knows_what_any_redactor_knows_and_forgets_with_it():
    one, two = knowing("value-of-one-11"), knowing("value-of-two-22")
    every = Everything()
    assert every("value-of-one-11 value-of-two-22") == f"{MASK} {MASK}"

    one.forget(NAME)
    every.refresh()

    assert every("value-of-one-11 value-of-two-22") == f"value-of-one-11 {MASK}"
    assert two


def test_values_learnt_by_several_threads_at_once_are_all_masked():
    masks = Redactor()
    values = [f"value-number-{number:03}-of-many" for number in range(120)]
    together = threading.Barrier(4)

    def learn(part: int) -> None:
        together.wait()
        for value in values[part::4]:
            masks.register(f"KEY_{values.index(value)}", value)

    threads = [threading.Thread(target=learn, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(value not in masks(" ".join(values)) for value in values)


def test_nothing_that_is_kept_shows_a_value():
    carry = Carry(knowing(KEY))
    carry.feed(KEY[:10])

    shown = [repr(getattr(carry, slot)) for slot in Carry.__slots__ if slot != "held"]

    assert not any(KEY[3:10] in text for text in shown)

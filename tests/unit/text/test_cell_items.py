"""Items on a magic's line, as HTTPie writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.model import JsonBody, NoBody
from flarex_nb.text.items import cut, fill_line
from flarex_nb.text.magicline import parse_line
from flarex_nb.text.source import Source

FILES = {"a.json": b'{"n": [1]}', "a.txt": "né\n".encode(), "a.bin": b"\xff\0"}


def filled(line, **names):
    return fill_line(parse_line(line), namespace=names, marker=lambda name: f"<<{name}>>", read=FILES.__getitem__)


@pytest.mark.parametrize(
    ("word", "name", "sign", "value"),
    [
        ("a=b", "a", "=", "b"),
        ("a==b=c", "a", "==", "b=c"),
        ("a:=1", "a", ":=", "1"),
        ("a:b=c", "a", ":", "b=c"),
        ("a=b:c", "a", "=", "b:c"),
        ("mail=a@b.c", "mail", "=", "a@b.c"),
        ("f@p=q", "f", "@", "p=q"),
        ("a=@p", "a", "=@", "p"),
        ("a:=@p", "a", ":=@", "p"),
        ("a==@p", "a", "==@", "p"),
        ("A:@p", "A", ":@", "p"),
        ("a=", "a", "=", ""),
        (r"a\=b=c\=d", "a=b", "=", r"c\=d"),
        (r"a\:b:c", "a:b", ":", "c"),
        (r"a\\=b", "a\\", "=", "b"),
        (r"a\b=c", r"a\b", "=", "c"),
        ('{{ n["a=b"] }}=c', '{{ n["a=b"] }}', "=", "c"),
    ],
)
def test_the_first_sign_counts_and_the_longest_there(word, name, sign, value):
    item = cut(Source(word))

    assert (item.name.text, item.sign, item.value.text) == (name, sign, value)


def test_each_sign_has_its_place():
    request = filled("crm POST /x q==1 X-A:v s=5 n:=5 j:='{\"k\": [true, null]}'")

    assert request.query == (("q", "1"),)
    assert request.headers == (("X-A", "v"),)
    assert request.body == JsonBody({"s": "5", "n": 5, "j": {"k": [True, None]}})


def test_brackets_nest():
    request = filled(
        "crm POST /x a[b][c]=1 a[b][d][]=x a[b][d][]=y l[0][p]=q l[1][p]=r m[2]:=3 [k]=v t[]:={{row}}", row={"i": 1}
    )

    assert request.body == JsonBody(
        {
            "a": {"b": {"c": "1", "d": ["x", "y"]}},
            "l": [{"p": "q"}, {"p": "r"}],
            "m": [None, None, 3],
            "k": "v",
            "t": [{"i": 1}],
        }
    )
    assert filled("crm POST /x []:=1 []:=2").body == JsonBody([1, 2])


def test_files_give_values_and_parts():
    request = filled("crm POST /x j:=@a.json t=@a.txt q==@a.txt X-A:@a.txt")

    assert request.body == JsonBody({"j": {"n": [1]}, "t": "né\n"})
    assert request.query == (("q", "né"),)
    assert request.headers == (("X-A", "né"),)

    part = filled("crm POST /x 'na\"me=1' f@a.bin").body
    assert part.media_type == "multipart/form-data; boundary=flarex-part"
    assert part.content == (
        b'--flarex-part\r\nContent-Disposition: form-data; name="na%22me"\r\n\r\n1\r\n'
        b'--flarex-part\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\xff\0\r\n--flarex-part--\r\n"
    )


def test_holes_are_filled_by_the_rules_of_a_cell():
    request = filled(
        "crm PUT /c/{{ row.id }} since=={{none}} a=={{ n }} X-K:'Bearer {{$secret CRM_API_KEY}}' t='{{n}} x' v:={{row}}",
        row={"id": "a/b"}, n=5, none=None,
    )  # fmt: skip

    assert request.target == "/c/a%2Fb"
    assert request.query == (("a", "5"),)
    assert request.headers == (("X-K", "Bearer <<CRM_API_KEY>>"),)
    assert request.body == JsonBody({"t": "5 x", "v": {"id": "a/b"}})


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_value_adds_no_item_and_no_line(value):
    request = filled("crm POST /x q=={{v}} s={{v}} j:='[\"{{v}}\"]'", v=value)

    assert request.query == (("q", value),)
    assert request.body == JsonBody({"s": value, "j": [value]})


def test_no_items_are_no_body():
    assert filled("crm DELETE /x").body == NoBody()


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("crm GET /x limit=5", 12, "is a body, and a GET has none"),
        ("crm GET /x f@a.txt", 12, "is a body"),
        ("crm GET /x limit", 12, "is not an item"),
        ("crm GET /x ==5", 12, "is not an item"),
        ("crm POST /x n:=five", 16, "not JSON"),
        ("crm POST /x n:=@a.txt", 17, "is not JSON"),
        ("crm POST /x n=@a.bin", 16, "not text in UTF-8"),
        ("crm POST /x a=1 a=2", 17, "given twice"),
        ("crm POST /x a=1 a[b]=2", 17, "does not fit"),
        ("crm POST /x a[]=1 a[b]=2", 19, "does not fit"),
        ("crm POST /x a[b=1", 14, "do not match"),
        ("crm POST /x a[5000]=1", 13, "too far out"),
        ("crm GET /x q=={{nope}}", 17, "no variable 'nope'"),
        ("crm GET /x 'X A:b'", 16, "not the name of a header"),
        ("crm GET /x q=={{$secret A_KEY}}", 15, "may not stand in the query"),
        ("crm POST /x f@../a", 15, "not inside"),
    ],
)
def test_a_fault_is_shown_at_its_column(line, column, words):
    with pytest.raises(UsageError) as caught:
        filled(line)

    assert words in caught.value.message
    assert caught.value.place == f"line 1, column {column}"


def test_a_line_without_a_path_is_refused():
    with pytest.raises(UsageError, match="no path"):
        filled("crm --raw")
    with pytest.raises(CellSyntaxError):
        cut(Source("=x"))

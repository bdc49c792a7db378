"""Bodies under two caps, and what is unpacked at all."""

from __future__ import annotations

import gzip
import subprocess
import sys
import textwrap
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import ProtocolBroken, ResponseTooLarge
from flarex_nb.model import Reach
from flarex_nb.net.body import Bounded, check_declared, codings

GZIP = (("Content-Encoding", "gzip"),)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks, start = [], 0
    for size in sizes:
        chunks.append(data[start : start + size])
        start += size
    return [*chunks, data[start:]]


def whole(headers, chunks, wire=1 << 20, out=1 << 20) -> bytes:
    body = Bounded(headers, Reach(max_wire_bytes=wire, max_bytes=out), "api.test:443")
    content = b"".join(piece for chunk in chunks for piece in body.feed(chunk))
    body.finish()
    return content


@given(st.binary(max_size=3000), st.lists(st.integers(min_value=0, max_value=400), max_size=9))
def test_a_plain_body_is_the_same_however_it_is_cut(data, sizes) -> None:
    assert whole((), cut(data, sizes)) == data


@given(
    st.lists(st.binary(max_size=2000), min_size=1, max_size=4),
    st.lists(st.integers(min_value=0, max_value=400), max_size=9),
)
def test_gzip_members_one_after_the_other_unpack_however_they_are_cut(parts, sizes) -> None:
    packed = b"".join(gzip.compress(part) for part in parts)

    assert whole(GZIP, cut(packed, sizes)) == b"".join(parts)


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_gzip_cut_short_anywhere_is_an_error_and_never_half_an_answer(data, draw) -> None:
    packed = gzip.compress(data)
    length = draw.draw(st.integers(min_value=1, max_value=len(packed) - 1))

    with pytest.raises(ProtocolBroken, match="cut short") as caught:
        whole(GZIP, [packed[:length]])

    assert caught.value.sent == "yes"


def test_a_body_larger_than_a_piece_comes_whole() -> None:
    data = bytes(range(256)) * 5000

    assert whole(GZIP, [gzip.compress(data)], out=2 << 20) == data
    assert whole(GZIP, [gzip.compress(b"\0" * 3_000_000)], out=3_000_000) == b"\0" * 3_000_000


@pytest.mark.parametrize("size", [99, 100, 101])
def test_the_caps_hold_to_the_byte(size) -> None:
    packed = gzip.compress(b"x" * size)

    if size > 100:
        with pytest.raises(ResponseTooLarge, match="more than 100 bytes unpacked"):
            whole(GZIP, [packed], out=100)
        with pytest.raises(ResponseTooLarge, match="more than 100 bytes on the wire"):
            whole((), [b"x" * size], wire=100)
    else:
        assert len(whole(GZIP, [packed], out=100)) == len(whole((), [b"x" * size], wire=100)) == size


@pytest.mark.parametrize(
    "data", [b"plain text", zlib.compress(b"x"), b"\x1f\x8b\x08broken", gzip.compress(b"x") + b"rest"]
)
def test_what_is_not_the_gzip_it_says_is_an_error(data) -> None:
    with pytest.raises(ProtocolBroken):
        whole(GZIP, [data])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["br"], "answered in br"),
        (["zstd"], "answered in zstd"),
        (["deflate"], "answered in deflate"),
        (["gzip, gzip"], "gzip of gzip"),
        (["gzip", "br"], "gzip of br"),
        (["x" * 500], "answered in x"),
    ],
)
def test_codings_that_were_not_asked_for_are_refused_by_name(values, words) -> None:
    headers = tuple(("content-encoding", value) for value in values)

    with pytest.raises(ProtocolBroken, match=words) as caught:
        whole(headers, [b"\x0b\x02\x80abc\x03"])

    assert len(caught.value.message) < 120


@pytest.mark.parametrize("value", ["", "identity", "IDENTITY", ",", "identity, identity"])
def test_identity_is_no_coding(value) -> None:
    assert codings((("Content-Encoding", value),)) == ()
    assert whole((("Content-Encoding", value),), [b"abc"]) == b"abc"


@pytest.mark.parametrize("value", ["gzip", "GZIP", "x-gzip", "identity, gzip"])
def test_gzip_has_several_spellings(value) -> None:
    assert whole((("Content-Encoding", value),), [gzip.compress(b"abc")]) == b"abc"


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_an_empty_body_is_empty_whatever_its_coding_says(coding) -> None:
    assert whole((("Content-Encoding", coding),), []) == b""


@pytest.mark.parametrize(
    ("declared", "refused"),
    [
        ("101", True),
        ("100", False),
        ("9" * 30, True),
        ("9" * 8000, True),
        ("000100", False),
        ("", False),
        ("-1", False),
        ("x", False),
    ],
)
def test_a_declared_length_over_the_cap_is_refused_before_reading(declared, refused) -> None:
    headers = (("Content-Length", declared),)

    if refused:
        with pytest.raises(ResponseTooLarge):
            check_declared(headers, Reach(max_wire_bytes=100), "api.test:443")
    else:
        check_declared(headers, Reach(max_wire_bytes=100), "api.test:443")


def test_a_bomb_of_a_gigabyte_costs_less_than_32_mib() -> None:
    script = """
        import resource, zlib
        from flarex_nb.errors import ResponseTooLarge
        from flarex_nb.model import Reach
        from flarex_nb.net.body import Bounded

        def bomb():
            pack = zlib.compressobj(9, zlib.DEFLATED, 31)
            block = bytes(1 << 20)
            yield pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
            again = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)  # full flush: the same bytes each time
            for _ in range(1023):
                yield again

        wire = b"".join(bomb())
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

        def feed(chunk):
            body = Bounded((("content-encoding", "gzip"),), Reach(max_wire_bytes=2 << 20, max_bytes=2 << 20), "x")
            kept = []
            try:
                for start in range(0, len(wire), chunk):
                    kept += body.feed(wire[start : start + chunk])
            except ResponseTooLarge:
                return sum(map(len, kept))

        before = peak()
        assert len(wire) < 2 << 20, len(wire)
        assert feed(16384) <= 2 << 20 and feed(len(wire)) <= 2 << 20
        print(peak() - before)
    """

    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 32

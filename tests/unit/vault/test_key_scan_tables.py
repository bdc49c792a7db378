"""Values in a column are judged by its title."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from flarex_nb.vault.scan import find_keys
from written_keys import CHANCE

OTHER = CHANCE[::-1]


def found(text):
    return [text[each.start : each.start + each.length] for each in find_keys(text)]


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("columns", [["user", "api_key", "n"], ["user", "n", "api_key"], ["api_key", "user", "n"]])
def test_a_printed_frames_column_is_found(columns, index):
    frame = pd.DataFrame({"user": ["ada", "grace"], "api_key": [CHANCE, OTHER], "n": [1, 2]})[columns]

    assert found(f"here:\n{frame.to_string(index=index)}\n\nthat was it") == [CHANCE, OTHER]


@pytest.mark.parametrize(
    "text",
    [
        f"user,token\r\nada,{CHANCE}\r\ngrace,{OTHER}\r\n",
        f'"user","token"\n"ada","{CHANCE}"\n"grace","{OTHER}"\n',
        f"user;crm token;n\nada;{CHANCE};1\ngrace;{OTHER};2",
        f"| user | client_secret |\n|---|---|\n| ada | `{CHANCE}` |\n| grace | {OTHER} |",
        f"user\taccessToken\nada\t{CHANCE}\ngrace\t{OTHER}",
    ],
)
def test_a_files_column_is_found(text):
    assert found(text) == [CHANCE, OTHER]


@pytest.mark.parametrize(
    "text",
    [
        f"user,next_token\nada,{CHANCE}\n",
        f"user,sort_key\nada,{CHANCE}\n",
        f"user,monkey\nada,{CHANCE}\n",
        f"user,token\n\nada,{CHANCE}\n",
        f"the token\nthe {CHANCE}\n",
        "user,token\nada,hello\ngrace,world\n",
        "user,password\nada,[CRM_PASSWORD]\n",
        f"id,token,n\n{CHANCE},the,1\n",
    ],
)
def test_another_column_or_another_value_is_not(text):
    assert found(text) == []


@pytest.mark.parametrize("row", ["user,token\n", "token,token,token\n", "a  token\n", "token|", "token, "])
def test_a_large_table_takes_time_that_grows_with_its_length(row):
    def seconds(text):
        began = time.perf_counter()
        find_keys(text)
        return time.perf_counter() - began

    small = min(seconds(row * 4_000) for _ in range(3))

    assert seconds(row * 16_000) < 4 * 4 * small + 0.5

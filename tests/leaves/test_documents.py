import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import documents
from monitor.documents import Strict
from monitor.errors import FileProblems


class Limits(Strict):
    soft: int
    hard: int | None = None


class Rule(Strict):
    id: str
    when: str
    limits: Limits | None = None
    labels: dict[str, str] = {}


class File(Strict):
    rules: list[Rule]


def problems_of(text: str) -> list[str]:
    with pytest.raises(FileProblems) as caught:
        documents.validate(documents.parse(text, "a.yaml"), File)
    return [str(problem) for problem in caught.value.problems]


def test_every_mistake_is_told_at_once_with_its_place_and_the_nearest_key():
    assert problems_of("rules:\n  - id: a\n    wehn: x\n    limits: {sotf: 3}\n  - id: 7\n    when: y\n") == [
        "a.yaml:2:5: 'when' is missing here",
        "a.yaml:3:5: unknown key 'wehn'; did you mean 'when'?",
        "a.yaml:4:13: 'soft' is missing here",
        "a.yaml:4:14: unknown key 'sotf'; did you mean 'soft'?",
        "a.yaml:5:9: id: must be text; put it in quotes",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1,", "a.yaml:1:7: expected the node content, but found '<stream end>'"),
        ("a:\n\tb: 1\n", "a.yaml:2:1: a tab indents this line; YAML wants spaces"),
        ("a: 1\na: 2\n", 'a.yaml:2:1: the key "a" stands here a second time; remove one of them'),
    ],
)
def test_a_syntax_error_names_its_place(text, expected):
    with pytest.raises(FileProblems) as caught:
        documents.parse(text, "a.yaml")
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("scalar", "place"),
    [
        ("when: aa bb WORD cc", (1, 13)),
        ('when: "aa bb WORD cc"', (1, 14)),
        ("when: >\n  aa bb\n  WORD cc\n", (3, 3)),
        ("when: |\n  aa\n\n    bb WORD cc\n", (4, 8)),
        ("when: >-\n  aa\n  bb\n\n  WORD cc\n", (5, 3)),
        ("when: aa\n  bb\n  WORD cc\n", (3, 3)),
    ],
)
def test_a_place_inside_a_text_is_found_in_every_style_of_scalar(scalar, place):
    document = documents.parse(scalar, "a.yaml")
    problem = document.problem(["when"], "x", "here", offset=document.content["when"].index("WORD"))
    assert (problem.line, problem.column) == place


def test_words_that_other_readers_turn_into_booleans_stay_text():
    assert documents.parse("country: no\ntime: 22:00\n", "a.yaml").content == {"country": "no", "time": "22:00"}


def test_a_missing_and_a_binary_file_are_problems_not_crashes(tmp_path):
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    for path, words in ((tmp_path / "none.yaml", "cannot be read"), (tmp_path / "b.yaml", "UTF-8")):
        with pytest.raises(FileProblems, match=words):
            documents.read(path)


@given(st.text(max_size=60))
def test_any_text_parses_or_is_a_problem(text):
    try:
        documents.parse(text, "a.yaml")
    except FileProblems as error:
        assert all(problem.line >= 1 and problem.column >= 1 for problem in error.problems)


@pytest.mark.parametrize("key", ["W[hat", "str", "a-b(c)"], ids=["a bracket", "a word of pydantic", "a union's"])
def test_a_key_that_looks_like_a_tag_of_pydantic_is_an_unknown_key(key):
    assert f"unknown key {key!r}" in problems_of(f"rules: []\n{json.dumps(key)}: 1\n")[0]


def test_aliases_that_multiply_or_name_themselves_are_refused():
    laughs = "\n".join(["l0: &l0 [x]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10))])
    assert "aliases make this file endless" in problems_of(laughs)[0]
    problems_of("rules: &a [*a]")
    assert documents.parse("a: &a {b: 1, c: 2}\nd: *a\ne: *a\n", "f").content["e"] == {"b": 1, "c": 2}

"""Plain data there and back, and what cannot be such data."""

import json
import math
import time
from collections import Counter, OrderedDict, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading import plain as outside
from grading.checks import asking
from grading.checks.asking import NotTrue, Often
from grading.inside import plain, unpacked
from grading.plain import Forged, Opaque, from_plain, to_carry, write_request

Row = namedtuple("Row", "time_s host")
Short = type("Short", (tuple,), {"_fields": ("one",)})
LongNamed = namedtuple("Long", "name number", module="grading.checks.somewhere")


def across(value):
    return from_plain(json.loads(json.dumps(plain(value), allow_nan=False)))


def same(left, right):
    """Equal, of the same kind, and nan where there was nan."""
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    if isinstance(left, list | tuple):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return type(left) is type(right) and left == right


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.fractions()
leaves |= st.decimals(allow_nan=False, allow_infinity=False, places=3)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@settings(max_examples=60)
@given(values)
def test_plain_data_come_back_as_they_were(value):
    assert same(value, across(value))


bare = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
json_values = st.recursive(
    bare | st.sampled_from("filtdsnqDob"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=20,
)


@given(json_values)
def test_whatever_comes_is_plain_or_forged(value):
    try:
        found = from_plain(value)
    except Forged:
        return
    only_plain(found)


def only_plain(value):
    known = (bool, int, float, str, list, dict, frozenset, Fraction, Decimal, Opaque, type(None))
    assert type(value) in known or isinstance(value, tuple), type(value)
    for inner in value if isinstance(value, list | tuple | frozenset) else ():
        only_plain(inner)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (numpy.float64(0.25), 0.25),
        (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (numpy.bool_(True), True),
        (numpy.array(3), 3),
        (range(3), [0, 1, 2]),
        ((n for n in range(3)), [0, 1, 2]),
        (OrderedDict(a=1), {"a": 1}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (Row(1.5, "gw-1"), (1.5, "gw-1")),
        (namedtuple("Renamed", "class x", rename=True)(1, 2), (1, 2)),
        ([namedtuple("Renamed", "class x", rename=True)(1, 2)] * 2, [(1, 2)] * 2),
        (Short((1, 2)), (1, 2)),
        ([Short((1,)), Short((1, 2))], [(1,), (1, 2)]),
        ({(1, "a"): 2}, {(1, "a"): 2}),
        ({3, 4}, frozenset({3, 4})),
        ({3, (4, len)}, frozenset({3})),  # what is no plain data equals nothing, and so is in no set
        ({(4, len): 5}, {"(4, <built-in function len>)": 5}),
        (2**80, 2**80),
        (-math.inf, -math.inf),
    ],
)
def test_what_learners_return_is_taken_for_what_it_is(value, expected):
    assert across(value) == expected


def test_a_row_keeps_its_fields():
    found = across([Row(1.5, "gw-1")])[0]
    assert (found.time_s, found.host, type(found).__name__) == (1.5, "gw-1", "Row")


ODD = [object(), len, b"bytes", 1 << 200_000, Fraction(1, 3**70_000), Decimal("1e20000"), math, [[[]]].append]


@pytest.mark.parametrize("value", ODD, ids=[type(value).__name__ + str(n) for n, value in enumerate(ODD)])
def test_everything_else_equals_nothing(value):
    found = across(value)
    assert type(found) is Opaque
    assert found != found
    assert len(repr(found)) <= 300
    with pytest.raises(TypeError):
        hash(found)


def test_lists_in_lists_end():
    deep = []
    for _ in range(500):
        deep = [deep]
    assert "something too deep" in repr(across(deep))


@pytest.mark.parametrize(
    "value",
    [
        ["n", "Row", ["a", "a"], [1, 2]],  # the same field twice
        ["n", "Row", ["\ufb01", "fi"], [1, 2]],  # the same for Python, which makes two letters of the one
        ["n", "Row", ["class"], [1]],
        ["n", "Row", ["__class__"], [1]],
        ["n", "Row", ["a"], [1, 2]],
        ["i", "9" * 1_000_000],
        ["q", "0x1", "0x0"],
        ["f", "1.5"],  # would go as itself
        ["x", 1],
        ["l"],
        ["l", 5],
        {"a": 1},
        [],
    ],
    ids=repr,
)
def test_what_the_encoding_cannot_say_is_forged(value):
    with pytest.raises(Forged):
        from_plain(value)


def test_numbers_that_all_hash_alike_are_given_up():
    """A set of them would take minutes, here or in a check. Equal ones do no harm, however many."""
    numbers = [n * (2**61 - 1) for n in range(1, 50_000)]
    began = time.monotonic()
    for many in (
        ["s", [["i", hex(n)] for n in numbers]],
        ["l", [["i", hex(n)] for n in numbers]],
        ["l", [["q", hex(n), "0x1"] for n in numbers]],
        ["l", [["D", str(n)] for n in numbers]],
        ["l", [["n", "Row", ["id", "host"], [["i", hex(n)], "gw"]] for n in numbers]],
        ["r", "Row", ["id", "host"], [[["i", hex(n)] for n in numbers], ["gw"] * len(numbers)]],
        ["d", [[["t", [["i", hex(n)], 1]], 1] for n in numbers]],
    ):
        with pytest.raises(Forged, match="one hash"):
            from_plain(many)
    for many in (["l", numbers], ["l", [None, *numbers]], numbers[-1]):
        with pytest.raises(Forged, match="in the dress of a small one"):
            from_plain(many)
    assert time.monotonic() - began < 10
    again = [(-1, 2**70, "gw"), (-2, 2**70, "gw")] * 500
    assert across(again) == again


def test_what_takes_too_long_to_read_is_given_up(monkeypatch):
    monkeypatch.setattr(outside, "READING_S", 0.0)
    with pytest.raises(Forged, match="too long"):
        from_plain(["d", [["a", 1]]])


def sent(value):
    return unpacked(write_request({"arguments": [to_carry(value)]}))["arguments"][0]


@given(values)
def test_arguments_come_as_they_were_sent(value):
    assert same(value, sent(value))


def test_what_is_asked_about_often_is_packed_once_and_comes_as_a_fresh_list():
    rows = Often(Row(n, "gw") for n in range(3))
    first, packed = unpacked(write_request({"arguments": [to_carry(rows)]}))["arguments"][0], rows.packed
    assert first == list(rows) == [Row(0, "gw"), Row(1, "gw"), Row(2, "gw")]
    first.clear()
    assert unpacked(write_request({"arguments": [to_carry(rows), {"again": rows}]}))["arguments"][0] == list(rows)
    assert rows.packed is packed


def test_rows_that_only_the_checks_know_come_as_rows():
    found = sent([asking.Named("x")._replace(name="parse"), 1])
    assert callable(found[0])
    found = sent([LongNamed("a", 1), LongNamed("b", 2)])
    assert [(row.name, row.number, type(row).__name__) for row in found] == [("a", 1, "Long"), ("b", 2, "Long")]


def test_what_is_no_plain_data_cannot_be_handed_on():
    with pytest.raises(NotTrue, match="cannot be handed on"):
        sent([across(object())])

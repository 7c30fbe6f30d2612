"""Messages as JSON, and back."""

import enum
import json
from typing import Any, NamedTuple

import pytest

from dslib import Message, Request
from dslib.wire import Json, Malformed, classes_beside, from_wire, kept, shown_as_json, to_wire


class Pair(NamedTuple):
    left: int
    right: Any


class Colour(enum.Enum):
    RED = 1


class Inner(Message):
    n: int


class Outer(Message):
    one: Any
    many: tuple[Any, ...] = ()


CLASSES = classes_beside([Outer, Request])

VALUES = [
    None, True, 0, -7, 1.5, "text", "", (), (1, (2, "x")), frozenset({"b", "a"}), b"\x00\xff", float("inf"),
    Inner(3), (Inner(1), Inner(2)), Pair(1, (2,)), Colour.RED, Json('{"a": [1]}'), Request(1, "get", "x", (1, 2), "c1"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_as_it_was(value):
    text = json.dumps(to_wire(Outer(value, (value,))), allow_nan=False)
    back = from_wire(json.loads(text), CLASSES)
    assert back == Outer(value, (value,))
    assert type(back.one) is type(value)
    assert hash(back) == hash(Outer(value, (value,)))


def test_what_cannot_travel_is_refused_by_name():
    with pytest.raises(TypeError, match=r"range\(0, 3\) is a range"):
        to_wire(Outer(range(3)))


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"!": "Nobody", "fields": {}}, "there is no 'Nobody'"),
        ({"!": "Inner", "fields": {"m": 1}}, "are not the fields of Inner: they are n"),
        ({"!": "Inner", "fields": {}}, "Inner cannot be made"),
        ({"!": "Inner", "fields": [1]}, "are not the fields of Inner"),
        ({"!": "Colour", "member": "BLUE"}, "there is no 'BLUE'"),
        ({"!what": 1}, "its tag is unknown"),
        ({"!bytes": "zz"}, "cannot be read"),
        ({"a": 1, "b": 2}, "cannot be read"),
        ({}, "cannot be read"),
        ({"!": []}, "cannot be read"),
    ],
)
def test_what_nobody_wrote_is_refused_and_says_why(value, complaint):
    with pytest.raises(Malformed, match=complaint):
        from_wire(value, CLASSES)


def test_an_object_of_somebody_elses_can_be_held_and_given_back():
    value = {"a": [1, {"b": None}], "c": 2.5}
    held = kept(value)
    assert hash(held) == hash(kept({"c": 2.5, "a": [1, {"b": None}]}))
    assert shown_as_json((held, "x")) == [value, "x"]
    assert kept(7) == 7


def test_sets_are_shown_in_an_order_that_is_the_same_in_every_process():
    assert shown_as_json(frozenset({"b", "c", "a"})) == ["a", "b", "c"]
    with pytest.raises(TypeError, match="JSON has no such thing"):
        shown_as_json(object())

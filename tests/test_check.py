"""Self-checks: hidden until answered, three hints on the way, and no kernel needed to check."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from dslib.views import seals

VIEWS = Path(seals.__file__).parent

# ---------------------------------------------------------------- under seal


def test_a_seal_opens_with_its_own_key_only():
    right, wrong = seals.key("salt", "set 1"), seals.key("salt", "set 0")
    locks = {seals.name(right): seals.seal(right, {"say": "Größe ≥ 2"}, 100)}
    assert seals.unlock(locks, right) == {"say": "Größe ≥ 2"}
    assert seals.unlock(locks, wrong) is None
    assert seals.unlock(locks, seals.key("another salt", "set 1")) is None


def test_a_long_answer_has_as_long_a_seal_as_a_short_one():
    keys = [seals.key("salt", str(i)) for i in range(2)]
    assert len(seals.seal(keys[0], {"say": "a"}, 300)) == len(seals.seal(keys[1], {"say": "a" * 250}, 300))


def test_several_answers_may_open_one_text():
    text, others = seals.key("salt", "the text"), [seals.key("salt", str(i)) for i in range(3)]
    locks = {seals.name(text): seals.seal(text, {"say": "yes"})}
    locks |= {seals.name(key): seals.seal(key, {"open": text.hex()}) for key in others}
    assert [seals.unlock(locks, key) for key in others] == [{"say": "yes"}] * 3


@pytest.mark.browser
def test_the_pages_sha_256_is_the_standards_and_pythons(page: Any):
    """FIPS 180-4's examples, then every length around the edges of a block, against hashlib."""
    page.set_content("<!doctype html><title>seals</title>")
    page.evaluate(f"() => {{ {(VIEWS / 'seals.js').read_text()}\nwindow.seals = {{ sha256, toHex, unlock, keyOf }}; }}")

    def digest(data: bytes) -> str:
        return str(page.evaluate("(data) => seals.toHex(seals.sha256(Uint8Array.from(data)))", list(data)))

    standard = {
        b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        b"a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    }
    for data, expected in standard.items():
        assert digest(data) == expected
    for length in [*range(1, 130), 1_000]:
        data = bytes((7 * i + length) % 256 for i in range(length))
        assert digest(data) == hashlib.sha256(data).hexdigest(), f"of {length} bytes"


@pytest.mark.browser
def test_the_page_opens_what_python_sealed(page: Any):
    page.set_content("<!doctype html><title>seals</title>")
    page.evaluate(f"() => {{ {(VIEWS / 'seals.js').read_text()}\nwindow.seals = {{ unlock, keyOf }}; }}")
    text, answer = seals.key("salz ✓", "the text"), seals.key("salz ✓", "cell -12")
    said = {"right": True, "say": "Größe ≥ 2 · " + "lang " * 60, "marks": [0, 2]}
    locks = {
        seals.name(text): seals.seal(text, said, 512),
        seals.name(answer): seals.seal(answer, {"open": text.hex()}),
    }
    opened = "([locks, answer]) => seals.unlock(locks, seals.keyOf('salz ✓', answer))"
    assert page.evaluate(opened, [locks, "cell -12"]) == said
    assert page.evaluate(opened, [locks, "cell -13"]) is None

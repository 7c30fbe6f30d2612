"""Self-checks: hidden until answered, three hints on the way, and no kernel needed to check."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from dslib.scenarios import measure_second, who_writes
from dslib.views import check, items, predict, recap, reveal, seals
from dslib.views import keep as keep_module
from dslib.views.keep import FILE
from dslib.views.selfcheck import judge, sealed

ROOT = Path(__file__).resolve().parent.parent
VIEWS = Path(seals.__file__).parent
LESSONS = sorted(path.stem for path in items.FOLDER.glob("*.toml"))
ITEMS = {item.id: item for lesson in LESSONS for item in items.lesson_items(lesson).values()}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the notebook lesson.ipynb."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "lesson.ipynb"))
    restart_the_kernel()
    return tmp_path


def restart_the_kernel() -> None:
    """Forget all that was only in memory."""
    keep_module.store_at.cache_clear()


def on_disk(folder: Path) -> Any:
    return json.loads((folder / FILE).read_text(encoding="utf-8"))["checks"]["lesson"]


class Reader(HTMLParser):
    """What stands on a page in words, and what it carries for its script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.carried, self._script = "", [], False  # type: ignore[var-annotated]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._script = tag in ("script", "style")
        self.carried += [json.loads(value) for name, value in attrs if name.startswith("data-dslib")]

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if not self._script:
            self.words += data


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


# ---------------------------------------------------------------- every item of every lesson


def right_answer(item: items.Item) -> list[str]:
    return [o.text for o in item.options if o.right] or [str(item.answers[0])]


def secrets(item: items.Item) -> list[str]:
    """What nobody should find before it is earned."""
    told = [
        *item.hints,
        item.why,
        item.otherwise,
        *(o.feedback for o in item.options),
        *(w.feedback for w in item.wrong),
    ]
    return [text for text in told if text]


@pytest.fixture(params=ITEMS.values(), ids=ITEMS)
def item(request: pytest.FixtureRequest) -> items.Item:
    found: items.Item = request.param
    return found


def test_there_are_items() -> None:
    assert len(ITEMS) >= 5, "every other test of items would pass for nothing"


def test_an_item_has_three_hints_and_none_is_its_answer(item: items.Item) -> None:
    assert len(item.hints) == 3
    for hint in item.hints:
        if item.kind in ("number", "text"):
            assert not re.search(rf"(?<![\d.]){re.escape(right_answer(item)[0])}(?![\d.])", hint), hint
        else:
            assert not [text for text in right_answer(item) if len(text) > 8 and text in hint], hint


def test_the_right_answer_of_an_item_opens_what_is_told_about_it(item: items.Item) -> None:
    told = judge(sealed(item), right_answer(item))
    assert told["right"] is True
    assert item.why in told["say"]


def test_each_wrong_answer_of_an_item_opens_its_own_feedback(item: items.Item) -> None:
    page = sealed(item)
    for option in item.options:
        if not option.right:
            told = judge(page, [option.text])
            assert told["right"] is False
            assert option.feedback in told["say"]
            others = [o.feedback for o in item.options if o.feedback and o is not option]
            assert not [text for text in others if text in told["say"]]
    for wrong in item.wrong:
        assert judge(page, [str(wrong.answer)]) == {"right": False, "say": wrong.feedback}
    if item.kind in ("number", "text"):
        assert judge(page, ["123456789"]) == {"right": False, "say": item.otherwise}


def test_of_several_each_half_of_the_answer_is_no_answer(item: items.Item) -> None:
    if item.kind != "many":
        return
    for text in right_answer(item):
        assert judge(sealed(item), [text]) == {"right": False, "say": "Something is missing."}
    everything = judge(sealed(item), [o.text for o in item.options])
    assert everything["right"] is False
    assert "missing" not in everything["say"]


def test_neither_the_page_nor_the_widget_tells_before_it_is_asked(item: items.Item) -> None:
    question = check(item.id)
    page, state = question._repr_html_(), json.dumps([question.widget.item, question.widget.state], ensure_ascii=False)
    for text in secrets(item):
        for place in (page, state, str(question)):
            assert text not in place
            assert json.dumps(text)[1:-1] not in place
    carried = Reader(page).carried
    for data in (carried[0]["item"], question.widget.item):
        bare = json.dumps({name: value for name, value in data.items() if name not in ("locks", "salt")})
        assert "right" not in bare.replace(item.question, "")
        if item.kind in ("number", "text"):
            assert right_answer(item)[0] not in bare
        lengths = {len(text) for text in data["locks"].values()}
        assert len(lengths) == (2 if item.kind in ("number", "text") else 1), "a length tells which text is which"
        assert list(data["locks"]) == sorted(data["locks"]), "an order tells which text is which"


def test_the_notebooks_ask_all_items_of_their_lesson_and_tell_nothing() -> None:
    for path in sorted((ROOT / "lessons").glob("*.ipynb")):
        lesson = path.name[:2]
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        asked = [c.source for c in cells if c.source.startswith("check(")]
        names = re.findall(r'check\("([\w/-]+)"\)', "\n".join(asked))
        mine = [id for id in ITEMS if id.startswith(f"{lesson}/")]
        assert names == mine, f"{path.name} asks {names}; selfchecks/{lesson}.toml has {mine}"
        text = path.read_text(encoding="utf-8")
        for id in mine:
            for secret in secrets(ITEMS[id]):
                assert json.dumps(secret, ensure_ascii=False)[1:-1] not in text, f"{path.name} tells of {id}: {secret}"


def test_what_the_items_of_lesson_5_say_is_what_the_simulation_does() -> None:
    half = ITEMS["05/half"]
    for option in half.options:
        groups = [int(part) for part in option.text.split(" + ")]
        assert bool(who_writes(groups)) == option.right, option.text
    assert not who_writes([2, 2])
    assert len(who_writes([3, 1])) == 3, "05/even: of four, three go on"
    noticed = [s for seed in range(60) for s in measure_second(seed, groups=(4, 3), majority_posts=False).noticed_s]
    assert abs(sum(noticed) / len(noticed) - ITEMS["05/detection"].answers[0]) < 0.06  # type: ignore[operator]


# ---------------------------------------------------------------- what counts as right


@pytest.mark.parametrize("answer", [1.3, 1.28, 1.32, 1.2999])
def test_a_number_within_the_tolerance_is_right(answer: float) -> None:
    assert check("How long?", answer=1.3, tolerance=0.02).say(answer).finding == "✓ Right."


@pytest.mark.parametrize(
    ("right", "tolerance"), [(1.3, 0.02), (13.83, 0.5), (40_000, 2_000), (-2.5, 0.1), (0, 0.25), (1 / 3, 0.01), (9, 3)]
)
def test_the_tolerance_is_kept_to_a_tenth(right: float, tolerance: float) -> None:
    page = sealed(items.Item("q", "?", answers=(right,), tolerance=tolerance))
    assert len(page["locks"]) < 70
    for share in (-1, -0.999, -0.5, 0, 0.31, 0.999, 1):
        assert judge(page, [repr(right + share * tolerance)])["right"], share
    for share in (-1.11, 1.11, 3, -40):
        assert not judge(page, [repr(right + share * tolerance)])["right"], share


def test_without_a_tolerance_a_number_is_exact() -> None:
    page = sealed(items.Item("q", "?", answers=(9,)))
    assert judge(page, ["9"])["right"]
    assert judge(page, ["9.0"])["right"]
    assert not any(judge(page, [near])["right"] for near in ("8.999", "9.001", "-9", "9e300", "inf", "nan"))


def test_case_spaces_and_signs_do_not_matter_in_a_text() -> None:
    page = sealed(
        items.Item("q", "?", answers=("cut edge", "bridge"), wrong=(items.Wrong("node", "Edges!"),), otherwise="No.")
    )
    for said in ("bridge", " Bridge. ", "CUT  EDGE", "“cut edge”".replace("“", '"').replace("”", '"')):
        assert judge(page, [said])["right"], said
    assert judge(page, ["Node"])["say"] == "Edges!"
    assert judge(page, ["span"])["say"] == "No."


# ---------------------------------------------------------------- tries, hints, and what is kept


def test_tries_and_hints_are_counted_and_outlive_the_kernel(folder: Path) -> None:
    question = check("05/even")
    assert not (folder / FILE).exists(), "asking keeps nothing"
    assert question.say("The loss of two replicas").finding.startswith("✗ No. Two are left of four")
    assert question.hint().finding.startswith("Hint 1 of 3: How many must be left")
    restart_the_kernel()
    again = check("05/even")
    assert again.state == {
        "tries": 1,
        "hints": 1,
        "solved": False,
        "shown": False,
        "said": ["The loss of two replicas"],
    }
    assert again.say("None").finding.startswith("✓ Right. Three of four")
    assert on_disk(folder)["05/even"]["solved"] is True
    assert again.say("The loss of one replica").finding.startswith("✗")
    assert (again.state["tries"], again.state["solved"], again.state["said"]) == (2, True, ["None"])
    again.again()
    assert again.state == keep_module.UNTOUCHED


def test_the_answer_is_shown_after_a_try_or_all_hints_only() -> None:
    question = check("05/detection")
    with pytest.raises(ValueError, match="try an answer first, or ask for the hints"):
        question.show()
    question.hint()
    question.hint()
    with pytest.raises(ValueError, match="try an answer first"):
        question.show()
    question.hint()
    assert question.hint().finding.startswith("Hint 3 of 3"), "there is no fourth"
    assert question.show().finding.startswith("The answer: 1.3 s. 1.5 − 1 / (4 + 1).")
    assert question.say(1.3).finding.startswith("✓ Right.")
    assert question.state["solved"] is False, "an answer that was shown was not found"


def test_the_recap_says_how_far_one_is() -> None:
    predict("ring", "How many?", ["1", "2"]).say("2")
    reveal("ring", 2)
    first, second = check("05/even"), check("05/half")
    assert "Self-checks: 0 of 2 done, 0 hints used." in recap().finding
    first.hint()
    first.say("None")
    second.say("3 + 3")
    second.show()
    assert recap().finding.splitlines()[1] == "Self-checks: 1 of 2 done, 1 hint used, 1 answer shown."
    assert "Self-checks: 1 of 2 done" in Reader(recap()._repr_html_()).words


def test_predictions_of_before_there_were_checks_are_still_there(folder: Path) -> None:
    record = {"question": "q", "options": ["1", "2"], "range": None, "said": "1", "did": None, "why": "", "late": False}
    (folder / FILE).write_text(json.dumps({"schema": "dslib.predictions/1", "notebooks": {"lesson": {"a": record}}}))
    assert predict("a", "q", ["1", "2"]).said == "1"
    check("05/even").hint()
    assert predict("a", "q", ["1", "2"]).said == "1"
    assert on_disk(folder)["05/even"]["hints"] == 1


def test_a_form_that_python_does_not_understand_changes_nothing() -> None:
    question = check("05/even")
    form = question.widget
    good = {"tries": 1, "hints": 2, "solved": False, "shown": False, "said": ["None"]}
    question._heard(form, {"kept": good}, [])
    for bad in ({"kept": {**good, "tries": "1"}}, {"kept": {**good, "hints": -1}}, {"kept": None}, {}):
        question._heard(form, bad, [])
        assert question.state == good
        assert "Run this cell again" in form.state["alert"]


# ---------------------------------------------------------------- computed answers


def test_an_answer_that_the_cell_computes_is_under_seal_too() -> None:
    lost = len("abcde")
    question = check("How many posts were lost?", answer=lost, unit="posts", why="Five letters.")
    bare = {
        k: v
        for k, v in Reader(question._repr_html_()).carried[0]["item"].items()
        if k not in ("locks", "salt", "id", "step")
    }
    assert "5" not in json.dumps(bare)
    assert "Five letters" not in question._repr_html_()
    assert question.say(5).finding == "✓ Right. Five letters."
    assert question.say(4).finding == "✗ No."
    several = check("Which lead?", ["r1", "r2", "r3"], answer=("r1", "r3"), hints=["a", "b", "c"])
    assert several.say("r1", "r3").finding == "✓ Right."
    assert several.say("r1", "r2").finding == "✗ No. “r2”: no. Something is missing."


def test_without_a_form_the_question_says_how_to_check_and_not_what_is_right() -> None:
    text = str(check("05/cap"))
    assert text.startswith("Check yourself: Your service runs in one data centre")
    assert "Only while there is no partition" in text, "it is one of the options"
    assert 'check("05/cap").say("…")' in text
    words = Reader(check("05/detection")._repr_html_()).words
    assert "A number, in s." in words
    assert 'check("05/detection").say(1.5)' in words


REFUSED = {
    "nothing": (lambda: check(5), "a check begins with its question, not 5"),
    "no answer": (lambda: check("Is it?"), "has no answer: write options and answer=…"),
    "an item that is none": (lambda: check("05/evne"), 'Did you mean check\\("05/even"\\)'),
    "a lesson that is none": (lambda: check("77/even"), "there is no selfchecks/77.toml"),
    "options that are a word": (lambda: check("q", "yes", "yes"), 'write a list, such as \\["yes", "no"\\]'),
    "one option": (lambda: check("q", ["a"], "a"), "check 'q': it has 1 option"),
    "the same twice": (lambda: check("q", ["1", 1], "1"), "offers '1' twice"),
    "two hints": (lambda: check("q", ["a", "b"], "a", hints=["x", "y"]), "2 hints: give three, or none"),
    "an answer that is none": (lambda: check("q", answer=float("nan")), "the answer is nan: give it a number"),
    "no option": (lambda: check("05/even").say("Some"), "'Some' is none of the options"),
    "no number": (lambda: check("05/detection").say("soon"), "'soon' is no number: write one, such as 1.5"),
    "two of one": (lambda: check("05/even").say("None", "The loss of one replica"), "choose one"),
}


@pytest.mark.parametrize(("call", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_is_refused_with_what_to_write(call: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        call()


# ---------------------------------------------------------------- in a page without a kernel


def static_page(folder: Path, *shown: Any, name: str = "lesson.html") -> Path:
    """What nbconvert makes of these outputs, in short: each in an output area with something printed before it."""
    outputs = "".join(
        '<div class="jp-OutputArea"><div class="jp-OutputArea-child"><pre>printed</pre></div>'
        f'<div class="jp-OutputArea-child">{one._repr_html_()}</div></div>'
        for one in shown
    )
    page = folder / name
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A lesson</title></head>'
    page.write_text(f"{head}<body><main>{outputs}</main></body></html>", encoding="utf-8")
    return page


def kept_by_browser(page: Any, part: str) -> Any:
    return json.loads(page.evaluate("(part) => localStorage.getItem(`dslib.${part}/1 lesson`) ?? '{}'", part))


@pytest.mark.browser
def test_the_page_judges_every_answer_as_python_does(page: Any) -> None:
    page.set_content("<!doctype html><title>items</title>")
    parts = [
        (VIEWS / f"{part}.js").read_text().partition("export default")[0] for part in ("forms", "seals", "selfcheck")
    ]
    page.evaluate(f"() => {{ {''.join(parts)}\nwindow.judge = judge; window.opened = opened; }}")
    for item in ITEMS.values():
        of = sealed(item)
        tries = [[o.text] for o in item.options] or [[text] for text in (*right_answer(item), "1e3", "0.1", "-1.28")]
        tries += [[str(wrong.answer)] for wrong in item.wrong]
        if item.kind == "many":
            tries += [right_answer(item), [o.text for o in item.options]]
        for said in tries:
            assert page.evaluate("([of, said]) => judge(of, said)", [of, said]) == judge(of, said), (item.id, said)
        hints = [page.evaluate("([of, n]) => opened(of, `hint ${n}`).say", [of, n]) for n in (1, 2, 3)]
        assert hints == list(item.hints)
    grid = sealed(items.Item("q", "?", answers=(13.83,), tolerance=0.5, unit="ms", otherwise="Far."))
    for said in ("13.33", "14.33", "14.379", "14.39", "1383e-2", "-13.83"):
        assert page.evaluate("([of, said]) => judge(of, said)", [grid, [said]]) == judge(grid, [said]), said
    for said, python in {"13,83 ms": "13.83", " 13.83ms ": "13.83", "\u221213.83": "-13.83", "+13.8": "13.8"}.items():
        assert page.evaluate("([of, said]) => judge(of, said)", [grid, [said]]) == judge(grid, [python]), said


@pytest.mark.browser
def test_in_a_page_from_disk_answers_are_checked_and_kept_in_the_browser(page: Any, folder: Path) -> None:
    at = static_page(folder, check("05/cap"), check("05/detection"), recap()).as_uri()
    page.goto(at)
    cap, detection = page.locator(".dslib-check").nth(0), page.locator(".dslib-check").nth(1)
    assert page.get_by_role("group", name=re.compile("Can it be consistent and available")).is_visible()
    cap.get_by_role("button", name="Check").click()
    cap.get_by_text("Choose an answer first.").wait_for()
    assert not cap.get_by_role("button", name="Show the answer").is_visible()
    cap.get_by_label("Yes: CAP").check()
    cap.get_by_role("button", name="Check").click()
    cap.get_by_role("status").filter(has_text="✗ No. Nobody can pick").wait_for()
    for number in (1, 2, 3):
        cap.get_by_role("button", name=f"Hint {number} of 3").click()
    assert page.evaluate("document.activeElement.textContent").startswith("Hint 3 of 3"), "the focus was lost"
    page.get_by_text("Self-checks: 0 of 2 done, 3 hints used.").wait_for()

    # By keyboard alone: the arrows choose, and Enter checks.
    cap.get_by_label("Yes: CAP").focus()
    page.keyboard.press("ArrowDown")
    assert cap.get_by_role("status").first.text_content() == "", "what was told about another answer still stands"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    cap.get_by_text("✓ Right. During a partition").wait_for()
    cap.get_by_text("Right · 2 tries · 3 hints").wait_for()

    number = detection.get_by_label("Your number")
    for said, told in {"soon": "Write a number", "1,300": "without the comma", "1,3 s": "✓ Right."}.items():
        number.fill(said)
        number.press("Enter")
        detection.get_by_role("status").filter(has_text=told).wait_for()
    assert kept_by_browser(page, "checks")["05/detection"]["tries"] == 1, "what is no number is no try"

    page.reload()
    cap.get_by_text("✓ Right. During a partition").wait_for()
    assert cap.get_by_label("Only while").is_checked()
    assert cap.get_by_text("Hint 3 of 3").is_visible()
    page.get_by_text("Self-checks: 2 of 2 done, 3 hints used.").wait_for()
    assert list(folder.glob(".*")) == [], "the page wrote beside the notebook"
    cap.get_by_role("button", name="Start again").click()
    page.get_by_text("Self-checks: 1 of 2 done, 0 hints used.").wait_for()
    assert kept_by_browser(page, "checks")["05/cap"] == keep_module.UNTOUCHED


@pytest.mark.browser
def test_the_answer_can_be_had_after_a_try_and_is_not_counted_as_found(page: Any, folder: Path) -> None:
    page.goto(static_page(folder, check("05/half"), recap()).as_uri())
    half = page.locator(".dslib-check").first
    half.get_by_label("3 + 3").check()
    half.get_by_label("4 + 2").check()
    half.get_by_role("button", name="Check").click()
    half.get_by_text("✗ No. “3 + 3”: Three of six are half, not more.").wait_for()
    half.get_by_role("button", name="Show the answer").click()
    assert page.evaluate("document.activeElement.textContent").startswith("The answer: 4 + 2 and 4 + 1 + 1.")
    half.get_by_label("3 + 3").uncheck()
    half.get_by_label("4 + 1 + 1").check()
    half.get_by_role("button", name="Check").click()
    half.get_by_text("✓ Right.").wait_for()
    half.get_by_text("Answer shown · 1 try").wait_for()
    page.get_by_text("Self-checks: 0 of 1 done, 0 hints used, 1 answer shown.").wait_for()


@pytest.mark.browser
def test_a_browser_that_keeps_nothing_says_so_and_checks_all_the_same(new_page: Any, folder: Path) -> None:
    page = new_page()
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } });")
    predict("ring", "How many?", ["1", "2"])
    page.goto(static_page(folder, predict("ring", "How many?", ["1", "2"]), check("05/even"), recap()).as_uri())
    even = page.locator(".dslib-check").first
    even.get_by_label("None").check()
    even.get_by_role("button", name="Check").click()
    even.get_by_text("✓ Right.").wait_for()
    even.get_by_role("alert").filter(has_text="This browser keeps nothing for this page").wait_for()
    page.get_by_label("2", exact=True).check()
    page.get_by_text("You made the one prediction.").wait_for()
    page.get_by_text("Self-checks: 1 of 1 done").wait_for()


@pytest.mark.browser
def test_what_a_browser_kept_and_is_damaged_is_set_aside(page: Any, folder: Path) -> None:
    at = static_page(folder, check("05/even")).as_uri()
    page.goto(at)
    page.evaluate("localStorage.setItem('dslib.checks/1 lesson', '{\"05/ev')")
    page.reload()
    page.get_by_role("alert").filter(has_text="It was set aside").wait_for()
    assert page.evaluate("localStorage.getItem('dslib.checks/1 lesson set aside')") == '{"05/ev'
    page.get_by_label("None").check()
    page.get_by_role("button", name="Check").click()
    assert kept_by_browser(page, "checks")["05/even"]["solved"]
    page.evaluate("localStorage.setItem('dslib.checks/1 lesson', '{\"05/even\": {\"said\": 5}}')")
    page.reload()
    page.get_by_role("button", name="Check").wait_for()


@pytest.mark.browser
def test_without_scripts_the_question_and_how_to_check_can_be_read(new_page: Any, folder: Path) -> None:
    page = new_page(java_script_enabled=False)
    predict("ring", "How many?", ["1", "2"])
    shown = [predict("ring", "How many?", ["1", "2"]), reveal("ring", 2, "Two ways."), check("05/even"), recap()]
    page.goto(static_page(folder, *shown).as_uri())
    text = page.locator("main").inner_text()
    for words in ("How many?", "The run says: 2", "Two ways.", "The loss of two replicas", 'check("05/even").say("…")'):
        assert words in text
    assert "Three of four" not in text


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_page(new_page: Any, folder: Path, theme: str) -> None:
    page = new_page(viewport={"width": 390, "height": 800}, color_scheme=theme)
    page.goto(static_page(folder, *(check(id) for id in ITEMS), recap()).as_uri())
    for form in page.locator(".dslib-check").all():
        form.get_by_role("button", name="Hint 1 of 3").click()
        form.get_by_role("button", name="Hint 2 of 3").click()
        form.get_by_role("button", name="Hint 3 of 3").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# ---------------------------------------------------------------- item files that are wrong

GOOD = """
[a]
question = "Q?"
hints = ["1", "2", "3"]
why = "W."
[[a.option]]
text = "yes"
right = true
[[a.option]]
text = "no"
feedback = "F."
"""
NUMBER = GOOD.split("[[a.option]]")[0] + 'answer = 3\notherwise = "O."\n'
DAMAGED = {
    "no TOML": ("[a", "is not TOML"),
    "outside": ('question = "Q?"\n', "it stands outside of any item"),
    "a slip in a field": (GOOD.replace("hints", "hint"), "no field 'hint': did you mean 'hints'"),
    "two hints": (GOOD.replace(', "3"', ""), "it has 2 hints: write three"),
    "an empty hint": (GOOD.replace('"2"', '" "'), "hint 2 is ' ': write a sentence"),
    "no question": (GOOD.replace('question = "Q?"', ""), 'it has no question: write question = "…"'),
    "no why": (GOOD.replace('why = "W."', ""), "it has no why"),
    "no feedback": (GOOD.replace('feedback = "F."', ""), "option 2, 'no', has no feedback"),
    "no right one": (GOOD.replace("right = true", 'feedback = "F."'), "no option is right: write right = true"),
    "right in quotes": (
        GOOD.replace("right = true", 'right = "yes"'),
        "right of option 1 is 'yes': write true or false",
    ),
    "one option": (GOOD.rpartition("[[a.option]]")[0], "it has 1 option"),
    "no answer": (GOOD.split("[[a.option]]")[0], "it has no answer"),
    "a table in single brackets": (
        GOOD.split("[[a.option]]")[0] + '[a.option]\ntext = "x"\n',
        "write \\[\\[….option\\]\\], in double brackets",
    ),
    "no otherwise": (NUMBER.replace('otherwise = "O."', ""), "it has no otherwise"),
    "a tolerance in quotes": (NUMBER + 'tolerance = "1"\n', "its tolerance is '1'"),
    "a tolerance below zero": (NUMBER + "tolerance = -1\n", "the tolerance is -1.0"),
    "a word among numbers": (NUMBER.replace("3\n", '[3, "x"]\n'), "write numbers only, or words only"),
    "a word with a unit": (NUMBER.replace("3\n", '"x"\n') + 'unit = "s"\n', "asks for a word and has a unit"),
    "a wrong one without feedback": (NUMBER + "[[a.wrong]]\nanswer = 4\n", "wrong answer 1 has no feedback"),
}


@pytest.mark.parametrize(("text", "words"), DAMAGED.values(), ids=DAMAGED)
def test_an_item_file_that_is_wrong_is_named_with_what_to_write(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "selfchecks" / "09.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words) as refused:
        items.read(path)
    assert str(refused.value).startswith("selfchecks/09.toml")
    if text.startswith("\n[a]"):
        assert str(refused.value).startswith('selfchecks/09.toml, "a": ')


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "09.toml").write_text(GOOD + NUMBER.replace("[a]", "[b]"), encoding="utf-8")
    assert [item.kind for item in items.read(tmp_path / "09.toml").values()] == ["one", "number"]


def test_a_number_that_is_listed_as_wrong_and_counts_as_right_is_refused() -> None:
    item = items.Item("09/a", "?", answers=(3,), tolerance=1, wrong=(items.Wrong(3.5, "F."),), otherwise="O.")
    with pytest.raises(ValueError, match=r"09/a: 3\.5 is listed as wrong, and counts as right"):
        sealed(item)


# ---------------------------------------------------------------- in JupyterLab


def write_notebook(path: Path, sources: list[str]) -> None:
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def restart(page: Any) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text="Kernel").click()
    page.locator(".lm-Menu-itemLabel", has_text="Restart Kernel…").click()
    page.locator(".jp-Dialog button", has_text="Restart").click()
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()


@pytest.mark.browser
@pytest.mark.console_error("Failed to load resource|WebSocket|ERR_CONNECTION|kernel")
def test_in_jupyterlab_tries_and_hints_outlive_the_kernel_and_checking_outlives_it_too(
    jupyterlab: Any, page: Any
) -> None:
    folder = jupyterlab.root / "checks"
    folder.mkdir()
    sources = [
        "from dslib.views import check, recap",
        'check("05/even")',
        "recap()",
        "import os; os.kill(os.getpid(), 9)",
    ]
    write_notebook(folder / "q.ipynb", sources)
    jupyterlab.open(page, "checks/q.ipynb")
    cells = page.locator(".jp-CodeCell")

    def run(number: int) -> None:
        cells.nth(number).locator(".jp-InputArea-editor").click()
        page.keyboard.press("Shift+Enter")

    def kept() -> Any:
        return json.loads((folder / FILE).read_text(encoding="utf-8"))["checks"]["q"]["05/even"]

    form = cells.nth(1)
    run(0)
    run(1)
    form.get_by_role("button", name="Hint 1 of 3").click()
    form.get_by_label("The loss of one replica").check()
    page.keyboard.press("ArrowDown")
    assert form.get_by_label("The loss of two replicas").is_checked(), "the arrow key moved to another cell"
    page.keyboard.press("Enter")
    form.get_by_text("✗ No. Two are left of four").wait_for()
    run(2)
    cells.nth(2).get_by_text("Self-checks: 0 of 1 done, 1 hint used.").wait_for()
    assert kept() == {"tries": 1, "hints": 1, "solved": False, "shown": False, "said": ["The loss of two replicas"]}

    restart(page)
    run(0)
    run(1)
    form.get_by_text("Not solved yet · 1 try · 1 hint").wait_for()
    assert form.get_by_text("Hint 1 of 3").is_visible()

    run(3)
    page.locator(".jp-Dialog", has_text="Kernel Restarting").get_by_role("button", name="Ok").click()
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
    form.get_by_label("None").check()
    form.get_by_role("button", name="Check").click()
    form.get_by_text("✓ Right. Three of four").wait_for()
    form.get_by_role("alert").filter(has_text="what you do is not kept").wait_for()
    assert kept()["solved"] is False

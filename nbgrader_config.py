"""nbgrader's settings for this course. Instructors run its commands in this folder; so does JupyterLab's Formgrader.

    solutions/    what instructors write (nbgrader's "source")
    labs/         what students get (nbgrader's "release"); generated, never edited
    gradebook/    submissions, grades (grades.csv, too) and feedback; stays on the instructor's machine (ignored by git)

DS_EXCHANGE moves the exchange, the folder through which students fetch and submit, to a place that all can reach.
DS_NGSHARE is the address of a service ngshare, which takes the place of that folder: grading/README.md says how.
DS_GRADEBOOK names another database than the file gradebook/gradebook.db, as in
postgresql+psycopg://name@server/course (and then: pip install "psycopg[binary]").
DS_INSTRUCTOR names the instructor's file, with the course's salt and the seeds of the hidden checks, where it does not
lie in the usual place: `python -m grading.instructor` says which, and whether there is one.
"""

import os
import secrets
import sys
from importlib.util import find_spec

ROOT = os.path.dirname(os.path.abspath(__file__))
GRADEBOOK = os.path.join(ROOT, "gradebook")

c = get_config()  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.root = ROOT
c.CourseDirectory.course_id = "what-could-go-wrong"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.source_with_tests_directory = "gradebook/source_with_tests"
c.CourseDirectory.solution_directory = "gradebook/solution"
c.CourseDirectory.submitted_directory = "gradebook/submitted"
c.CourseDirectory.autograded_directory = "gradebook/autograded"
c.CourseDirectory.feedback_directory = "gradebook/feedback"
c.CourseDirectory.db_url = os.environ.get("DS_GRADEBOOK") or "sqlite:///" + os.path.join(GRADEBOOK, "gradebook.db")
c.CsvExportPlugin.to = os.path.join(GRADEBOOK, "grades.csv")  # names and grades: not where git would take them in

# What students hand in is taken in without opening what a link points to. ngshare is a service in place of the folder.
if os.environ.get("DS_NGSHARE"):
    import ngshare_exchange

    ngshare_exchange.configureExchange(c, os.environ["DS_NGSHARE"])
else:
    c.Exchange.root = os.environ.get("DS_EXCHANGE") or os.path.join(GRADEBOOK, "exchange")
    c.ExchangeFactory.collect = "grading.exchange.Collect"
    c.ExchangeFactory.release_feedback = "grading.exchange.ReleaseFeedback"

# labs/ is committed, so it is there already when an instructor first generates it.
c.GenerateAssignment.force = True
# nbgrader's own list, and the course's name and salt at the end.
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
    "grading.release.AddCourse",
]
c.ClearSolutions.code_stub = {"python": '# YOUR CODE HERE\nraise NotImplementedError("no answer yet")'}

# A check cell that was deleted counts as failed instead of waiting for a person for ever.
c.OverwriteCells.add_missing_cells = True
# nbclient leaves out cells with this tag, and a check without output gets full points: nobody may know the tag.
c.Execute.skip_cells_with_tag = secrets.token_hex()
c.Execute.timeout = 60  # seconds for one cell
# nbgrader's own lists, each with one step of ours.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "grading.copies.ForgetCopies",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "grading.execute.FreshHome",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# What students receive, and what Formgrader shows of them: nothing that a submission printed or wrote is mark-up there.
c.GenerateFeedback.preprocessors = ["grading.report.harmless.Harmless", "grading.report.feedback.GetMarks"]
c.GenerateFeedback.exporter_class = "grading.report.feedback.FeedbackPage"
c.HTMLExporter.preprocessors = ["grading.report.harmless.Harmless"]
c.HTMLExporter.filters = {"markdown2html": "grading.report.harmless.markdown2html"}
c.HTMLExporter.extra_template_basedirs = [
    os.path.join(ROOT, "grading", "report", "nbgrader"),
    os.path.join(os.path.dirname(find_spec("nbgrader").origin), "server_extensions", "formgrader", "templates"),
]
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)  # where `grading` is

# nbgrader calls the program `alembic`, which is where Python is, also when nobody activated the environment.
if os.path.dirname(sys.executable) not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])

# The exchange and the gradebook must exist before the first command; everybody may write into the exchange.
os.makedirs(GRADEBOOK, exist_ok=True)
if not (os.environ.get("DS_EXCHANGE") or os.environ.get("DS_NGSHARE")) and not os.path.isdir(c.Exchange.root):
    os.makedirs(c.Exchange.root)
    os.chmod(c.Exchange.root, 0o777)

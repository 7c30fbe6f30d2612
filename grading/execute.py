"""Running a submission under nbgrader, so that it can neither be cheated by its files nor leave any behind."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import Execute

from .instructor import VARIABLE, read

ROOT = Path(__file__).resolve().parent.parent


class FreshHome(Execute):
    """Give each submission's kernel a home folder of its own, thrown away afterwards.

    Otherwise one submission could leave a start-up file of IPython behind, and change the grades of all after it.
    The course's own packages come first on the path, so that a file of the same name beside the notebook cannot take
    their place. A warning on standard error would cost a right answer its points, so warnings are off.

    The kernel is told the course's salt, and the seeds of this lab's hidden checks alone: the instructor's file, of
    which they come, is not named to it.
    """

    @contextmanager
    def setup_kernel(self, **kwargs: Any) -> Iterator[None]:
        instructor, lab = read(), self.resources["nbgrader"]["assignment"]
        if instructor.path is None:
            self.log.warning(
                "No instructor's file: the hidden checks use seeds that everybody can read. "
                "`python -m grading.instructor` says more."
            )
        told = {
            "DS_COURSE": instructor.course,
            "DS_COURSE_SALT": instructor.salt,
            "DS_CHECKS_SEED": instructor.dice(lab) if instructor.path else "",
        }
        with tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True) as home:
            env = {
                **{name: value for name, value in os.environ.items() if name != VARIABLE},
                **told,
                "HOME": home,
                "USERPROFILE": home,
                "IPYTHONDIR": os.path.join(home, "ipython"),
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "ignore",
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            with super().setup_kernel(env=env, **kwargs):
                yield

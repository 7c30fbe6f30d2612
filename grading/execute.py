"""Running a submission under nbgrader, so that it can neither be cheated by its files nor leave any behind."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import Execute

ROOT = Path(__file__).resolve().parent.parent


class FreshHome(Execute):
    """Give each submission's kernel a home folder of its own, thrown away afterwards.

    Otherwise one submission could leave a start-up file of IPython behind, and change the grades of all after it.
    The course's own packages come first on the path, so that a file of the same name beside the notebook cannot take
    their place. A warning on standard error would cost a right answer its points, so warnings are off.
    """

    @contextmanager
    def setup_kernel(self, **kwargs: Any) -> Iterator[None]:
        with tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True) as home:
            env = {
                **os.environ,
                "HOME": home,
                "USERPROFILE": home,
                "IPYTHONDIR": os.path.join(home, "ipython"),
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "ignore",
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            with super().setup_kernel(env=env, **kwargs):
                yield

"""Start JupyterLab on the course: `python tools/lab.py [options for JupyterLab]`, with the Python that has the course installed.

It opens at the welcome page, asks nothing about news, and keeps its settings in .jupyter/ of this checkout: your own
Jupyter settings are neither read nor changed.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WELCOME = "lessons/00-welcome.ipynb"


def options(given: list[str]) -> list[str]:
    """What the course asks of JupyterLab, then the caller's options, which replace ours where both set the same thing."""
    ours = [
        f"--ServerApp.root_dir={ROOT}",
        f"--LabApp.default_url=/lab/tree/{WELCOME}",
        "--LabApp.news_url=None",  # no pop-up that asks about news
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")  # a container's only user is often root
    names = {option.partition("=")[0] for option in given}
    return [option for option in ours if option.partition("=")[0] not in names] + given


def main(arguments: list[str]) -> None:
    try:
        from jupyterlab.labapp import LabApp
    except ImportError:
        sys.exit(
            f"JupyterLab is not installed for {sys.executable}.\n"
            "Run `make lab`, or the set-up lines of README.md and then this script with .venv's Python."
        )
    os.environ.setdefault("JUPYTER_CONFIG_DIR", str(ROOT / ".jupyter"))
    os.chdir(ROOT)
    sys.argv[0] = "jupyter-lab"
    LabApp.launch_instance(options(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Start JupyterLab on the course: `python tools/lab.py [options for JupyterLab]`, with the Python that has the course.

It opens at the welcome page. Your own Jupyter settings are neither read nor changed: what you set while you are here is
kept in .jupyter/ of this checkout. tools/jupyterlab/ turns off the question about news and nbgrader's Formgrader and
Create Assignment, which only confuse a student; with `--instructor` they are there.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WELCOME = "lessons/00-welcome.ipynb"


def options(given: list[str]) -> list[str]:
    """What the course asks of JupyterLab, then the caller's options; these replace ours where both set the same."""
    ours = [
        f"--ServerApp.root_dir={ROOT}",
        f"--LabApp.default_url=/lab/tree/{WELCOME}",
        "--log-level=WARN",
        "--LabApp.log_level=WARN",  # the address, and what goes wrong; not forty lines about what went right
    ]
    if "--instructor" in given:
        given = [option for option in given if option != "--instructor"]
    else:
        ours.append(f"--LabApp.app_settings_dir={ROOT / 'tools' / 'jupyterlab'}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")  # a container's only user is often root
    names = {option.partition("=")[0] for option in given}
    return [option for option in ours if option.partition("=")[0] not in names] + given


def main(arguments: list[str]) -> None:
    # nbgrader loads jsonschema, which would compile a grammar for one rare check each time: a third of the start-up.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        from jupyterlab.labapp import LabApp
        from jupyterlab_server import config

        # Who develops the course has JupyterLite's kernel for the browser installed, too. JupyterLab cannot load it.
        found = config.get_federated_extensions
        config.get_federated_extensions = lambda labextensions_path: {
            name: about for name, about in found(labextensions_path).items() if not name.startswith("@jupyterlite/")
        }
    except ImportError:
        sys.exit(
            f"JupyterLab is not installed for {sys.executable}.\n"
            "Run `make lab`, or the set-up lines of README.md and then this script with .venv's Python."
        )
    print("Starting JupyterLab. Its address appears below. To stop it: Ctrl-C here, twice.", flush=True)
    os.environ.setdefault("JUPYTER_CONFIG_DIR", str(ROOT / ".jupyter"))
    os.chdir(ROOT)
    sys.argv[0] = "jupyter-lab"
    LabApp.launch_instance(options(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])

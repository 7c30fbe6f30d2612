"""Write labs/, what students get, anew from solutions/, what instructors write: `make labs`.

nbgrader removes the solutions and the hidden checks. It works on a copy, so that no gradebook is made or changed here;
on the machine that grades, `nbgrader generate_assignment <lab>` writes the same files, and the gradebook as well.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", ".DS_Store")


def generate(target: Path) -> list[str]:
    """Write the student version of every lab into ``target``, in place of what was there. Returns the labs' names.

    Raises SystemExit with nbgrader's own words when a notebook cannot be converted; ``target`` is as before then.
    """
    labs = sorted(
        folder.name for folder in (ROOT / "solutions").iterdir() if (folder / f"{folder.name}.ipynb").is_file()
    )
    if not labs:
        raise SystemExit("solutions/ holds no lab: a lab is a folder with a notebook of the same name")
    with tempfile.TemporaryDirectory() as scratch:
        course = Path(scratch)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        shutil.copytree(ROOT / "solutions", course / "solutions", ignore=IGNORED)
        for lab in labs:
            print(f"{lab} …", file=sys.stderr, flush=True)
            run(course, sys.executable, "-m", "nbgrader", "generate_assignment", lab)
        run(ROOT, sys.executable, "tools/nbfmt.py", "--write", str(course / "labs"))
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(course / "labs", target)
    return labs


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:])} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    for lab in generate(ROOT / "labs"):
        print(f"labs/{lab}/ written from solutions/{lab}/")

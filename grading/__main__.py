"""`python -m grading lab1`: see ``grading.command``. Each process of the grader reads this file, so it is short."""

import sys

if __name__ == "__main__":
    if sys.platform == "win32":
        sys.exit("Grading needs the walls of a Unix. On Windows, run it in the Windows Subsystem for Linux (WSL).")
    from .command import main

    sys.exit(main(sys.argv[1:]))

"""`python -m grading lab1`: see ``grading.command``. Each process of the grader reads this file, so it is short."""

import sys

if __name__ == "__main__":
    from .command import main

    sys.exit(main(sys.argv[1:]))

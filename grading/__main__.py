"""`python -m grading lab1`"""

import argparse
import sys

from .run import grade

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m grading")
    parser.add_argument("lab")
    parser.add_argument("--student", nargs="+", default=[])
    asked = parser.parse_args()
    for outcome in grade(asked.lab, students=asked.student):
        print(outcome.student, outcome.status, outcome.sentence)
    sys.exit(0)

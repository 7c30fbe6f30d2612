"""Print what each wrong solution of the labs costs: `python tests/mutants.py [lab ...]`.

A mark says where it breaks other properties than it declares; the tests would not pass then.
"""

import sys

from labs import LABS, broken_by, points, points_lost, wrong_solutions


def rows(lab):
    for mistake in wrong_solutions(lab):
        broken = set(broken_by(lab, mistake).sentences)
        yield mistake, broken, points_lost(lab, broken)


def main(names):
    print("| lab | wrong solution | points lost | properties |\n|---|---|---|---|")
    mistakes = surprises = 0
    for lab in names or LABS:
        for mistake, broken, lost in rows(lab):
            mark = "" if broken == mistake.breaks else " (!)"
            mistakes += 1
            surprises += bool(mark)
            print(f"| {lab} | {mistake.mistake} | {lost:g} of {points(lab)[0]:g}{mark} | {', '.join(sorted(broken))} |")
    print(f"\n{mistakes} wrong solutions, {surprises} of them with a surprise.")


if __name__ == "__main__":
    main(sys.argv[1:])

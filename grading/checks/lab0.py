"""The properties of Lab 0, which only shows how a lab works."""

import math
from random import Random

from dslib.exercises import Lab

from .asking import SOLUTIONS, NotTrue, Properties, Student, same, short


def a_share(student: Student, dice: Random, learner: str) -> None:
    for _ in range(50):
        valid = dice.choice([1, 2, 10, 365, 10**6])
        good = dice.randrange(valid + 1)
        found = student.share(good, valid)
        if not same(found, good / valid):
            raise NotTrue(f"for {good} good of {valid} it returned {short(found)}.")


def nobody_asked(student: Student, dice: Random, learner: str) -> None:
    found = student.share(0, 0)
    if not same(found, math.nan):
        raise NotTrue(f"without a valid request it returned {short(found)}.")


def longest_wait(student: Student, dice: Random, learner: str) -> None:
    own = Random(Lab("lab0", learner, folder=SOLUTIONS / "lab0").seed)
    lists = [
        [own.randrange(10, 90) / 10 for _ in range(7)] + [own.randrange(1, 10) / 10],
        [2.0, 1.0],
        [1.0, 2.0],
        [1.0, 3.0, 2.0],
        [0.5],
        [9.0, 10.0],
    ]
    for waits in lists + [dice.sample(range(1_000), size) for size in range(1, 30)]:
        found = student.longest(waits)
        if not same(found, max(waits)):
            raise NotTrue(f"for the waiting times {short(waits)} it returned {short(found)}.")


LAB = Properties("lab0", globals())
PROPERTIES, failures, broken, require = LAB.parts()

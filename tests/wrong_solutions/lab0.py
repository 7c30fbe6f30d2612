"""Wrong solutions of Lab 0: what its text tells the reader to try, and a few more."""

from labs import wrong

WRONG = [
    wrong("the last one", "longest", "longest-wait", "return waits[-1]"),
    wrong("good alone", "share", "a-share nobody-asked", "return good"),
    wrong("the difference", "share", "a-share nobody-asked", "return good - valid"),
    wrong("upside down", "share", "a-share nobody-asked", "return valid / good"),
    wrong("a percentage", "share", "a-share", "return 100 * good / valid if valid else math.nan"),
    wrong("nobody asked, so all is well", "share", "nobody-asked", "return good / valid if valid else 1.0"),
    wrong("nobody asked, and it stops", "share", "nobody-asked", "return good / valid"),
    wrong("the first one", "longest", "longest-wait", "return waits[0]"),
    wrong("in the order of the alphabet", "longest", "longest-wait", "return float(max(map(str, waits)))"),
]

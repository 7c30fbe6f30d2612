"""Write docs/first-look.html anew: a recorded run of the chat room, for a reader who has nothing but a browser.

Run it again after a change to the player, the chat room or the network: a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that it also runs where dslib is not installed

PAGE = ROOT / "docs" / "first-look.html"

WORDS = """<h1>What could go wrong?</h1>
<p>Three machines, r1, r2 and r3, keep one chat room. alice, bob and carol each post to one of them. At 400 ms a cable
breaks: r3 and carol are cut off. Press &#9654; and watch the row <em>users saw</em>, or drag the playhead. Times are
simulated milliseconds.</p>
"""


def first_look() -> str:
    """The page: the room loses r3 and carol at 400 ms and finds them again at 1,250 ms, under the majority rule."""
    from dslib.protocols.chat import users_saw
    from dslib.protocols.majority import more_than_half
    from dslib.scenarios import two_truths
    from dslib.views import play

    view = play(
        two_truths,
        until=1_950,
        rule=more_than_half,
        judge=users_saw,
        title="A chat room loses r3",
    )
    return view.to_html().replace("<body>\n", f"<body>\n{WORDS}", 1)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(first_look(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE.relative_to(ROOT)}")

"""Write docs/first-look.html anew: a recorded run of the chat room, for a reader who has nothing but a browser.

    python tools/make_docs.py               the page; run it after a change to the player, the chat room or the network
    python tools/make_docs.py --pictures    also the README's pictures of the player (needs playwright and Chromium)

A test compares the page. The pictures are for a person to look at, and the README says in words what they show.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

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
    page = view.to_html()
    unseen = f'<h1 class="said">{view.bundle["title"]}</h1>\n'
    assert unseen in page, "the page has no heading for whoever listens, which ours is to replace"
    return page.replace(unseen, WORDS, 1)


PICTURED = """
async ([bundle, source, dark]) => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.body.style.background = dark ? "#1e2023" : "#ffffff";
    const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const answer = (text) => { window.player.update(JSON.parse(text)); };
    const onActs = (acts, request) => { window.askPython(acts, request).then(answer); };
    window.player = module.mount(document.getElementById("here"), JSON.parse(bundle), { onActs });
}
"""


def pictures() -> dict[str, bytes]:
    """The player as a reader has it a minute into lesson 5: cut by hand at 500 ms, looked at at 1,000 ms."""
    from playwright.sync_api import sync_playwright

    from dslib.protocols.chat import users_saw
    from dslib.scenarios import chat_room, room_places
    from dslib.views import play, script

    taken = {}
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            layout = room_places(3)
            view = play(chat_room, until=2_000, at=500, judge=users_saw, layout=layout, title="Three replicas")

            def answer(acts: list[dict[str, Any]], request: int, view: Any = view) -> str:
                view.rerun(acts, request)
                return json.dumps(view.bundle)

            page = browser.new_page(viewport={"width": 1100, "height": 1000}, device_scale_factor=1.5)
            page.expose_function("askPython", answer)
            page.set_content('<!doctype html><html lang="en"><body><div id="here"></div></body></html>')
            page.evaluate(PICTURED, [json.dumps(view.bundle), script.module_source(), theme == "dark"])
            cut(page)
            page.evaluate("() => { player.seek(1000); }")
            page.locator(".dslib-player .tools .point").click()
            page.locator('.dslib-player [data-node="r3"] .body').click()
            page.mouse.move(0, 0)
            page.wait_for_timeout(300)
            taken[theme] = small(page.locator(".dslib-player .card").screenshot())
        browser.close()
    return taken


def cut(page: Any) -> None:
    """Draw a line between r3 and the other two replicas."""
    page.locator(".dslib-player .tools .cut").click()
    boxes = [page.locator(f'.dslib-player [data-node="{name}"] .body').bounding_box() for name in ("r1", "r2", "r3")]
    r1, r2, r3 = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes)
    ways = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in ((r1, r3), (r2, r3))]
    (x1, y1), (x2, y2) = ways
    page.mouse.move(x1 - (x2 - x1) / 2, y1 - (y2 - y1) / 2)
    page.mouse.down()
    page.mouse.move(x2 + (x2 - x1) / 2, y2 + (y2 - y1) / 2, steps=12)
    page.mouse.up()
    page.locator(".dslib-player .busy", has_text="The whole run").wait_for()


def small(png: bytes) -> bytes:
    """The same picture with a table of 256 colours, chosen so that the rare ones, which mean something, stay."""
    from PIL import Image

    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(first_look(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    if "--pictures" in sys.argv[1:]:
        for theme, png in pictures().items():
            path = PAGE.with_name(f"player-{theme}.png")
            path.write_bytes(png)
            print(f"wrote {path.relative_to(ROOT)}, {len(png) / 1e3:.0f} kB")

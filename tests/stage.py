"""A player on a page, and what a reader sees and does there: shared by the tests that drive a browser."""

from typing import Any

from dslib import Message, Node, Simulation
from dslib.views import PlayerView, script


class Word(Message):
    text: str


class Talker(Node):
    """Tells every peer something every 20 ms."""

    def on_start(self):
        self.set_timer("talk", 20)

    def on_talk_timeout(self):
        self.broadcast(Word("hello"))
        self.set_timer("talk", 20)

    def on_word(self, src, msg):
        self.heard = src


def chatter(seed=0):
    """Four nodes in a ring: a-b-c-d-a."""
    ring = "abcd"
    return Simulation(*(Talker(n, peers=(ring[i - 1], ring[(i + 1) % 4])) for i, n in enumerate(ring)), seed=seed)


class Stage:
    """A player in a page. What the reader does goes to Python and comes back, as in JupyterLab, without a kernel."""

    def __init__(self, page: Any, view: PlayerView | None, *, answers: bool = True, patience_ms: int = 6000) -> None:
        self.page, self.view = page, view
        self.asked: list[tuple[list[dict[str, Any]], int]] = []
        self.root = page.locator(".dslib-player .card")
        if view is None:
            return

        def ask(acts: list[dict[str, Any]], request: int) -> None:
            self.asked.append((acts, request))
            if answers:
                self.answer()

        page.expose_function("askPython", ask)
        page.set_content('<!doctype html><html lang="en"><body><div id="here"></div></body></html>')
        page.add_script_tag(type="module", content=script.module_source() + "\nwindow.mountPlayer = mount;\n")
        page.wait_for_function("() => Boolean(window.mountPlayer)")
        page.evaluate(
            """([bundle, patience]) => {
                const here = document.getElementById("here");
                const onActs = (acts, request) => { window.askPython(acts, request); };
                window.player = mountPlayer(here, bundle, { onActs, patience });
            }""",
            [view.bundle, patience_ms],
        )

    def answer(self, number: int = -1) -> None:
        """Python answers one of the questions; by default the last."""
        assert self.view is not None
        self.view.rerun(*self.asked[number])
        # Not awaited: this runs while the page itself waits for its question to be taken.
        self.page.evaluate("(bundle) => { setTimeout(() => player.update(bundle), 0); }", self.view.bundle)

    # -- what a reader sees

    def text(self, selector: str) -> str:
        return str(self.root.locator(selector).text_content())

    @property
    def chips(self) -> list[str]:
        return [str(text) for text in self.root.locator(".chip-go").all_text_contents()]

    @property
    def time(self) -> float:
        return float(self.root.locator("input[type=range]").input_value())

    @property
    def spoken(self) -> str:
        """What the slider says to a screen reader."""
        return str(self.root.locator("input[type=range]").get_attribute("aria-valuetext"))

    def share(self) -> str:
        """The share of good answers at the end of the run."""
        self.root.locator("input[type=range]").focus()
        self.page.keyboard.press("End")
        return self.text(".share-now")

    def wait_for_answer(self, says: str = "The whole run:") -> None:
        self.root.locator(".busy", has_text=says).wait_for(timeout=15_000)

    # -- what a reader does

    def go(self, time: float) -> None:
        """Put the playhead there with the slider, as dragging does."""
        self.root.locator("input[type=range]").evaluate(
            "(slider, time) => { slider.value = time; slider.dispatchEvent(new Event('input')); }", time
        )

    def tool(self, name: str) -> None:
        self.root.locator(f".tools .{name}").click()

    def middle(self, node: str) -> tuple[float, float]:
        box = self.root.locator(f'[data-node="{node}"] .body').bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def draw(self, *points: tuple[float, float]) -> None:
        """Draw a line with the mouse."""
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=8)
        self.page.mouse.up()

    def cut_off(self, node: str) -> None:
        """Draw a line across the only link of a node, below the writer, in the middle of that link."""
        (x1, y1), (x2, y2) = self.middle("writer"), self.middle(node)
        across, along = (y2 - y1, x1 - x2), 28 / ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        self.draw((x - across[0] * along, y - across[1] * along), (x + across[0] * along, y + across[1] * along))

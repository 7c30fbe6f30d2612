"""Move a slider, see the run change: `explore` puts controls on any pure function."""

from __future__ import annotations

import base64
import inspect
import json
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cache
from html import escape
from io import StringIO
from itertools import product
from math import inf, isfinite, log10, prod
from typing import Any, NamedTuple

from ..simulation import Simulation
from .explored import is_card, knobs, run_picture, run_up_to, turned
from .forms import script_of
from .static import KEYS, STYLE, View, for_a_page, how_to_touch, live, names, widget_class, with_widget

#: What the recorded pictures of one cell may add to a page, in characters.
MOST_RECORDED = 200_000
#: So many pictures are recorded at most.
MOST_FRAMES = 150
#: And of a card, of which each picture is two runs of a minute, so many.
MOST_OF_A_CARD = 60
#: More positions than this, and a slider cannot be set with a mouse.
MOST_VALUES = 1_000


def explore(
    run: Callable[..., Any],
    /,
    view: Callable[[Any], Any] | None = None,
    *,
    until: Any = None,
    precompute: bool | None = None,
    **sliders: Any,
) -> Exploration:
    """Controls for the arguments of ``run``, and a picture that follows them. The value of a cell::

        explore(chat_room, until=1_000, replicas=(1, 5), seed=(0, 99))    # any scenario
        explore(GALLERY[6])                                               # any card of the gallery, with its knobs

        def chat(cut_ms=200, seed=0):
            return cut_chat(cut_ms, seed).run(until=1_000)

        explore(chat, view=lambda sim: space_time(sim.trace), cut_ms=(0, 500, 50), seed=(0, 99))

    Args:
        run: a pure function: same arguments, same result. Pictures are kept, so going back costs nothing. Or a card of
            ``dslib.failures``: its knobs are the controls, with a seed and a switch for its remedy; the picture is what
            users saw, naive and mitigated. A slider for one of its knobs takes the place of the card's own.
        view: turns a result into something to show: a :class:`View`, a figure, text. Without it, the result itself; of
            a simulation, its space-time diagram and what users saw.
        until: when a run ends, in ms, if ``run`` is a scenario: a function that returns a simulation which has not run.
        precompute: also put the pictures of a small grid into the page, with controls that need no kernel, at most
            about 200 kB. ``None``: only where the page is made for readers without a kernel (the variable
            ``DSLIB_STATIC`` is set).
        **sliders: for each argument of ``run``: ``(low, high)`` or ``(low, high, step)``, whole numbers or floats,
            both ends included; a list of choices; or ``True``/``False`` for a box to tick, which says how it starts.
            The first picture takes the default of ``run`` where that is one of the values, else the first value.

    The first picture is made at once, and what ``run`` raises then is raised here. What it raises later is shown as a
    sentence, above the last picture that worked.

    Raises:
        TypeError, ValueError: ``run`` has no such argument, or a slider cannot be read; the message says what to write.
    """
    if precompute is None:
        precompute = for_a_page()
    if until is not None and not _is_number(until):  # an argument of run that happens to have this name
        sliders = {"until": until, **sliders}
        until = None
    if is_card(run):
        if view is not None or until is not None:
            given = "view" if view is not None else "until"
            raise TypeError(f"a card says how long it runs and what to show: leave {given}=… out of explore(card)")
        return Exploration(turned(run), None, _card_controls(run, sliders), precompute, MOST_OF_A_CARD)
    if not callable(run):
        how = "write explore(run, …) without brackets"
        if hasattr(run, "CARD"):
            how = f"write explore({run.__name__.rpartition('.')[2]}.CARD)"
        raise TypeError(f"explore(…) takes the function to run, not {run!r}: {how}")
    if not sliders:
        raise TypeError("explore(run, …) needs a slider for at least one argument of run: write loss=(0.0, 0.9)")
    defaults = _defaults(run, sliders)
    controls = [_control(name, given, defaults.get(name)) for name, given in sliders.items()]
    if until is not None:
        if not 0 < until < inf:
            raise ValueError(f"until is {until!r}: write when the run ends, in ms, for example until=1_000")
        run, view = run_up_to(run, until, view), None
    return Exploration(run, view, controls, precompute)


class Control(NamedTuple):
    """One slider, menu or box: the values it can take, their texts, and the position it starts at."""

    name: str
    kind: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    at: int
    help: str = ""
    most: int = MOST_VALUES  # so many of its values are recorded for a page without a kernel

    def to_json(self) -> dict[str, Any]:
        """What explore.js draws it from."""
        drawn = {"name": self.name, "kind": self.kind, "labels": self.labels, "at": self.at}
        return {**drawn, "help": self.help} if self.help else drawn

    def thinned(self, most: int) -> Control:
        """The same with at most ``most`` values, evenly spread: the ends and the one to start at among them."""
        size = len(self.values)
        if size <= most:
            return self
        kept = {round(i * (size - 1) / (most - 1)) for i in range(most)} if most > 1 else {self.at}
        if self.at not in kept:  # the nearest makes room for it, unless that is an end
            nearest = min(sorted(kept), key=lambda i: (i in (0, size - 1), abs(i - self.at)))
            kept = (kept - {nearest}) | {self.at}
        places = sorted(kept)
        pick = (tuple(self.values[i] for i in places), tuple(self.labels[i] for i in places))
        return self._replace(values=pick[0], labels=pick[1], at=places.index(self.at))


class Picture(NamedTuple):
    """What is shown for one setting: HTML, and the finding in words."""

    html: str
    words: str


class Exploration:
    """What ``explore`` returns: shown by a notebook with controls, printed as the finding of the picture it shows.

    ``values`` are the arguments of that picture; ``set(loss=0.5)`` moves a control from Python.
    """

    def __init__(
        self,
        run: Callable[..., Any],
        view: Callable[[Any], Any] | None,
        controls: list[Control],
        precompute: bool,
        most: int = MOST_FRAMES,
    ) -> None:
        self._most = most
        self._run, self._view, self._controls, self._precompute = run, view, controls, precompute
        self._made: dict[tuple[int, ...], Picture] = {}
        self._at = tuple(control.at for control in controls)
        self._trouble, self._count = "", 0
        self._widget: Any = None
        try:
            self._picture = self._make(self._at)
        except Exception as error:
            error.add_note(f"explore ran {self._call(self._at)} for its first picture")
            raise

    @property
    def values(self) -> dict[str, Any]:
        """The arguments that the picture was made with."""
        return self._arguments(self._at)

    @property
    def finding(self) -> str:
        """What the picture shows, in words."""
        return self._picture.words

    def set(self, **values: Any) -> None:
        """Move controls, as a reader does.

        Raises:
            ValueError: there is no such control, or it has no such value.
        """
        at = list(self._at)
        for name, value in values.items():
            which = next((i for i, control in enumerate(self._controls) if control.name == name), None)
            if which is None:
                raise ValueError(f"there is no control {name!r}: use {names(c.name for c in self._controls)}")
            if value not in self._controls[which].values:
                raise ValueError(f"{name} cannot be {value!r}: it takes {_span(self._controls[which])}")
            at[which] = self._controls[which].values.index(value)
        self._show(tuple(at))

    # -- making pictures

    def _arguments(self, at: Sequence[int]) -> dict[str, Any]:
        return {control.name: control.values[i] for control, i in zip(self._controls, at, strict=True)}

    def _call(self, at: Sequence[int]) -> str:
        name = getattr(self._run, "__name__", "run")
        return f"{name}({', '.join(f'{key}={value!r}' for key, value in self._arguments(at).items())})"

    def _make(self, at: tuple[int, ...]) -> Picture:
        if at not in self._made:
            printed, figures = StringIO(), _open_figures()
            with redirect_stdout(printed):
                result = self._run(**self._arguments(at))
                shown = result if self._view is None else self._view(result)
                shown = _drawn(shown, figures)
            html, words = _as_html(shown)
            if printed.getvalue():
                html += f"<pre>{escape(printed.getvalue())}</pre>"
                words = words or printed.getvalue().strip()
            self._made[at] = Picture(html, words)
        return self._made[at]

    def _show(self, at: tuple[int, ...]) -> None:
        self._count += 1  # tells the page that this is the answer, even if the picture is the same
        try:
            self._picture = self._make(at)
            self._at, self._trouble = at, ""
        except (Exception, KeyboardInterrupt) as error:  # whatever the function may raise
            what = "it was interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
            self._trouble = (
                f"{self._call(at)} gave no picture: {what}\nBelow is the one before: {self._call(self._at)}."
            )
        if self._widget is not None:
            self._widget.picture = self._state()

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """The reader moved a control."""
        at = tuple(int(i) for i in message["at"])
        if len(at) == len(self._controls) and all(
            0 <= i < len(c.values) for i, c in zip(at, self._controls, strict=True)
        ):
            self._widget.send({"began": True})  # whoever waits knows that this may take its time
            self._show(at)

    def _state(self) -> dict[str, Any]:
        return {**self._picture._asdict(), "alert": self._trouble, "count": self._count}

    # -- showing

    def __str__(self) -> str:
        return f"{self._call(self._at)}: {self.finding}"

    __repr__ = __str__

    def to_html(self, precompute: bool = True) -> str:
        """The picture for a page without a kernel: with ``precompute``, controls over recorded pictures."""
        recorded = self._recorded() if precompute else None
        if recorded is None:
            spans = "; ".join(f"{control.name}: {_span(control)}" for control in self._controls)
            return self._picture.html + how_to_touch(f"move the controls ({spans})", f"This is {self._call(self._at)}.")
        data, controls = recorded
        note = f'<p class="dslib-muted dslib-view">{escape(self._said_of(controls))}</p>'
        first = escape(self._call(self._at))
        still = f'{self._picture.html}<noscript><p class="dslib-view">{first}</p></noscript>'
        frames = f'<div data-frames="{data}" data-first="{first}"><div data-place>{still}</div>{note}</div>'
        return f"{frames}<script>\n{script_of('explore')}\n</script>"

    def _said_of(self, controls: list[Control]) -> str:
        """Which values were recorded."""
        some = [
            f"{few.name} {_some(few)} (of {len(all_.values)} values)"
            for few, all_ in zip(controls, self._controls, strict=True)
            if 1 < len(few.values) < len(all_.values)
        ]
        whole = [
            few.name for few, all_ in zip(controls, self._controls, strict=True) if len(few.values) == len(all_.values)
        ]
        fixed = [f"{few.name}={few.labels[0]}" for few in controls if len(few.values) == 1]
        said = [*([f"all values of {names(whole)}"] if whole else []), *some]
        words = f"Recorded: {'; '.join(said)}"
        words += f", always with {names(fixed)}" if fixed else ""
        return words + ("." if len(whole) == len(controls) else ". Run this cell in JupyterLab for all.")

    def _recorded(self) -> tuple[str, list[Control]] | None:
        """Pictures for as fine a grid as fits, compressed, and its controls; None when not even two fit."""
        controls, most = self._controls, min(MOST_FRAMES, self._most)
        while most > 1:
            controls = _small_grid(self._controls, most)
            frames = {}
            moved = [len(control.values) > 1 for control in controls]  # what has one value needs no control
            for places in product(*(range(len(control.values)) for control in controls)):
                values = [control.values[i] for control, i in zip(controls, places, strict=True)]
                at = tuple(full.values.index(v) for full, v in zip(self._controls, values, strict=True))
                frames[",".join(str(i) for i, moves in zip(places, moved, strict=True) if moves)] = (
                    self._recorded_picture(at)
                )
            drawn = [control.to_json() for control, moves in zip(controls, moved, strict=True) if moves]
            text = json.dumps({"controls": drawn, "frames": frames}, ensure_ascii=False)
            data = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
            if len(data) <= MOST_RECORDED:
                return data, controls
            most = min(most // 2, len(frames) - 1)
        return None

    def _recorded_picture(self, at: tuple[int, ...]) -> Picture:
        try:
            return self._make(at)
        except Exception as error:
            words = f"{self._call(at)} gave no picture: {type(error).__name__}: {error}"
            return Picture(f'<p class="dslib-view dslib-alert">{escape(words)}</p>', words)

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.to_html()}"

    @property
    def widget(self) -> Any:
        """The notebook widget, made when first asked for; None where anywidget is not installed."""
        if self._widget is None and (kind := _widget_class()) is not None:
            controls = {"list": [control.to_json() for control in self._controls]}
            self._widget = kind(controls=controls, picture=self._state())
            self._widget.on_msg(self._heard)
        return self._widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        recorded = self._precompute or (live() and self.widget is None)
        html = f"<style>{STYLE}</style>{self.to_html(recorded)}"
        return with_widget(self, {"text/html": html, "text/plain": str(self)})


@cache
def _widget_class() -> Any:
    return widget_class("explore", "controls", "picture")


# -- what was given -----------------------------------------------------------------------------------------------


def _defaults(run: Callable[..., Any], sliders: Mapping[str, Any]) -> dict[str, Any]:
    """The default of each argument of ``run``; checks that ``run`` can be called with these sliders."""
    name = getattr(run, "__name__", "run")
    try:
        taken = inspect.signature(run).parameters
    except (TypeError, ValueError):  # some built-in functions do not tell
        return {}
    named = {k: p for k, p in taken.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    anything = any(p.kind is p.VAR_KEYWORD for p in taken.values())
    for slider in sliders:
        if slider not in named and not anything:
            raise TypeError(f"{name} has no argument {slider!r}: it takes {names(named) or 'none'}")
    for argument, p in taken.items():
        needed = p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        if needed and argument not in sliders:
            raise TypeError(f"{name} needs {argument!r} too: give it a slider, {argument}=(low, high), or a default")
    return {k: p.default for k, p in named.items() if p.default is not p.empty}


def _control(name: str, given: Any, default: Any) -> Control:
    if isinstance(given, bool):
        at = int(default if isinstance(default, bool) else given)
        return Control(name, "box", (False, True), ("no", "yes"), at)
    if isinstance(given, list):
        return _choice(name, given, default)
    if isinstance(given, tuple) and len(given) in (2, 3) and all(map(_is_number, given)):
        values = _steps(name, given)
        return Control(name, "range", values, tuple(f"{value:.12g}" for value in values), _start(values, default))
    if isinstance(given, range) and len(given) > 1:
        return _control(name, (given[0], given[-1], given.step), default)
    raise TypeError(
        f"the slider {name}={given!r} cannot be read: write (low, high) or (low, high, step) with numbers, a list of "
        "choices in square brackets, or True or False"
    )


def _card_controls(card: Any, given: Mapping[str, Any]) -> list[Control]:
    """A card's knobs, then the switch for its remedy, and the seed; each with its meaning."""
    turns = {knob.name: knob for knob in knobs(card)}
    most = {1: 25, 2: 5, 3: 3}.get(sum(not knob.switch for knob in turns.values()), 2)  # a run takes a second or two
    controls = {}
    for name, knob in turns.items():
        kind, labels = "range", tuple(f"{value:.12g}" for value in knob.values)
        if knob.switch:
            kind, labels = "box", ("no", "yes")
        controls[name] = Control(name, kind, knob.values, labels, knob.values.index(knob.default), knob.meaning, most)
    remedy = "show the same service with its remedy, too"
    controls["mitigated"] = Control("mitigated", "box", (False, True), ("no", "yes"), 1, remedy)
    controls["seed"] = _control("seed", (0, 99), 0)._replace(help="where the randomness comes from", most=1)
    for name, wanted in given.items():
        if name not in controls:
            raise TypeError(f"card {card.number}, {card.title}, has no knob {name!r}: it has {names(controls)}")
        own = controls[name]
        if own.kind == "box" and isinstance(wanted, bool):
            controls[name] = own._replace(at=int(wanted))
            continue
        made = _control(name, wanted, own.values[own.at])
        if name in turns and not all(_is_number(v) and turns[name].low <= v <= turns[name].high for v in made.values):
            low, high, meaning = turns[name].low, turns[name].high, turns[name].meaning
            raise ValueError(f"{name}={wanted!r} leaves the range of this knob ({meaning}): {low:g} to {high:g}")
        controls[name] = made._replace(help=own.help)
    return list(controls.values())


def _choice(name: str, given: list[Any], default: Any) -> Control:
    if len(given) < 2:
        raise ValueError(f"{name} has {len(given)} choices: give two or more")
    labels = tuple(str(value) for value in given)
    for i, label in enumerate(labels):
        if label in labels[:i]:
            raise ValueError(f"{name} offers {label!r} twice: each choice stands once")
    return Control(name, "choice", tuple(given), labels, _start(given, default))


def _steps(name: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
    low, high = given[:2]
    if not all(isfinite(number) for number in given) or not low < high:
        raise ValueError(f"{name}={given!r}: a slider goes from a lower to a higher number")
    whole = all(isinstance(number, int) for number in given)
    step = given[2] if len(given) == 3 else 1 if whole else _nice_step(high - low)
    if step <= 0:
        raise ValueError(f"{name}={given!r}: the step must be above 0")
    number = int((high - low) / step + 1e-9) + 1
    if number > MOST_VALUES:
        raise ValueError(
            f"{name}={given!r} has {number:,} positions, too many for a slider: give a step, ({low}, {high}, "
            f"{_nice_step(high - low) if not whole else max(1, int(_nice_step(high - low)))})"
        )
    # low + i*step, not a sum: and without the last bits in which 3*0.1 differs from 0.3.
    return tuple(low + i * step if whole else round(low + i * step, 12) for i in range(number))


def _nice_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that some 20 to 50 steps make the span."""
    power = 10.0 ** int(log10(span / 20) // 1)
    return float(next(f"{m * power:.12g}" for m in (5, 2, 1) if m * power <= span / 20 * (1 + 1e-9)))


def _start(values: Sequence[Any], default: Any) -> int:
    """The position of the default: equal, or for numbers as near as makes no difference."""
    for i, value in enumerate(values):
        if value == default or (_is_number(value) and _is_number(default) and abs(value - default) < 1e-9):
            return i
    return 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _some(control: Control) -> str:
    """All values, if they are few; else how many there are between which ends."""
    if len(control.values) <= 8:
        return names(control.labels)
    return f"{len(control.values)} values from {control.labels[0]} to {control.labels[-1]}"


def _span(control: Control) -> str:
    if control.kind == "range":
        return f"{control.labels[0]} to {control.labels[-1]}"
    return names(control.labels, "or")


def _small_grid(controls: list[Control], most: int) -> list[Control]:
    """The controls with so few values that their grid has at most ``most`` places: the longest sliders give first."""
    sizes = [min(len(control.values), control.most) for control in controls]
    while prod(sizes) > most:
        # Menus and boxes keep their values as long as a slider has more than two.
        order = [
            (c.kind == "range" and size > 2, size, -i) for i, (c, size) in enumerate(zip(controls, sizes, strict=True))
        ]
        longest = -max(order)[2]
        if sizes[longest] == 1:
            break
        sizes[longest] = max(1, min(sizes[longest] - 1, sizes[longest] * 3 // 4))
    return [control.thinned(size) for control, size in zip(controls, sizes, strict=True)]


# -- what a function may return -----------------------------------------------------------------------------------


def _as_html(shown: Any) -> tuple[str, str]:
    """Anything as HTML, with its finding in words."""
    if isinstance(shown, Simulation):
        if not shown.started:
            raise TypeError(
                "this function returned a simulation that has not run: write explore(scenario, until=1_000, …), and "
                "explore runs it"
            )
        shown = run_picture(shown)
    if isinstance(shown, View):
        return shown.to_html(), shown.finding
    if hasattr(shown, "savefig"):  # a matplotlib figure
        page = StringIO()
        shown.savefig(page, format="svg", metadata={"Date": None})
        data = base64.b64encode(page.getvalue().encode()).decode()
        words = _figure_words(shown)
        return f'<img style="max-width: 100%" alt="{escape(words)}" src="data:image/svg+xml;base64,{data}">', words
    own = getattr(shown, "_repr_html_", None)
    html = own() if callable(own) else None
    words = str(shown)
    return (html if isinstance(html, str) else _said(words)), words


def _said(words: str) -> str:
    """A sentence, or lines in which what stands one below the other stays there."""
    if "\n" not in words:
        return f'<p class="dslib-view">{escape(words)}</p>'
    return (
        f'<div class="dslib-view dslib-scroll" tabindex="0" role="group" aria-label="Text" {KEYS}>'
        f'<pre class="dslib-lines">{escape(words)}</pre></div>'
    )


def _figure_words(figure: Any) -> str:
    """The titles of a figure: the only words it has. A View says more."""
    titles = [figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""]
    titles += [axes.get_title() for axes in figure.get_axes()]
    return ". ".join(filter(None, titles)) or "A figure without a title"


def _open_figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _drawn(shown: Any, before: set[int]) -> Any:
    """What is to be shown, where a function drew with pyplot: a figure left open would appear a second time below."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return shown
    new = [number for number in pyplot.get_fignums() if number not in before]
    if new and shown is None:
        shown = pyplot.figure(new[-1])
    for number in new:
        pyplot.close(number)
    return shown

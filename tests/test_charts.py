"""Charts: two renderers, one chart; and every sentence holds against the data, also where the data is strange."""

import random
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations, pairwise
from math import acos, cos, hypot, inf, isnan, nan, radians, sin
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslib import Network, Operation, Place, Places, Simulation, latencies, slo, what_users_saw
from dslib.detection import Detection, measure_heartbeats, measure_phi
from dslib.metrics import Slice, bad_and_valid, slices
from dslib.places import CITIES, distance_km
from dslib.slo import AlertRule
from dslib.sweeps import Estimate, Sweep, sweep
from dslib.views import (
    View,
    budget_burn_down,
    burn_alerts,
    chart_matplotlib,
    chart_svg,
    cost_and_gain,
    detector_tradeoff,
    goodput_and_queue,
    latency_distribution,
    measured,
    region_map,
    risk_matrix,
    service_levels,
    sweep_results,
)
from dslib.views import chart as charts
from dslib.views.chart import SERIES, Band, Boxes, Chart, Line, Look, Panel, Points, Rule, Span, Words, lay_out, linear
from dslib.views.palette import PAPER, SIGNS, TEXT, contrast

SVG = "{http://www.w3.org/2000/svg}"
RENDERERS = {"matplotlib": chart_matplotlib.draw, "our own": chart_svg.draw}


# ---------------------------------------------------------------- one of each


def outage(seed: int = 0, bad_from: int = 4_000, bad_to: int = 7_000) -> list[Slice]:
    """Ten seconds in slices of half a second: users are served, then for a while most are not, then again."""
    dice = random.Random(seed)
    made = []
    for i in range(200):
        at = i * 50.0
        broken = bad_from <= at < bad_to
        end = None if broken and dice.random() < 0.8 else at + dice.uniform(5, 60)
        made.append(Operation("alice", "get", id=i, invoked=at, completed=end, status=None if end is None else "ok"))
    return slices(what_users_saw(made, 10_000, within=500), 500, 10_000)


def share_of_luck(seed: int, loss: float, retries: int = 0) -> float:
    """Good answers of twenty, each lost with that probability on every try."""
    dice = random.Random(f"{seed}/{loss}/{retries}")
    return sum(any(dice.random() > loss for _ in range(retries + 1)) for _ in range(20)) / 20


RULES = [AlertRule(60, 5, 10.0), AlertRule(120, 10, 2.0)]
RISKS = {"retry storm": (4, 5), "crash loop": (4, 3), "police raid": (1, 4), "a script deletes all data": ("rare", 5)}
WORLD = Places(
    {
        "r1": Place(city="Zurich", region="Europe"),
        "r2": Place(city="New York", region="America"),
        "r3": Place(city="Tokyo", region="Asia"),
        "r4": Place(region="Asia"),
    }
)
DETECTIONS = [
    Detection("heartbeats", "200 ms", (150.0, 190.0, 180.0), 40, 600_000.0),
    Detection("heartbeats", "400 ms", (350.0, 390.0, 380.0), 0, 600_000.0),
    Detection("φ accrual", "φ = 1", (120.0, 110.0, inf), 90, 600_000.0),
]


def views() -> dict[str, View]:
    """One of each chart."""
    bad, valid = [0] * 300, [10] * 300
    bad[100:112] = [5] * 12
    lucky = sweep(share_of_luck, 40, loss=[0.1, 0.4, 0.7], retries=[0, 2], check=lambda share: share > 0.8)
    queue = [(at * 500.0, max(0, at - 6)) for at in range(20)]
    return {
        "measured": measured([1, 2, 3], [1.0, 2.5, 3.0], 0.2, lambda x: x, "timeout (s)", "detection (s)"),
        "measured names": measured(["AP", "CP"], [0.9, 0.6], 0.1, [0.9, 0.9], "design", "share"),
        "service_levels": service_levels(outage(), 0.99, 500),
        "latency_distribution": latency_distribution([3, 5, 8, 13, 400, inf], 100, 0.9),
        "two distributions": latency_distribution({"naive": [3, 5, 8, inf], "mitigated": [4, 5, 6, 7]}),
        "budget_burn_down": budget_burn_down(bad, valid, 0.99, 1),
        "rolling budget": budget_burn_down(bad, valid, 0.99, 1, window=60),
        "burn_alerts": burn_alerts(bad, valid, 0.99, RULES),
        "goodput_and_queue": goodput_and_queue(outage(), queue, 30),
        "risk_matrix": risk_matrix(RISKS),
        "detector_tradeoff": detector_tradeoff(DETECTIONS),
        "sweep_results": sweep_results(lucky),
        "sweep means": sweep_results(lucky, ylabel="share of good answers"),
        "region_map": region_map(WORLD),
        "cost_and_gain": cost_and_gain(
            [("alarm", 8, Estimate(70, 60, 80, 40)), ("machine", 30, 26.0), ("nothing", 0, 0)]
        ),
    }


@pytest.fixture(scope="module")
def shown() -> dict[str, View]:
    """Drawn by matplotlib."""
    return views()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, shown: dict[str, View]) -> None:
    """What a test draws for the sake of its sentence, our own backend draws: it takes 2 ms instead of 150."""
    monkeypatch.setattr(charts, "_renderer", lambda: chart_svg.draw)


NAMES = [
    "measured", "measured names", "service_levels", "latency_distribution", "two distributions", "budget_burn_down",
    "rolling budget", "burn_alerts", "goodput_and_queue", "risk_matrix", "detector_tradeoff", "sweep_results",
    "sweep means", "region_map", "cost_and_gain",
]  # fmt: skip


# ---------------------------------------------------------------- two renderers, one picture


def parts(inside: str) -> tuple[dict[str, list[tuple[float, float]]], list[list[tuple[float, float]]]]:
    """The words of a picture with their places, and its paths as corners, in pixels of the picture."""
    root = ET.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')
    shapes = {e.get("id"): e.get("d") or "" for e in root.iter(f"{SVG}path") if e.get("id")}
    words: dict[str, list[tuple[float, float]]] = {}
    paths: list[list[tuple[float, float]]] = []

    def walk(element: ET.Element, dx: float, dy: float) -> None:
        found = re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", element.get("transform") or "")
        if found:
            dx, dy = dx + float(found[1]), dy + float(found[2])
        if element.tag == f"{SVG}text":
            at = float(element.get("x") or 0) + dx, float(element.get("y") or 0) + dy
            words.setdefault("".join(element.itertext()), []).append(at)
        elif element.tag == f"{SVG}path" and element.get("id") is None:
            paths.extend([(x + dx, y + dy) for x, y in piece] for piece in corners(element.get("d") or ""))
        elif element.tag == f"{SVG}use":
            x, y = float(element.get("x") or 0) + dx, float(element.get("y") or 0) + dy
            shape = shapes[(element.get("href") or "").lstrip("#")]
            paths.extend([(x + a, y + b) for a, b in piece] for piece in corners(shape))
        for child in element:
            walk(child, dx, dy)

    walk(root, 0.0, 0.0)
    return words, paths


def corners(d: str) -> list[list[tuple[float, float]]]:
    """The corners of a path of straight lines; of a curve, its ends."""
    pieces: list[list[tuple[float, float]]] = []
    x = y = 0.0
    for letter, text in re.findall(r"([MLHVCQazAZhv])([^MLHVCQazAZhv]*)", d):
        n = [float(number) for number in re.findall(r"-?[\d.]+", text)]
        if letter == "M":
            pieces.append([])
        if letter in "MLCQ":
            x, y = n[-2], n[-1]
        elif letter == "H":
            x = n[0]
        elif letter == "V":
            y = n[0]
        elif letter == "h":
            x += n[0]
        elif letter == "v":
            y += n[0]
        elif letter == "a":
            x, y = x + n[-2], y + n[-1]
        elif letter in "zZ":
            continue
        pieces[-1].append((x, y))
    return pieces


def on_path(spot: tuple[float, float], paths: list[list[tuple[float, float]]], within: float = 0.25) -> bool:
    """Whether a spot lies on one of the paths."""

    def beside(a: tuple[float, float], b: tuple[float, float]) -> bool:
        along = hypot(b[0] - a[0], b[1] - a[1])
        t = 0.0 if not along else ((spot[0] - a[0]) * (b[0] - a[0]) + (spot[1] - a[1]) * (b[1] - a[1])) / along**2
        t = min(max(t, 0.0), 1.0)
        return hypot(a[0] + t * (b[0] - a[0]) - spot[0], a[1] + t * (b[1] - a[1]) - spot[1]) <= within

    return any(
        any(beside(a, b) for a, b in pairwise(path)) or (len(path) == 1 and beside(path[0], path[0])) for path in paths
    )


def expected_spots(chart: Chart) -> list[tuple[str, tuple[float, float]]]:
    """Where each value of the chart has to be seen, in pixels of the picture."""
    spots = []
    for frame in lay_out(chart).frames:
        bottom = frame.top + frame.height
        for mark in frame.panel.marks:
            if isinstance(mark, Line | Points):
                pairs = list(zip(mark.x, mark.y, strict=False))
                if isinstance(mark, Line) and mark.steps:
                    pairs += list(zip(mark.x[1:], mark.y, strict=False))
            elif isinstance(mark, Boxes):
                pairs = [(x, y) for x1, x2, y1, y2 in mark.boxes for x in (x1, x2) for y in (y1, y2)]
            elif isinstance(mark, Band):
                pairs = [*zip(mark.x, mark.low, strict=False), *zip(mark.x, mark.high, strict=False)]
            else:
                continue
            if isinstance(mark, Points) and mark.low:
                ends = [*zip(mark.x, mark.low, strict=True), *zip(mark.x, mark.high, strict=True)]
                if mark.along == "x":
                    ends = [*zip(mark.low, mark.y, strict=True), *zip(mark.high, mark.y, strict=True)]
                pairs += [end for end in ends if not isnan(sum(end))]
            for x, y in pairs:
                at = frame.left + frame.x(x), bottom - frame.y(y)
                if not isnan(at[0] + at[1]):
                    spots.append((type(mark).__name__, at))
    return spots


@pytest.mark.parametrize("name", NAMES)
def test_both_renderers_say_the_same_words_at_the_same_places(name: str, shown: dict[str, View]):
    chart = shown[name].chart  # type: ignore[attr-defined]
    ours, theirs = (parts(draw(chart))[0] for draw in (chart_svg.draw, chart_matplotlib.draw))
    assert ours.keys() == theirs.keys()
    for words, places in ours.items():
        assert len(places) == len(theirs[words]), words
        for (x1, y1), (x2, y2) in zip(sorted(places), sorted(theirs[words]), strict=True):
            assert hypot(x1 - x2, y1 - y2) < 0.3, words


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_seen_where_the_axes_say(name: str, renderer: str, shown: dict[str, View]):
    chart = shown[name].chart  # type: ignore[attr-defined]
    paths = parts(RENDERERS[renderer](chart))[1]
    spots = expected_spots(chart)
    assert spots
    for kind, spot in spots:
        # A marker stands around its spot: half of it is 5.5 pixels wide.
        assert on_path(spot, paths, 5.6 if kind == "Points" else 0.3), f"{kind} at {spot}"


def test_without_matplotlib_every_chart_has_the_same_finding(shown: dict[str, View]):
    for name, view in views().items():
        assert view.finding == shown[name].finding
        assert view.alt == shown[name].alt
        assert view.svg != shown[name].svg


def test_a_view_gives_its_chart_as_a_figure_of_matplotlib(shown: dict[str, View], tmp_path: Any):
    figure = chart_matplotlib.figure(shown["burn_alerts"].chart)  # type: ignore[attr-defined]
    figure.savefig(tmp_path / "burn.pdf")
    assert (tmp_path / "burn.pdf").read_bytes().startswith(b"%PDF")


finite = st.floats(-1e6, 1e6, allow_subnormal=False)
anything = st.one_of(finite, st.sampled_from([nan, inf, -inf, 0.0]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(finite, anything), min_size=1, max_size=8), st.booleans(), st.booleans())
def test_no_value_makes_a_renderer_stumble(pairs: list[tuple[float, float]], steps: bool, log: bool):
    x, y = sorted(at for at, _ in pairs), [value for _, value in pairs]
    make = charts.logarithmic if log else linear
    axis = make("y", y, over="above", under="below")
    marks = (
        Line([*x, x[-1]] if steps else x, y, SERIES[0], "line", steps),
        Points(x, y, SERIES[1], "points", y, y, names=["a"] * len(x)),
        Band([*x, x[-1]] if steps else x, [0.0] * len(x), y, Look("good", opacity=0.2), "band", steps),
        Rule(y[0], label="rule"),
        Rule(x[0], label="upright", axis="x"),
        Span(x[0], x[-1], Look("dropped"), "span"),
        Words(x[0], y[0], "words"),
    )
    chart = Chart((Panel(linear("x", x), axis, marks),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = [draw(chart) for draw in RENDERERS.values()]
    for inside in drawn:
        paths = parts(inside)[1]
        assert "nan" not in inside
        assert "inf" not in re.sub(r"<text.*?</text>", "", inside)
        for path in paths:
            for at in path:
                assert -20 <= at[0] <= chart.width + 20, at
    assert parts(drawn[0])[0].keys() == parts(drawn[1])[0].keys()


def test_a_gap_stays_a_gap_and_never_is_another():
    axis = linear("y", [0, 10], over="never")
    line = Line([0, 1, 2, 3, 4], [1.0, nan, inf, 2.0], SERIES[0], "", steps=True)
    chart = Chart((Panel(linear("x", [0, 4]), axis, (line,)),))
    frame = lay_out(chart).frames[0]
    one, two = chart_svg.pieces(frame, line.x, line.y, steps=True)
    assert [x for x, *_ in one] == [frame.x(0), frame.x(1)]
    assert [x for x, *_ in two] == [frame.x(2), frame.x(3), frame.x(3), frame.x(4)]
    top = frame.height - charts.STRIP_Y
    assert two[0][1] > top > two[-1][1], "what never ends stands in its strip, beyond the end of the scale"


@given(st.lists(st.one_of(finite, st.just(nan), st.just(inf)), min_size=1, max_size=3_000))
@settings(max_examples=40, deadline=None)
def test_a_long_series_keeps_its_extremes_and_its_gaps(y: list[float]):
    y = y * 3
    x, thin = charts.thinned(range(len(y) + 1), y, most=200)
    assert len(thin) <= 200 * 2
    assert len(x) == len(thin) + 1
    assert x[0] == 0
    assert x[-1] == len(y)
    known, kept = [v for v in y if not isnan(v)], [v for v in thin if not isnan(v)]
    assert (min(known), max(known)) == (min(kept), max(kept)) if known else not kept
    assert any(map(isnan, thin)) == any(map(isnan, y))


# ---------------------------------------------------------------- everybody can read it


def test_each_series_has_a_colour_a_dash_and_a_marker_of_its_own():
    for one, other in combinations(SERIES, 2):
        assert len({one.colour, other.colour}) == len({one.dash, other.dash}) == len({one.marker, other.marker}) == 2
    for look in SERIES:
        for theme in ("light", "dark"):
            ink = getattr(TEXT["ink"] if look.colour == "ink" else SIGNS[look.colour], theme)
            assert contrast(ink, getattr(PAPER["surface"], theme)) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_on_tinted_ground_have_contrast(theme: str, shown: dict[str, View]):
    paper, ink = getattr(PAPER["surface"], theme), getattr(TEXT["ink"], theme)
    chart = shown["risk_matrix"].chart  # type: ignore[attr-defined]
    tints = [mark.look for mark in chart.panels[0].marks if isinstance(mark, Boxes)]
    assert len({tint.opacity for tint in tints}) == len(tints), "each product is of another darkness"
    for tint in tints:
        over = getattr(SIGNS[tint.colour], theme)
        mixed = [
            round(int(over[i : i + 2], 16) * tint.opacity + int(paper[i : i + 2], 16) * (1 - tint.opacity))
            for i in (1, 3, 5)
        ]
        assert contrast("#" + "".join(f"{c:02x}" for c in mixed), ink) >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_words_stay_in_the_picture_and_off_each_other(name: str, shown: dict[str, View]):
    layout = lay_out(shown[name].chart)  # type: ignore[attr-defined]
    boxes = [(text, charts._box(text)) for text in layout.texts]
    for text, box in boxes:
        assert box[0] >= -2, text
        assert box[2] <= layout.width + 2, text
        assert 0 <= text.y <= layout.height, text
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert wide <= 2 or high <= 3, f"{one.words!r} on {other.words!r}"


@pytest.mark.parametrize("name", NAMES)
def test_words_are_at_least_11_pixels_high_on_a_phone(name: str, shown: dict[str, View]):
    svg = shown[name].svg
    least = float(re.search(r"min-width: ([\d.]+)px", svg)[1])  # type: ignore[index]
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])  # type: ignore[index]
    sizes = {float(size) for size in re.findall(r'font-size(?:: |=")([\d.]+)', svg)}
    assert min(sizes) * least / width >= 11


# ---------------------------------------------------------------- what the pictures say: levels


@pytest.mark.parametrize("seed", range(8))
def test_the_finding_of_service_levels_counts_the_slices(seed: int):
    dice = random.Random(seed)
    rows = outage(seed, 500 * dice.randrange(10), 500 * dice.randrange(10, 20))
    finding = service_levels(rows, 0.9, 500).finding
    bad, valid = map(sum, bad_and_valid(rows))
    under = [row for row in rows if row.availability < 0.9]
    never = [row for row in rows if row.p99_ms == inf]
    share = float(re.search(r"By request ([\d.]+) % of 200", finding)[1])  # type: ignore[index]
    assert share == pytest.approx(100 * (valid - bad) / valid, abs=0.06)
    assert ("misses the target" in finding) == ((valid - bad) / valid < 0.9)
    assert (f"in {len(under)} slice" in finding) == bool(under)
    assert (f"never answered in {len(never)} slice" in finding) == bool(never)
    worst = min(rows, key=lambda row: row.availability)
    assert f"from {charts.say_ms(worst.start_ms)} to" in finding or worst.availability == 1


def test_a_slice_without_traffic_is_a_gap_and_said_to_be_one():
    rows = [
        Slice(0, 1_000, 10, 1.0, 10, 10, 5, 9),
        Slice(1_000, 2_000, 0, nan, 0, 0, nan, nan),
        Slice(2_000, 3_000, 10, 0.5, 10, 5, 5, inf),
    ]
    view = service_levels(rows, 0.9)
    assert view.finding.startswith("3 slices of 1 s, 1 of them without traffic.")
    assert "Under the target in 1 slice of 2: 2 s to 3 s" in view.finding
    line = next(mark for mark in view.chart.panels[0].marks if isinstance(mark, Line))  # type: ignore[attr-defined]
    assert [line.y[0], line.y[2]] == [100, 50]
    assert isnan(line.y[1])


@given(st.lists(st.one_of(st.floats(0, 1e4), st.just(inf)), min_size=1, max_size=60), st.floats(1, 1e4))
@settings(max_examples=40, deadline=None)
def test_percentiles_on_the_curve_are_those_of_the_definition(values: list[float], limit: float):
    finding = latency_distribution(values, limit, 0.9).finding
    for q in (0.5, 0.9, 0.99):
        assert f"p{100 * q:g} {charts.say_ms(slo.percentile(values, q))}" in finding
    within = sum(value <= limit for value in values) / len(values)
    assert ("misses the target" in finding) == (within < 0.9)
    never = values.count(inf)
    assert (f"{never} never answered" in finding) == (never > 0)


def test_the_curve_ends_below_100_percent_where_some_were_never_answered():
    view = latency_distribution([10, 20, inf, inf], title="half")
    line = next(mark for mark in view.chart.panels[0].marks if isinstance(mark, Line))  # type: ignore[attr-defined]
    at = dict(zip(line.x, line.y, strict=False))
    assert at[20] == 50
    assert at[inf] == 100, "and reaches it in the strip for what never ends"
    assert view.chart.panels[0].x.over == "never"  # type: ignore[attr-defined]
    assert "p99 never; 2 never answered (50 %)" in view.finding


# ---------------------------------------------------------------- budgets and alerts


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("window", [None, 10])
def test_the_finding_of_a_budget_is_its_arithmetic(seed: int, window: int | None):
    dice = random.Random(seed)
    valid = [dice.randrange(1, 50) for _ in range(40)]
    bad = [dice.randrange(0, 3) if dice.random() < 0.2 and n > 2 else 0 for n in valid]
    finding = budget_burn_down(bad, valid, 0.99, 60, window).finding
    budget, left = slo.error_budget(0.99, sum(valid)), slo.budget_left(bad, valid, 0.99, window)
    assert f"of {sum(valid):,} events, {charts.number(float(budget))} may be bad; {sum(bad)} w" in finding
    assert ("so the target is met" in finding) == (sum(bad) <= budget)
    gone = next((i for i, share in enumerate(left) if share < 0), None)
    assert ("It was empty at" in finding) == (gone is not None)
    if gone is not None:
        assert f"It was empty at {charts.say_ms((gone + 1) * 60_000)}." in finding
    if sum(bad):
        assert f"Worst moment: {max(bad)} bad" in finding


def test_an_overspent_budget_is_drawn_below_zero():
    view = budget_burn_down([0, 0, 9, 0], [100] * 4, 0.99, 1)
    panel = view.chart.panels[0]  # type: ignore[attr-defined]
    line = next(mark for mark in panel.marks if isinstance(mark, Line))
    assert min(line.y) == -125
    assert panel.y.low <= -125
    assert "225 % of the budget, so the target is missed. It was empty at 3 s." in view.finding


@pytest.mark.parametrize("seed", range(6))
def test_the_finding_of_alerts_says_when_each_rule_fires_and_resets(seed: int):
    dice = random.Random(seed)
    valid = [10] * 400
    bad = [0] * 400
    start = dice.randrange(50, 200)
    for i in range(start, start + dice.randrange(5, 100)):
        bad[i] = dice.randrange(1, 8)
    view = burn_alerts(bad, valid, 0.99, RULES)
    fired = slo.alerts(bad, valid, 0.99, RULES)
    for firing in fired[:6]:
        assert f"fires at {charts.say_ms(1_000 * firing.fires_s)}, " in view.finding
        if firing.resets_s is not None:
            assert f"resets at {charts.say_ms(1_000 * firing.resets_s)}" in view.finding
    spans = [
        (mark.start, mark.end)
        for panel in view.chart.panels  # type: ignore[attr-defined]
        for mark in panel.marks
        if isinstance(mark, Span)
    ]
    assert spans == [(1_000 * f.fires_s, 400_000 if f.resets_s is None else 1_000 * f.resets_s) for f in fired]
    assert len(view.chart.panels) == len(RULES)  # type: ignore[attr-defined]


def test_a_rule_that_can_never_fire_and_one_that_does_not_are_told_apart():
    quiet = [0] * 50
    assert "can never fire, as a complete outage burns at 10" in burn_alerts(quiet, [10] * 50, 0.9, RULES[:1]).finding
    one = burn_alerts([1, *quiet[1:]], [10] * 50, 0.99, RULES[:1])
    assert "never fires; both windows came up to 10." in one.finding, "at the threshold is not above it"
    assert "never fires: no traffic" in burn_alerts(quiet, quiet, 0.99, RULES[:1]).finding


# ---------------------------------------------------------------- goodput, risks, detectors


def test_goodput_says_the_worst_moment_and_the_longest_queue():
    rows = [Slice(i * 1_000.0, i * 1_000.0 + 1_000, 10, good / 10, 10, good, 5, 9) for i, good in enumerate([10, 2, 6])]
    view = goodput_and_queue(rows, {"server": [0, 7, 3]}, 8)
    assert view.finding == (
        "Users asked 10 times a second on average, and got 6 good answers (60 %). Lowest goodput under load: 2/s of "
        "10/s from 1 s to 2 s; in the last slice with load 6/s. They asked for more than the capacity of 8/s in 3 "
        "slices of 3. server: longest 7 at 1 s, 3 at the end."
    )


@given(
    st.dictionaries(
        st.text("abc ", min_size=1, max_size=20),
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=30, deadline=None)
def test_a_risk_matrix_ranks_by_the_product_and_shows_every_name(risks: dict[str, tuple[int, int]]):
    view = risk_matrix(risks)
    products = {name: likely * bad for name, (likely, bad) in risks.items()}
    top = max(products.values())
    assert f"{len(risks)} risk" in view.finding
    assert f"= {top} (" in view.finding or f"Highest, {top} each" in view.finding
    panel = view.chart.panels[0]  # type: ignore[attr-defined]
    frame = lay_out(view.chart).frames[0]  # type: ignore[attr-defined]
    for text in (mark for mark in panel.marks if isinstance(mark, Words) and mark.anchor == "start"):
        assert 0 <= frame.x(text.x) + text.dx <= frame.width - charts.width_of(text.words, 600), text
    numbers = sorted(int(mark.words) for mark in panel.marks if isinstance(mark, Words) and mark.anchor == "end")
    assert numbers == sorted(i * j for i in range(1, 6) for j in range(1, 6))


def test_detectors_are_measured_and_a_longer_timeout_is_slower_and_calmer():
    rows = measure_heartbeats([150, 400], 6) + measure_phi([1, 8], 6)
    assert [row.detector for row in rows] == ["heartbeats", "heartbeats", "φ accrual", "φ accrual"]
    for short, long in (rows[:2], rows[2:]):
        assert all(a <= b for a, b in zip(short.detected_ms, long.detected_ms, strict=True))
        assert short.false_alarms > long.false_alarms
    # The last heartbeat was sent before the crash and may be on its way for a while: one timeout after it came.
    assert all(0 < time < 400 + 300 for time in rows[1].detected_ms)
    finding = detector_tradeoff(rows).finding
    for row in rows:
        assert f"{row.setting} found a crash after {charts.say_ms(slo.percentile(row.detected_ms, 0.5))}" in finding


def test_who_never_found_a_crash_is_not_the_quickest():
    finding = detector_tradeoff(DETECTIONS).finding
    assert "φ = 1 found 2 of 3 crashes, the others never" in finding
    assert "The quickest without a false alarm in 10 min: heartbeats, 400 ms, after 380 ms." in finding
    assert "No setting found every crash" in detector_tradeoff(DETECTIONS[2:]).finding


def test_the_detectors_of_a_run_without_loss_and_jitter_never_err():
    row = measure_heartbeats([150], 3, latency=10, loss=0.0)[0]
    assert row.false_alarms == 0
    assert row.alarms_per_min == 0


# ---------------------------------------------------------------- sweeps and maps


def test_a_sweep_shows_its_intervals_and_says_its_ends():
    lucky = sweep(share_of_luck, 40, loss=[0.1, 0.7], check=lambda share: share > 0.8)
    view = sweep_results(lucky)
    points = next(mark for mark in view.chart.panels[0].marks if isinstance(mark, Points))  # type: ignore[attr-defined]
    assert list(points.x) == [0.1, 0.7]
    for (_, rate), share, low, high in zip(lucky.rates(), points.y, points.low, points.high, strict=True):
        assert (share, low, high) == (100 * rate.share, 100 * rate.low, 100 * rate.high)
    high, low = (rate for _, rate in lucky.rates())
    assert f"{low.passed} of 40" in view.finding
    assert f"{high.passed} of 40" in view.finding
    assert "these intervals do not overlap" in view.finding


def test_too_few_runs_have_a_hollow_point_and_no_interval():
    view = sweep_results(sweep(share_of_luck, 10, loss=[0.1, 0.7]), ylabel="share")
    points = [mark for mark in view.chart.panels[0].marks if isinstance(mark, Points)]  # type: ignore[attr-defined]
    assert [(mark.look.marker, list(mark.low)) for mark in points] == [("O", [])]
    assert "too few for an interval" in view.finding


def test_many_series_of_a_sweep_go_into_several_panels():
    view = sweep_results(sweep(share_of_luck, 2, loss=[0.1, 0.2], retries=list(range(8))), x="loss")
    panels = view.chart.panels  # type: ignore[attr-defined]
    assert [len([m for m in panel.marks if isinstance(m, Points)]) for panel in panels] == [6, 2]


def test_a_map_says_who_stands_farthest_apart_and_what_light_needs():
    view = region_map(WORLD)
    far = max(combinations(["Zurich", "New York", "Tokyo"], 2), key=lambda pair: distance_km(*pair))
    assert far == ("New York", "Tokyo")
    assert "not on the map, as no city is known: r4" in view.finding
    assert "Farthest apart: New York and Tokyo, 10,8" in view.finding
    words = " ".join(parts(view.svg)[0])
    for said in ("Zurich: r1", "54.2 ms", "Europe", "60°N"):
        assert said in words


@given(st.lists(st.sampled_from(sorted(CITIES)), min_size=2, max_size=5, unique=True))
@settings(max_examples=30, deadline=None)
def test_a_link_on_the_map_is_as_long_as_the_great_circle_and_stays_on_it(cities: list[str]):
    view = region_map({f"n{i}": city for i, city in enumerate(cities)})
    panel = view.chart.panels[0]  # type: ignore[attr-defined]
    lines = [mark for mark in panel.marks if isinstance(mark, Line)]
    pairs = list(combinations(cities, 2))
    assert len(lines) == len(pairs)
    for line, pair in zip(lines, pairs, strict=True):
        spots = [(radians(lat), radians(lon)) for lon, lat in zip(line.x, line.y, strict=True) if not isnan(lat)]
        total = 0.0
        for (a, b), (c, d) in pairwise(spots):
            total += acos(min(1.0, sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d)))
        assert 6_371 * total == pytest.approx(distance_km(*pair), rel=0.01, abs=2), pair
        assert all(panel.x.low - 1e-6 <= lon <= panel.x.high + 1e-6 for lon in line.x if not isnan(lon))
        assert all(panel.y.low <= lat <= panel.y.high for lat in line.y if not isnan(lat))
        steps = [abs(b - a) for a, b in pairwise(line.x) if not isnan(a + b)]
        assert max(steps) < 180, "no line runs back across the whole map"


# ---------------------------------------------------------------- strange data, and wrong data

SILENT = Slice(0, 1_000, 0, nan, 0, 0, nan, nan)
GOOD, BAD = Slice(0, 1_000, 5, 1.0, 5, 5, 1, 2), Slice(0, 1_000, 5, 0.0, 5, 0, inf, inf)

STRANGE = {
    "no slice": (lambda: service_levels([], 0.9), "There is no slice of time"),
    "one slice": (lambda: service_levels([GOOD], 0.9, 10), "100 % of 5 operations were good, which meets"),
    "no traffic": (lambda: service_levels([SILENT], 0.9), "1 of them without traffic: how good the service was is not"),
    "all bad": (lambda: service_levels([BAD], 0.9), "0 % of 5 operations were good, which misses"),
    "no latency": (lambda: latency_distribution([]), "no operation, so no percentile"),
    "no sample": (lambda: latency_distribution({}), "There is no latency to show"),
    "one latency": (lambda: latency_distribution([7]), "1 operation: p50 7 ms"),
    "latency 0": (lambda: latency_distribution([0, 0]), "p99 0 ms"),
    "never": (lambda: latency_distribution([inf]), "1 never answered (100 %)"),
    "one of two empty": (lambda: latency_distribution({"a": [], "b": [1, 2]}), "a: no operation"),
    "an endless limit": (lambda: latency_distribution([1, inf], inf), "100 % within never"),
    "no budget": (lambda: budget_burn_down([], [], 0.9, 1), "There is no slice of time"),
    "a budget of no traffic": (lambda: budget_burn_down([0, 0], [0, 0], 0.9, 1), "without traffic there is no budget"),
    "a rolling one": (lambda: budget_burn_down([0, 0], [0, 0], 0.9, 1, 2), "without traffic there is no budget"),
    "rolling gaps": (lambda: budget_burn_down([0, 1], [0, 9], 0.9, 1, 1), "at the end −11.11 %"),
    "all of it": (lambda: budget_burn_down([9], [9], 0.9, 1), "1,000 % of the budget"),
    "none of it": (lambda: budget_burn_down([0], [9], 0.9, 1), "Left at the end: 100 %"),
    "exactly all": (lambda: budget_burn_down([1], [10], 0.9, 1), "100 % of the budget, so the target is met"),
    "100 % kept": (lambda: budget_burn_down([0], [9], 1, 1), "0 were, so the target is met"),
    "100 % broken": (lambda: budget_burn_down([0, 1], [9, 9], 1, 1), "a target of 100 % allows no error"),
    "no alert": (lambda: burn_alerts([], [], 0.9, RULES), "There is no slice of time"),
    "no rule": (lambda: burn_alerts([1], [1], 0.9, []), "There is no alert rule"),
    "burning without end": (lambda: burn_alerts([0, 1], [1, 1], 1, RULES), "fires at 2 s, still firing at the end"),
    "silence": (lambda: burn_alerts([0] * 9, [0] * 9, 0.9, RULES), "no traffic, so nothing burns"),
    "no goodput": (lambda: goodput_and_queue([]), "There is no slice of time"),
    "nothing asked": (lambda: goodput_and_queue([SILENT], [(0, 0)]), "on average, and got 0 good answers: no traffic"),
    "an endless queue": (lambda: goodput_and_queue([GOOD], [(0, inf)]), "longest ∞ at 0 ms"),
    "unread": (lambda: goodput_and_queue([GOOD], {"q": [nan]}), "q: no reading"),
    "no risk": (lambda: risk_matrix({}), "No risk was named"),
    "one step": (lambda: risk_matrix({"a": (1, 1)}, ["sure"], ["bad"]), "1 × 1 = 1 (sure, bad)"),
    "no detector": (lambda: detector_tradeoff([]), "No failure detector was measured"),
    "nothing detected": (lambda: detector_tradeoff([Detection("a", "b", (), 0, 0.0)]), "b saw no crash"),
    "never detected": (lambda: detector_tradeoff([Detection("a", "b", (inf,), 0, 1e4)]), "b never found a crash"),
    "an empty sweep": (lambda: sweep_results(Sweep("s", (), (), ())), "No run has a value to show"),
    "a sweep of one": (lambda: sweep_results(sweep(share_of_luck, 1, loss=0.1)), "1 of 1"),
    "a sweep that raised": (lambda: sweep_results(sweep(share_of_luck, 2, loss="x"), ylabel="s"), "2 runs raised an"),
    "no place": (lambda: region_map({}), "No node has a place"),
    "a place nowhere": (lambda: region_map({"a": Place(zone="z")}), "no city is known: a"),
    "one city": (lambda: region_map({"a": "Zurich", "b": "Zurich"}), "All stand in Zurich"),
    "no link": (lambda: region_map({"a": "Zurich", "b": "Paris"}, []), "No link crosses between cities"),
    "many cities": (lambda: region_map(dict(zip(CITIES, CITIES, strict=True))), "45 nodes in 45 cities"),
}  # fmt: skip


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize(("call", "words"), STRANGE.values(), ids=STRANGE)
def test_strange_data_gives_a_picture_or_a_sentence(
    call: Callable[[], View], words: str, renderer: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(charts, "_renderer", lambda: RENDERERS[renderer])
    view = call()
    assert words in view.finding, view.finding
    assert view.finding.endswith(".")
    tree = ET.fromstring(view.svg)
    assert tree.get("aria-label") == view.alt
    assert "nan" not in re.sub(r"<text.*?</text>|aria-label=\"[^\"]*\"", "", view.svg)


REFUSED = {
    "a run": (lambda: service_levels(Simulation()), TypeError, r"write service_levels\(slices\("),
    "no slices": (lambda: service_levels([1]), TypeError, "and 1 is none: write"),
    "a percentage": (lambda: service_levels([], 99), ValueError, "target is 99: write a share"),
    "no limit": (lambda: service_levels([], None, 0), ValueError, "within_ms=0 is no length of time"),
    "operations": (lambda: latency_distribution([Operation("a", "get")]), TypeError, r"latencies\(sim\.history\)"),
    "a latency of nan": (lambda: latency_distribution([nan]), ValueError, "latency nan is no length of time"),
    "a negative one": (lambda: latency_distribution([-1]), ValueError, "latency -1 is no length of time"),
    "p99 as 99": (lambda: latency_distribution([1], marks=[99]), ValueError, r"q=99 .*0\.99 for p99"),
    "a target of what": (lambda: latency_distribution([1], target=0.9), ValueError, "of what"),
    "seconds": (lambda: budget_burn_down([0], [1], 0.9, 0), ValueError, "every_s=0 is not a length of time"),
    "more bad": (lambda: budget_burn_down([2], [1], 0.9, 1), ValueError, "bad=2 of valid=1"),
    "no rules": (lambda: burn_alerts([0], [1], 0.9, [14.4]), TypeError, r"write slo\.AlertRule\(long_s"),
    "odd windows": (lambda: burn_alerts([0], [1], 0.9, RULES, 7), ValueError, "no whole number of slices of 7 s"),
    "a queue of names": (lambda: goodput_and_queue([GOOD], ["server"]), TypeError, "write pairs"),
    "a negative queue": (lambda: goodput_and_queue([GOOD], [(0, -1)]), ValueError, "the length -1"),
    "no capacity": (lambda: goodput_and_queue([GOOD], (), 0), ValueError, "capacity_per_s=0"),
    "step 6": (lambda: risk_matrix({"a": (6, 1)}), ValueError, "likelihood 6: write a step from 1 to 5, or one of"),
    "step sure": (lambda: risk_matrix([("a", 1, "sure")]), ValueError, "impact 'sure': write a step from 1 to 5"),
    "one number": (lambda: risk_matrix({"a": 3}), TypeError, r"write its likelihood and its impact, \(4, 5\)"),
    "twice": (lambda: risk_matrix([("a", 1, 1), ("a", 2, 2)]), ValueError, "appears twice"),
    "another row": (lambda: detector_tradeoff([GOOD]), TypeError, r"write detector_tradeoff\(measure_heartbeats"),
    "a list of rows": (lambda: sweep_results([1]), TypeError, r"write sweep_results\(sweep\(scenario, 100\)\)"),
    "another parameter": (
        lambda: sweep_results(sweep(share_of_luck, 1, loss=0.1), x="lost"), ValueError, "no parameter 'lost'.*'loss'"
    ),
    "a network": (lambda: region_map(Network()), TypeError, "not a Network: write sim.network.places"),
    "no such city": (lambda: region_map({"a": "Zürich"}), ValueError, "there is no city 'Zürich'"),
    "a stranger": (lambda: region_map(WORLD, [("r1", "r9")]), ValueError, "the node 'r9', which has no place"),
    "half a link": (lambda: region_map(WORLD, ["r"]), ValueError, "write the two ends of each link"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_named_with_the_way_out(call: Callable[[], Any], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        call()


def test_latencies_of_a_history_can_be_handed_over_as_they_are():
    history = [Operation("a", "get", id=1, invoked=0, completed=30), Operation("a", "get", id=2, invoked=5)]
    assert "2 operations: p50 30 ms, p90 never" in latency_distribution(latencies(history)).finding

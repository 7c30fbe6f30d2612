"""Two runs on one time axis: what the bundle and the finding say, what is done to both, and cards of the gallery."""

import json
import re
from importlib import import_module

import pytest
from test_player import Page, minority, quiet, split

from dslib import good_share, what_users_saw
from dslib.failures import GALLERY, server_down
from dslib.failures.service import WITHIN_MS, wrong_reads
from dslib.views import Comparison, compare, play, replay, save_page
from dslib.views import player as player_module


def pair(until=300, **options):
    return compare(play(quiet, until=until, loss=0.4, within=40), play(quiet, until=until, within=40), **options)


def share(sim, within=40):
    return 100 * good_share(what_users_saw(sim.history, sim.now, within=within))


def test_a_comparison_holds_both_bundles_and_says_how_many_more_answers_were_good():
    for seed in range(5):
        naive, mitigated = (play(quiet, until=400, seed=seed, loss=loss, within=40) for loss in (0.3, 0.0))
        both = compare(naive, mitigated, names=("lossy", "sound"), title="Loss")
        assert both.bundle["names"] == ["lossy", "sound"]
        assert [run["trace"] for run in both.bundle["runs"]] == [naive.bundle["trace"], mitigated.bundle["trace"]]
        before, after = share(naive.sim), share(mitigated.sim)
        assert before < after == 100
        assert both.summary.startswith("lossy: "), f"seed {seed}"
        good = [op["outcome"] for op in both.bundle["runs"][1]["operations"]].count("good")
        gained = f"sound: {good} of {good} operations good = 100 %, {after - before:.3g} percentage points more."
        assert f"= {before:.3g} %. {gained}" in both.summary, f"seed {seed}"
        assert repr(both) == f"Loss: {both.summary}"
        assert json.loads(json.dumps(both.bundle)) == both.bundle


def test_the_same_share_nobody_who_asked_and_a_broken_property_are_said():
    assert (
        "operations good = 80 %, the same share. Neither reaches the target of 90 %."
        in compare(*(play(quiet, until=200) for _ in "ab")).summary
    )
    assert (
        compare(play(quiet, until=5), play(quiet, until=5)).summary == "naive: nobody asked. mitigated: nobody asked."
    )

    def guarded():
        sim = quiet()
        sim.always(two_writes_at_most)
        return sim

    def two_writes_at_most(sim):
        return sim.nodes["r1"].disk.get("register", (0,))[0] < 3

    both = compare(play(guarded, until=400), play(quiet, until=400))
    at = both.naive.sim.now
    assert f"; always two writes at most is broken at {at:,.4g} ms. mitigated" in both.summary


# ---------------------------------------------------------------- live


def test_what_a_reader_breaks_is_broken_in_both():
    both = pair()
    assert [run["live"] for run in both.bundle["runs"]] == [True, True]
    both.rerun([split(100.0)], request=3)
    assert [run["request"] for run in both.bundle["runs"]] == [3, 3]
    assert [run["run"] for run in both.bundle["runs"]] == [2, 2]
    for view, loss in zip(both.views, (0.4, 0.0), strict=True):
        by_hand = play(quiet, until=300, loss=loss, within=40)
        by_hand.rerun([split(100.0)])
        assert view.bundle["trace"] == by_hand.bundle["trace"]
        assert str(view.faults[0]) in view.code
    shares = [share(view.sim) for view in both.views]
    assert f"= {shares[0]:.3g} %" in both.summary
    assert f"= {shares[1]:.3g} %" in both.summary


def test_the_widget_asks_once_for_both_and_shows_the_answer():
    both = pair()
    widget = both.widget
    with widget.hold_trait_notifications():
        widget.acts, widget.request = [split(50.0)], 1
    assert [run["faults"][0]["at"] for run in widget.bundle["runs"]] == [50.0, 50.0]
    assert [view.bundle["run"] for view in both.views] == [2, 2]


def test_a_run_that_fails_keeps_its_picture_and_says_why_and_the_other_one_goes_on():
    class Fuse:
        blown = False

    def breaks_when_told():
        if Fuse.blown:
            raise ZeroDivisionError("the fuse is blown")
        return quiet()

    both = compare(play(breaks_when_told, until=200), play(quiet, until=200))
    before = both.bundle["runs"][0]["trace"]
    Fuse.blown = True
    both.rerun([split(50.0)], request=1)
    first, second = both.bundle["runs"]
    assert "ZeroDivisionError: the fuse is blown" in first["error"]
    assert first["trace"] is before
    assert first["faults"][0]["at"] == 50.0, "it stays in the list, so that it can be taken back"
    assert second["error"] is None
    assert "fault" in [e[1] for e in second["trace"]["events"]]
    Fuse.blown = False
    both.rerun([], request=2)
    assert [run["error"] for run in both.bundle["runs"]] == [None, None]


@pytest.mark.parametrize("nonsense", [{"at": 5}, "crash", None, {"at": 10, "call": "crash", "args": ["r9"]}])
def test_what_is_no_fault_is_an_error_in_words_in_both(nonsense):
    both = pair()
    before = [run["trace"] for run in both.bundle["runs"]]
    both.rerun([nonsense])
    for run, trace in zip(both.bundle["runs"], before, strict=True):
        assert re.search(r"is not a fault|no node 'r9'", run["error"])
        assert run["trace"] is trace


def test_acts_after_which_two_runs_are_too_much_for_one_picture_leave_the_last_good_one(monkeypatch):
    both = pair()
    before = [run["trace"] for run in both.bundle["runs"]]
    monkeypatch.setattr(import_module("dslib.views.compare"), "MOST_SENT", 1_000)
    both.rerun([split(250.0)], request=1)
    for run, trace in zip(both.bundle["runs"], before, strict=True):
        assert "more than one picture can carry" in run["error"]
        assert run["trace"] is trace
        assert run["request"] == 1
    with pytest.raises(
        ValueError, match=r"the two runs have [\d,]+ events, more than one picture can carry: .* until="
    ):
        pair()


def test_a_comparison_is_not_live_if_one_run_was_recorded_or_something_else_was_done_to_it():
    recorded = replay(quiet().run(until=200))
    for other in (recorded, play(minority, until=200)):
        both = compare(play(quiet, until=200), other)
        assert [run["live"] for run in both.bundle["runs"]] == [False, False]
        assert [run["tools"] for run in both.bundle["runs"]] == [None, None]


# ---------------------------------------------------------------- where no Python is


def test_a_comparison_is_shown_without_python_and_without_a_script(tmp_path, monkeypatch):
    monkeypatch.setenv("DSLIB_LIVE", "1")
    both = pair(title="With <b>loss</b>")
    data, _ = both._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(both)
    html = data["text/html"]
    assert html.count("<svg") == 2
    assert "&lt;b&gt;loss" in html
    page = Page(html)
    assert page.labels == [
        f"Space-time diagram. {name}: {view.summary}"
        for name, view in zip(("naive", "mitigated"), both.views, strict=True)
    ]
    (carried,) = page.bundles
    assert [run["live"] for run in carried["runs"]] == [False, False]
    save_page(tmp_path / "page.html", both, play(quiet, until=50))
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    bundles = Page(text).bundles
    assert "runs" in bundles[0]
    assert "trace" in bundles[1]
    assert both.summary.split(";")[0] in text
    assert both.to_html() == both.to_html()


def test_a_page_never_holds_what_json_cannot_say():
    text = player_module.to_json({"args": [float("inf"), float("nan"), 1.5]})
    assert json.loads(text) == {"args": ["inf", "nan", 1.5]}


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: compare(play(quiet, until=50)), r"not one run only: write compare\(play\(naive"),
        (lambda: compare(quiet, quiet), "not a function: write compare"),
        (lambda: compare(quiet(), quiet()), r"not a Simulation: write compare\(replay\(sim\), replay\(other\)\)"),
        (lambda: compare(server_down), r"write compare\(server_down\.CARD\)"),
        (lambda: compare(play(quiet, until=50), play(quiet, until=50), loss=0.1), r"loss=… is for a card"),
        (lambda: compare(play(quiet, until=50), play(quiet, until=50), until=10), r"until=… is for a card"),
        (lambda: compare(server_down.CARD, play(quiet, until=50)), "without a second run"),
        (lambda: compare(server_down.CARD, 2, seed=3), "without a second run"),
    ],
)
def test_what_cannot_be_compared_is_told_what_to_write(make, says):
    with pytest.raises(TypeError, match=says):
        make()


@pytest.mark.parametrize("names", ["ab", ("a",), ("a", "a"), ("a", ""), ("a", 2), ()])
def test_two_names_that_differ_are_needed(names):
    with pytest.raises(ValueError, match="write two names that differ"):
        pair(until=20, names=names)


def test_the_same_view_twice_is_no_comparison():
    view = play(quiet, until=50)
    with pytest.raises(ValueError, match="the same view twice"):
        compare(view, view)


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"replica": 3}, "card 2, Server down, has no knob 'replica': it has replicas, repair_s, burned"),
        ({"replicas": 99}, r"replicas is 99 \("),
        ({"since": -5}, "since is -5: write ms, from 0 to 60_000"),
        ({"until": "late"}, "until is 'late': write ms"),
        ({"since": 30_000, "until": 20_000}, "since=30_000 and until=20000 show nothing of this card"),
        ({"until": 70_000}, "its run goes from 0 to 60_000 ms"),
    ],
)
def test_a_card_refuses_what_it_does_not_have(knobs, says):
    with pytest.raises(ValueError, match=says):
        compare(server_down.CARD, **knobs)


# ---------------------------------------------------------------- cards


@pytest.mark.parametrize("card", [GALLERY[n - 1] for n in (2, 6, 10, 12, 14)], ids=lambda card: str(card.number))
def test_a_card_fits_into_one_picture_around_the_moment_when_users_notice(card):
    seed = card.number % 3
    both = compare(card, seed)
    assert isinstance(both, Comparison)
    size = len(json.dumps(both.bundle, ensure_ascii=False, separators=(",", ":")))
    assert size <= player_module.MOST_SENT * 1.05, f"card {card.number}: {size:,}"
    end, begin = (
        float(text.replace(",", ""))
        for text in re.search(r"picture ends at ([\d,]+) ms, .* before ([\d,]+) ms are not", both.summary).groups()  # type: ignore[union-attr]
    )
    for mitigated, (view, run) in enumerate(zip(both.views, both.bundle["runs"], strict=True)):
        whole = card.simulate(card.params, seed, bool(mitigated), "events").run(until=end)
        sent = whole.trace.where(kind="send", after=begin)
        expected = [[e.time, e.src, e.dest, e.id, type(e.msg).__name__] for e in sent]
        shown = [e for e in run["trace"]["events"] if e[1] == "send"]
        assert [[e[0], *e[2:5], e[5]["type"]] for e in shown] == expected, (
            f"card {card.number}: all that is sent in that time, and nothing from before"
        )
        ids = {e[4] for e in shown}
        assert all(e[4] in ids for e in run["trace"]["events"] if e[1] in ("deliver", "drop"))
        times = [e[0] for e in run["trace"]["events"]]
        assert times == sorted(times)
        seen = what_users_saw(whole.history, end, within=WITHIN_MS, wrong=wrong_reads(whole))
        assert [op["outcome"] for op in run["operations"]] == [s.outcome for s in seen]
        assert view.sim.now == end
    naive = both.bundle["runs"][0]
    bad = [op for op in naive["operations"] if op["outcome"] not in ("good", "open") and op["start"] >= begin]
    assert bad, f"card {card.number}: nobody notices anything between {begin} and {end} ms"
    results = card.run(seed=seed)
    reach = []
    for name, result, run in zip(both.bundle["names"], results[-2:], both.bundle["runs"], strict=True):
        share = result.outcome.availability
        said = float(re.search(rf"{name}: [\d,]+ of [\d,]+ operations good = ([\d.]+) %", both.summary)[1])  # type: ignore[index]
        assert said == pytest.approx(100 * share, abs=0.06), f"card {card.number}: of the whole run"
        judged = [op["outcome"] == "good" for op in run["operations"] if op["judged"] is not None]
        part = float(re.search(rf"when it was .*{name} ([\d.]+) %", both.summary)[1])  # type: ignore[index]
        assert part == pytest.approx(100 * sum(judged) / len(judged), abs=0.06), f"card {card.number}: of the part"
        reach += [name] if share >= 0.9 else []
    who = ("Neither reaches", f"Only {reach[0] if reach else ''} reaches", "Both reach")[len(reach)]
    assert f" {who} the target of 90 %. That is the whole run, 60 s." in both.summary
    minute = both.whole_run
    assert minute is not None
    assert both.summary.startswith(minute.finding), "the chart of the minute says what the minute came to"
    for (good, bad), result in zip((one.slices for one in both._whole.answers), results[-2:], strict=True):  # type: ignore[union-attr]
        assert len(good) == len(bad) == 60
        assert sum(good) / (sum(good) + sum(bad)) == pytest.approx(result.outcome.availability)


def test_a_card_can_be_broken_further_by_hand_in_both_runs():
    both = compare(server_down.CARD, seed=1, replicas=2, since=19_500, until=20_500)
    faults = [fault.to_json() for fault in both.naive.faults]
    both.rerun([*faults, {"at": 20_200, "call": "network.cut", "args": ["door", "s1"]}], request=1)
    for run in both.bundle["runs"]:
        assert run["error"] is None
        assert any(e[1] == "fault" and e[6]["call"] == "network.cut" for e in run["trace"]["events"])
        assert run["since"] == 19_500
    assert both.summary.startswith("Up to 20,500 ms, naive: "), "what the rest would come to was not run"
    assert "whole run" not in both.summary
    both.rerun(faults, request=2)
    assert "That is the whole run" in both.summary


def test_the_still_picture_of_a_card_shows_the_part_that_the_player_shows():
    """Not the time before it, in which nothing is drawn, with all of the part squeezed into its right edge."""
    both = compare(server_down.CARD, seed=1, since=19_500, until=20_500)
    begins = [float(found.replace(",", "")) for found in re.findall(r"The picture shows ([\d,]+) to", both.still())]
    assert len(begins) == 2
    assert all(19_500 <= begin < 20_500 for begin in begins)


def test_a_long_run_is_left_out_of_a_notebook_and_goes_into_a_page(monkeypatch):
    monkeypatch.setattr(player_module, "MOST_CARRIED", 1_000)
    monkeypatch.delenv("DSLIB_STATIC", raising=False)
    view = play(quiet, until=300)
    assert "data-bundle" not in view._repr_mimebundle_()["text/html"]
    monkeypatch.setenv("DSLIB_STATIC", "1")
    assert "data-bundle" in view._repr_mimebundle_()["text/html"]

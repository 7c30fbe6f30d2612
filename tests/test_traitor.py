"""The game of lying to generals, and the picture of a war: what the form shows is what the nodes did."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import access
import gallery
import pytest

from dslib.protocols.byzantine_generals import (
    ATTACK,
    RETREAT,
    SealedGeneral,
    SignedGeneral,
    judge,
    om_messages,
    oral_wars,
    war,
)
from dslib.scenarios import hand_wars, lied, signed_camp
from dslib.scenarios.traitors import account, outcome, said, to_say
from dslib.views import betray, who_said_what


@pytest.mark.parametrize(("n", "ways", "won"), [(3, 16, 2), (4, 40, 0)])
def test_there_are_as_many_ways_to_lie_as_the_exhaustive_adversary_has_and_as_many_win(n, ways, won):
    wars = hand_wars(n)
    assert len(wars) == len({war[:4] for war in wars}) == oral_wars(n, 1, 1).runs == ways
    assert sum(bool(war.broken) for war in wars) == oral_wars(n, 1, 1).violations == won


def test_of_three_only_a_lieutenant_wins_who_is_to_attack_and_says_that_he_is_not():
    assert [war[1:4] for war in hand_wars(3) if war.broken] == [(1, ATTACK, (RETREAT,)), (2, ATTACK, (RETREAT,))]
    assert {war.broken for war in hand_wars(3)} == {"", "IC2"}


def test_python_and_the_form_know_the_same_wars():
    game = betray(3)
    assert str(game.send(2, ATTACK, RETREAT)).startswith("g2 is the traitor and lies: retreat to g1. g1 hears attack")
    assert "IC2 is broken" in str(game.send(1, ATTACK, RETREAT))
    assert "IC2" not in str(game.send(2, RETREAT, ATTACK))
    assert (len(game.tried), game.won) == (3, 2)
    assert "you have tried 3, and won 2 times" in str(game)
    assert game.widget.state == {"at": "2 retreat attack", "tried": list(game.tried)}
    game._heard(None, {"tried": "0 attack retreat attack"}, None)
    game._heard(None, {"tried": "9 attack"}, None)
    game._heard(None, "nonsense", None)
    assert list(game.tried)[3:] == ["0 attack retreat attack"]


def test_a_table_of_all_wars_stands_where_no_script_runs():
    for n in (3, 4):
        html = betray(n)._repr_html_()
        rows = re.findall(r'<tr><th scope="row">(g\d)</th><td>(\w+)</td><td>(.*?)</td><td>(.*?)</td></tr>', html)
        assert len(rows) == len(hand_wars(n))
        for war_, (who, order, says, told) in zip(hand_wars(n), rows, strict=True):
            assert (who, order) == (f"g{war_.traitor}", war_.order)
            assert [word.split()[0] for word in says.split(", ")] == list(war_.says)
            assert ("You win" in told) == bool(war_.broken) == told.startswith("✓")


def test_what_each_general_does_in_the_words_is_what_its_node_did():
    for war_ in (*hand_wars(3), *hand_wars(4)):
        words = " ".join(account(war_.sim))
        for name, node in war_.sim.nodes.items():
            if name not in ("g0", f"g{war_.traitor}"):
                assert f"{name} {node.action}s." in words
        assert ("broken" in outcome(war_.sim)) == bool(judge(war_.sim))
        assert len(said(war_.sim)) == om_messages(war_.n, 1)
        lies = sum(one.lie for one in said(war_.sim))
        assert lies == sum(word != war_.order for word in war_.says), war_[:4]


def test_a_picture_says_in_words_and_shapes_who_lies_and_what():
    view = who_said_what(lied(4, 0, ATTACK, (ATTACK, RETREAT, ATTACK)).sim, "A war")
    assert view.alt.startswith("War of generals. g0 is the traitor and lies: retreat to g2. g1 hears attack from g0,")
    assert view.svg.count('stroke-dasharray="5 4"') == 2, "one lie, and its key"
    assert view.svg.count("data-message=") == 3 + 6
    assert view.svg.count("data-general=") == 4
    assert ">R</text>" in view.svg
    assert "commander, traitor" in view.svg


def test_silence_draws_no_arrow_and_counts_as_retreat():
    sim = war(4, 1, ATTACK)
    sim.at(0, sim.lie, "g1", "silence")
    view = who_said_what(sim.run(until=60))
    assert view.svg.count("data-message=") == 3 + 4
    assert "What did not come counts as retreat. Most say attack: g2 attacks." in str(view)


def test_signed_orders_are_drawn_too_and_forged_ones_are_crossed_out():
    both = str(who_said_what(signed_camp().run(until=60)))
    assert "g1 hears attack from g0, retreat from g2. Properly signed: attack and retreat. So g1 retreats." in both
    forged = who_said_what(signed_camp(liar="g2", lie=("forges", RETREAT)).run(until=60))
    assert "retreat from g2 (forged). Properly signed: attack. So g1 attacks." in str(forged)
    assert 'class="cross"' in forged.svg
    assert "thrown away" in forged.svg
    assert 'class="cross"' not in who_said_what(war(3, 1, kind=SealedGeneral).run(until=60)).svg
    assert str(who_said_what(war(3, 1, kind=SignedGeneral).run(until=60))).startswith("Nobody lies.")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: betray(5), "generals=5: write 3 or 4"),
        (lambda: betray(True), "generals=True: write 3 or 4"),
        (lambda: betray(3).send(3, ATTACK, RETREAT), "traitor=3: write the number of a general, from 0"),
        (lambda: betray(3).send(2, ATTACK), r'what you say to g1, .*: send\(2, "attack", "retreat"\)'),
        (lambda: betray(3).send(2, "dance", RETREAT), "write who you are, what was ordered"),
        (lambda: betray(4).send(0, ATTACK, RETREAT), r'to g1, g2 and g3, .*send\(0, "attack", "retreat", "retreat", '),
        (lambda: to_say(2, 0), "2 generals cannot run m=1"),
        (lambda: lied(3, 2, ATTACK, (RETREAT, RETREAT)), r"g2 says something to g1: write 1 orders in says=\[…\]"),
        (lambda: lied(3, 2, ATTACK, ("dance",)), "'dance' is no order: write 'attack' or 'retreat'"),
        (lambda: who_said_what(war(4, 1)), "have not decided yet: run the war first"),
        (lambda: who_said_what(war(7, 2).run(until=100)), "7 generals in 3 rounds talk too much for one picture"),
        (lambda: who_said_what(gallery.broken().run(until=50)), "there are no generals in this run"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- in a browser


@pytest.fixture
def still(tmp_path: Path) -> str:
    """The address of a page without a kernel."""
    path = tmp_path / "traitor.html"
    with gallery.without_a_front_end():
        shown = "".join(gallery.html_of(view) for view in (betray(3), betray(4)))
    path.write_text(f"{gallery.PAGE}<main><h1>Traitors</h1>{shown}</main></body></html>", encoding="utf-8")
    return path.as_uri()


@pytest.mark.browser
def test_without_a_kernel_by_keyboard_and_by_mouse_every_war_ends_as_the_nodes_fought_it(still: str, new_page: Any):
    page = new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.goto(still)
    three, four = page.locator(".dslib-check").nth(0), page.locator(".dslib-check").nth(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert access.violations(page) == []

    # You are g2, the order is attack: one arrow key and Enter, and three generals have lost.
    you = three.get_by_role("radiogroup", name="You tell g1 that g0 said")
    you.get_by_label("attack").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    three.get_by_role("status").filter(has_text="✓ You win. g1 hears attack from g0, retreat from g2.").wait_for()
    assert "IC2 is broken." in three.get_by_role("img").get_attribute("aria-label")
    assert three.get_by_text("You have tried 1 of 16 ways to lie, and won 1 time.").is_visible()
    assert three.locator('[data-message="3"] .way').get_attribute("stroke-dasharray") == "5 4"
    three.get_by_role("radiogroup", name="The order is").get_by_label("retreat").check()
    assert three.get_by_role("status").text_content() == "", "what stands there was another war"
    three.get_by_role("radiogroup", name="You are").get_by_label("g0, the commander").check()
    assert three.get_by_role("radiogroup", name=re.compile("You tell")).count() == 2

    # All 40 of four, each as in Python.
    told = {f"{'✓' if w.broken else '✗'} {t}" for w, t in zip(hand_wars(4), tells(betray(4)), strict=True)}
    seen = set()
    for _ in hand_wars(4):
        four.get_by_role("button", name="Try another lie").click()
        seen.add(four.get_by_role("status").text_content())
    assert seen == told
    four.get_by_text("You have tried all 40 ways to lie, and won 0 times.").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Send", "the focus was lost"
    assert access.violations(page) == []


@pytest.mark.browser
def test_in_a_notebook_the_form_tells_the_kernel_and_shows_what_python_sent(page: Any):
    game = betray(3)
    page.set_content("<!doctype html><title>traitor</title><div id=here></div>")
    page.evaluate(
        """async ([source, game, state]) => {
            const module = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
            const { default: { render } } = await import(module);
            const sent = [], values = { game, state };
            let changed = () => {};
            const [get, send] = [(name) => values[name], (what) => sent.push(what)];
            const model = { get, send, on: (_, then) => { changed = then; }, off() {} };
            render({ model, el: document.getElementById("here") });
            Object.assign(window, { sent, python: (state) => { values.state = state; changed(); } });
        }""",
        [str(game.widget._esm), game.widget.game, game.widget.state],
    )
    page.get_by_role("button", name="Send").click()
    assert page.evaluate("sent") == [{"tried": "2 attack attack"}]
    game._heard(None, page.evaluate("sent")[0], None)
    game.send(1, ATTACK, RETREAT)
    page.evaluate("(state) => python(state)", game.widget.state)
    page.get_by_role("status").filter(has_text="✓ You win. g2 hears attack from g0, retreat from g1.").wait_for()
    assert page.get_by_role("radiogroup", name="You are").get_by_label("g1").is_checked()
    assert page.get_by_text("You have tried 2 of 16 ways to lie, and won 1 time.").is_visible()
    assert page.evaluate("sent.length") == 1, "what Python sent is no news to it"


def tells(game: Any) -> list[str]:
    """What the page knows of each war."""
    carried = re.search(r'data-dslib-traitor="(.*?)"', game._repr_html_()).group(1)
    return [war_["tell"] for war_ in json.loads(unescape(carried))["game"]["wars"].values()]

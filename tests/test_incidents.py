"""The incidents behind the cards, and the bonus cards: complete, dated, sourced, fair, and plain to read."""

import re
from itertools import chain

import pytest

from dslib.failures import bonus, incidents
from dslib.failures.bonus import BONUS
from dslib.failures.incidents import BONUS_INCIDENTS, INCIDENTS, UNDATED, Incident, Source

EVERY = [
    (card, incident) for card, several in chain(INCIDENTS.items(), BONUS_INCIDENTS.items()) for incident in several
]
SOURCES = [source for _, incident in EVERY for source in (incident.source, *incident.also)]

# The cards of the video's wall that have no run of their own.
WALL = {
    "Heisenbug",
    "Customer-reported failure",
    "0wned",
    "Caused an infrastructure failure",
    "Operator error",
    "Fail to pay bills",
    "Non-linear response",
    "Performance cliffs",
    "Non-hermetic builds",
    "Firewalls",
    "Kernel memory leak",
    "Isolation failure",
    "Hash collision",
    "Incorrect algorithm",
}

DAY = r"\d{1,2}"
MONTH = "(January|February|March|April|May|June|July|August|September|October|November|December)"
DATE = rf"({DAY} )?{MONTH}"
WHEN = rf"({DATE}( (and|to) {DATE})?|{DAY} (and|to) {DAY} {MONTH})?"


@pytest.fixture(params=EVERY, ids=lambda pair: f"{pair[0]}-{pair[1].organisation}-{pair[1].year}")
def incident(request) -> Incident:
    return request.param[1]


def find(card: int | str, organisation: str, year: int) -> Incident:
    where = INCIDENTS[card] if isinstance(card, int) else BONUS_INCIDENTS[card]
    (found,) = [one for one in where if organisation in one.organisation and one.year == year]
    return found


def test_every_card_from_1_to_14_has_at_least_two_incidents():
    assert sorted(INCIDENTS) == list(range(1, 15))
    for card, several in INCIDENTS.items():
        assert len(several) >= 2, f"card {card} rests on {len(several)} incident"


def test_every_incident_says_who_and_when_and_where_it_was_read(incident):
    assert incident.organisation.strip() == incident.organisation != ""
    assert 1960 <= incident.year <= 2026
    assert re.fullmatch(WHEN, incident.when), f"{incident.when!r} is not a day and a month"
    assert incident.source.title
    assert incident.source.publisher


def test_what_happened_is_told_in_a_few_whole_sentences(incident):
    assert len(incident.what.split()) < 60, f"{len(incident.what.split())} words: {incident.what}"
    for text in filter(None, (incident.what, incident.conflict)):
        assert text[0].isupper() or text[0].isdigit(), text
        assert text.endswith("."), text
        assert text == " ".join(text.split()), text


def test_a_report_is_not_older_than_what_it_reports(incident):
    for source in (incident.source, *incident.also):
        assert source.year == UNDATED or incident.year <= source.year <= 2026, f"{source}"


def test_words_that_mock_or_blame_are_kept_out(incident):
    ours = f"{incident.what} {incident.conflict}".lower()
    for word in (
        "stupid",
        "idiot",
        "careless",
        "forgot",
        "blunder",
        "fiasco",
        "embarrass",
        "incompeten",
        "sloppy",
    ):
        assert not re.search(rf"\b{word}", ours), f"{word!r} in: {ours}"


def test_no_incident_is_told_twice_on_one_card_nor_in_the_same_words():
    for card in (*INCIDENTS.values(), *BONUS_INCIDENTS.values()):
        events = [(one.organisation, one.year, one.when) for one in card]
        assert len(set(events)) == len(events), events
    told = [one.what for _, one in EVERY]
    assert len(set(told)) == len(told)


def test_one_event_may_teach_two_cards_only_where_we_mean_it():
    events = [(one.organisation, one.year, one.when) for _, one in EVERY]
    assert {event for event in events if events.count(event) > 1} == {
        ("Amazon Web Services (DynamoDB)", 2025, "19 and 20 October")
    }


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title[:40])
def test_an_address_is_whole_and_none_leads_to_a_package_registry(source):
    if source.url:
        assert re.fullmatch(r"https?://[\w.-]+\.[a-z]{2,}(/\S*)?", source.url), source.url
        host = source.url.split("/")[2]
        registries = r"(pypi|pythonhosted|npmjs|yarnpkg|crates|rubygems|nuget|anaconda|conda|packagist|goproxy|maven)\b"
        assert not re.search(registries, host), host
    assert source.year == UNDATED or 1990 <= source.year <= 2026


def test_an_address_belongs_to_one_source_only():
    """Two incidents may share a source; the same address under another title or year would be a slip."""
    for one in SOURCES:
        for other in SOURCES:
            assert one == other or one.url == "" or one.url != other.url, f"{one} and {other}"


def test_where_accounts_differ_both_are_shown():
    """The disagreements that we know of, each with the figures of both sides."""
    for card, organisation, year, figures in [
        (8, "National Information Resources Service", 2025, ("125,000", "191,000", "750,000")),
        (14, "UniSuper", 2024, ("two geographies", "two zones")),
        (10, "Knight Capital", 2012, ("440", "460")),
        (8, "Sidekick", 2009, ("almost certainly lost", "most")),
        (5, "Cloudflare", 2020, ("Byzantine", "omission")),
        (9, "Ericsson", 2018, ("30", "32", "11 countries")),
        (13, "CyberBunker", 2019, ("200", "500", "886")),
        (13, "DigitalOne", 2011, ("went offline", "did not")),
        (8, "GitLab", 2017, ("00:00", "23:25")),
        (14, "Atlassian", 2022, ("775", "400")),
    ]:
        found = find(card, organisation, year)
        for figure in figures:
            assert figure in found.conflict, f"{figure!r} is missing from {organisation}: {found.conflict!r}"


def test_what_disagrees_in_numbers_names_a_second_source():
    for card, organisation, year in [
        (8, "National", 2025),
        (14, "UniSuper", 2024),
        (10, "Knight", 2012),
        (8, "Side", 2009),
    ]:
        assert find(card, organisation, year).also, organisation


def test_an_incident_and_a_source_print_as_one_line_that_can_be_read_aloud():
    source = Source("A title", "A publisher", UNDATED)
    assert str(source) == "A title. A publisher, undated."
    told = Incident("Somebody", 1999, "", "It broke.", source, conflict="It did not.")
    assert str(told) == "Somebody, 1999: It broke. But: It did not. [A title. A publisher, undated.]"
    assert str(find(8, "GitLab", 2017)).startswith("GitLab, 31 January 2017: A directory")
    for _, one in EVERY:
        assert "\n" not in str(one)


def test_the_bonus_cards_are_the_fourteen_others_of_the_wall():
    assert len(BONUS) == len(WALL) == 14
    assert {card.title for card in BONUS} == WALL
    assert set(BONUS_INCIDENTS) <= WALL, "an incident whose card does not exist is never shown"


@pytest.mark.parametrize("card", BONUS, ids=lambda card: card.title)
def test_a_bonus_card_is_one_sentence_each_way_and_points_to_full_cards(card):
    for text in (card.means, card.helps):
        assert re.fullmatch(r"[A-Z][^.]*\.", text), f"not one sentence: {text}"
        assert len(text.split()) <= 25, text
    assert card.like
    assert len(set(card.like)) == len(card.like)
    assert set(card.like) <= set(INCIDENTS), card.like
    assert card.incidents == BONUS_INCIDENTS.get(card.title, ())
    assert str(card).startswith(f"{card.title}: {card.means}")


def test_the_example_in_the_module_is_what_it_prints():
    import doctest

    assert doctest.testmod(incidents).failed == 0
    assert doctest.testmod(bonus).failed == 0

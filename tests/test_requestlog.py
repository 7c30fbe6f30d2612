"""Reading a log that is never quite in order: what can be read is read, what cannot is counted, and nothing is lost."""

import math
import random
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslib.history import History, Operation
from dslib.requestlog import (
    Judged,
    LogWarning,
    RequestLog,
    Row,
    Spec,
    from_history,
    judge,
    read_log,
    write_log,
)

HEADER = "time_s,request_id,action_id,host,tenant,endpoint,status,latency_ms"
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)
ROWS = st.builds(
    Row,
    time_s=st.floats(-1e6, 1e9),
    request_id=NAMES,
    action_id=NAMES,
    host=NAMES,
    tenant=NAMES,
    endpoint=NAMES,
    status=st.integers(100, 599),
    latency_ms=st.floats(0, math.inf),
)


def request(number=0, **changes):
    row = Row(float(number), f"r{number}", f"a{number}", "gw-1", "acme", "/messages", 200, 12.5)
    return row._replace(**changes)


def line(**changes):
    return write_log([request(**changes)]).splitlines()[1]


def log_of(*lines):
    return "\n".join([HEADER, *lines, ""])


@given(st.lists(ROWS, unique_by=lambda row: row.request_id))
def test_a_written_log_is_read_back_unchanged(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LogWarning)  # the rows are unsorted
        log = read_log(write_log(rows))
    assert list(log) == sorted(rows, key=lambda row: row.time_s)
    assert log.problems == []


def test_a_clean_log_is_read_without_a_warning():
    log = read_log(write_log([request(1), request(2), request(3)]))
    assert [row.request_id for row in log] == ["r1", "r2", "r3"]
    assert log.report() == "3 requests read."
    assert log[0].status == 200
    assert log[0:2] == [request(1), request(2)]


def test_unsorted_rows_are_sorted_and_counted_and_none_is_set_aside():
    with pytest.warns(LogWarning, match=r"2 requests out of order: sorted by time_s"):
        log = read_log(write_log([request(5), request(1), request(7), request(6)]))
    assert [row.time_s for row in log] == [1, 5, 6, 7]
    assert log.late == 2
    assert log.problems == []


def test_a_repeated_row_counts_once_and_the_warning_names_both_lines():
    with pytest.warns(LogWarning, match=r"1 repeated \(line 4\): request 'r1' is on line 2 already") as caught:
        log = read_log(log_of(line(number=1), line(number=2), line(number=1)))
    assert [row.request_id for row in log] == ["r1", "r2"]
    assert "write each request once" in str(caught[0].message)


def test_two_different_rows_with_one_id_are_not_called_a_repetition():
    with pytest.warns(LogWarning, match=r"1 contradictory \(line 3\): .* line 2 already, with another status"):
        log = read_log(log_of(line(number=1), line(number=1, status=503)))
    assert [row.status for row in log] == [200]
    assert log.problems[0].text == line(number=1, status=503)


@pytest.mark.parametrize(
    ("bad", "wrong", "instead"),
    [
        (line(status=200).replace(",200,", ",-,"), "status is '-'", "from 100 to 599"),
        (line(status=200).replace(",200,", ",20,"), "status is '20'", "from 100 to 599"),
        (line(status=200).replace(",200,", ",²00,"), "status is '²00'", "from 100 to 599"),
        (line().replace("0.0,", "noon,", 1), "time_s is 'noon'", "seconds since the start"),
        (line().replace("0.0,", "nan,", 1), "time_s is 'nan'", "seconds since the start"),
        (line().replace("0.0,", "1_0,", 1), "time_s is '1_0'", "seconds since the start"),
        (line(latency_ms=-3), "latency_ms is '-3'", "0 or more"),
        (line(latency_ms=math.nan), "latency_ms is 'nan'", "0 or more"),
        (line().replace("acme", " "), "tenant is empty", "write the tenant"),
        ("12.5,r1,a1,gw", "ends after 4 fields", "all 8 columns"),
        ('12.5,"r1,a1,gw-1,acme,/messages,200,1', "cannot be split", "close the quotation marks"),
        ("\x00\x00\x00", "ends after 1 field", "all 8 columns"),
    ],
)
def test_a_malformed_row_is_set_aside_with_what_is_wrong_and_what_to_write(bad, wrong, instead):
    with pytest.warns(LogWarning, match=r"1 malformed \(line 3\)") as caught:
        log = read_log(log_of(line(number=1), bad, line(number=2)))
    assert [row.request_id for row in log] == ["r1", "r2"]
    message = str(caught[0].message)
    assert wrong in message
    assert instead in message
    assert [(problem.line, problem.text) for problem in log.problems] == [(3, bad)]


def test_empty_lines_are_counted_but_the_end_of_the_file_is_not_one():
    with pytest.warns(LogWarning, match=r"2 lines set aside.*\n  2 empty \(first is line 3\): delete the line"):
        log = read_log(log_of(line(number=1), "", "  \t", line(number=2)))
    assert len(log) == 2
    assert read_log(write_log([request()])).problems == []


def test_a_stray_quotation_mark_does_not_swallow_the_rows_after_it():
    rows = [line(number=n) for n in range(100)]
    rows[10] = rows[10].replace("gw-1", '"gw-1')
    with pytest.warns(LogWarning, match="1 malformed"):
        log = read_log(log_of(*rows))
    assert len(log) == 99


def test_however_bad_a_log_is_every_line_is_either_read_or_kept():
    for seed in range(100):
        rng = random.Random(seed)
        lines = [line(number=n) for n in range(30)]
        for _ in range(rng.randrange(20)):
            place = rng.randrange(len(lines))
            damage = rng.choice(["cut", "copy", "blank", "swap", "garble"])
            if damage == "cut":
                lines[place] = lines[place][: rng.randrange(len(lines[place]) + 1)]
            elif damage == "copy":
                lines.insert(rng.randrange(len(lines)), lines[place])
            elif damage == "blank":
                lines.insert(place, "")
            elif damage == "swap":
                other = rng.randrange(len(lines))
                lines[place], lines[other] = lines[other], lines[place]
            else:
                lines[place] = "".join(rng.sample(lines[place], len(lines[place])))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LogWarning)
            log = read_log(log_of(*lines))
        assert len(log) + len(log.problems) == len(lines), f"seed {seed}"
        assert [p.text for p in log.problems] == [lines[p.line - 2] for p in log.problems], f"seed {seed}"
        assert [row.time_s for row in log] == sorted(row.time_s for row in log), f"seed {seed}"


def test_the_counts_of_the_warning_add_up():
    with pytest.warns(LogWarning) as caught:
        log = read_log(log_of(line(number=3), "", line(number=1), "x", line(number=3), "", "y"))
    assert str(caught[0].message) == log.report()
    assert log.report().splitlines()[0] == "2 requests read. 5 lines set aside, kept in .problems:"
    assert [text.split()[:2] for text in log.report().splitlines()[1:]] == [
        ["2", "empty"],
        ["2", "malformed"],
        ["1", "repeated"],
        ["1", "request"],
    ]


def test_columns_may_stand_in_any_order_beside_others():
    text = "status,colour,time_s,latency_ms,host,tenant,endpoint,action_id,request_id\r\n"
    text += "503,red,2.5,inf,gw-2,acme,/search,a1,r1\r\n"
    assert list(read_log(text)) == [Row(2.5, "r1", "a1", "gw-2", "acme", "/search", 503, math.inf)]


@pytest.mark.parametrize("text", ["", "\n", line(), "time_s,status\n1,200\n"])
def test_a_log_without_its_header_is_refused_with_the_header_to_write(text):
    with pytest.raises(ValueError, match=f"no column '.*must name the columns {HEADER}"):
        read_log(text)


def test_a_file_name_in_place_of_its_contents_is_answered_with_the_call_that_reads_it():
    with pytest.raises(ValueError, match=r"Path\(name\)\.read_text\(\)"):
        read_log("chat.csv")


def test_a_column_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="'status' more than once"):
        read_log(HEADER + ",status\n")


def test_a_log_of_no_requests_is_a_log():
    assert len(read_log(HEADER + "\n")) == 0
    assert read_log("\ufeff" + HEADER).report() == "0 requests read."


@pytest.mark.parametrize("name", ["", " acme", "a\nb"])
def test_a_name_that_would_not_be_read_back_is_not_written(name):
    with pytest.raises(ValueError, match=r"tenant .* of request 'r0' would not be read back"):
        write_log([request(tenant=name)])


def test_a_history_becomes_a_log_of_what_its_clients_saw():
    history = History()
    op = history.invoke("alice", "write", "x", 1, now=1_500.0)
    op.ok(now=1_520.0)
    op = history.invoke("bob", "read", "x", now=1_000.0)
    op.fail(now=1_010.0)
    history.invoke("alice", "read", "x", now=2_000.0).info()
    history.invoke("alice", "read", "x", now=9_000.0).ok(1, now=9_004.0)

    log = from_history(history)

    assert isinstance(log, RequestLog)
    assert [(row.time_s, row.tenant, row.endpoint, row.status, row.latency_ms) for row in log] == [
        (1.0, "bob", "/read", 503, 10.0),
        (1.5, "alice", "/write", 200, 20.0),
        (2.0, "alice", "/read", 504, math.inf),  # nobody answered: it took for ever
        (9.0, "alice", "/read", 200, 4.0),  # the same tenant, although the process is alice#2 by now
    ]


def test_a_history_can_say_more_through_a_row_of_ones_own():
    history = [Operation("alice", "post", result=("gw-2", 429), invoked=0, completed=5)]
    log = from_history(
        history, lambda op: Row(op.invoked / 1_000, "r", "a", op.result[0], "acme", "/post", op.result[1], 5.0)
    )
    assert (log[0].host, log[0].status) == ("gw-2", 429)


def test_judged_requests_keep_what_an_sli_needs():
    judged = judge([request(1), request(2)], lambda row, spec: "good" if row.time_s == 1 else "bad", Spec())
    assert judged == [
        Judged(1.0, "good", "a1", "gw-1", "acme", "/messages"),
        Judged(2.0, "bad", "a2", "gw-1", "acme", "/messages"),
    ]


@pytest.mark.parametrize("verdict", [None, True, "Good", "ok"])
def test_a_verdict_outside_the_three_is_refused_by_request(verdict):
    with pytest.raises(ValueError, match=f"request 'r7' was judged {verdict!r}"):
        judge([request(7)], lambda row, spec: verdict, Spec())

"""Named situations: functions that return a simulation which has not run yet, shared by lessons, labs and tests.

One file for each kind: ``documents`` (where a document is kept), ``crowds`` (one user and many), ``parts`` (what is
made of machines that fail), ``waiting`` (slow or dead), ``rooms`` (the chat room, and what cuts do to it),
``workbench`` (one small call: lost, repeated, at the wrong door), ``orders`` (who spoke first), ``agreement`` (a
majority goes on), ``far_away``, ``scaling``, ``servers``, ``swarms``, ``sites`` and ``decisions`` (why build one, and
whether to).
``dashboards`` (whom the average hides), ``diagnosis`` (name the failure), ``fleets`` (how rare is rare), ``overload``
(what keeps a failure going). ``cuts`` (every cut, in every order), ``suspicions`` (how long to wait), ``groups`` (who
takes over), ``spares`` (restart or hot spare), ``guards`` (lies into silence), ``roads`` (congestion, wrong turns, long
lines). ``valley`` (two generals), ``traitors`` (wars lied through by hand),
``generals`` and ``quorums`` (what stands up to lies, and what it costs). ``paging`` (who is woken), ``agreements`` (who
pays), ``improvements`` (what to fix) and ``suppliers`` (who watches them) are the decisions of lesson 7; before them
come ``chat_levels`` (the chat service and its SLI), ``nines`` (what a target allows), ``probing`` (how often do you
look), ``tails`` (the average lies), ``releases`` (spend the budget) and ``departures`` (flights, as real requests).
"""

from .agreement import (
    after_leader_fails,
    failing_store,
    parted_store,
    share_that_went_on,
    store_seen,
    two_sides,
)
from .agreements import (
    CUSTOMERS,
    MONTHS,
    Agreement,
    Customer,
    Outage,
    a_month,
    missed,
    months_of_a_service,
    settle,
    try_credit,
    try_promise,
)
from .chat_levels import (
    BREAKAGES,
    ENDS,
    TARGET,
    WITHIN_MS,
    Level,
    answers_by_second,
    answers_seen,
    chat_service,
    level,
    levels_where,
    sli_of,
    try_sli,
)
from .crowds import SYSTEMS, Served, one_computer, served, several_machines, waits
from .cuts import CUTS, counting_room, every_cut, every_order
from .dashboards import Dashboard, dashboard, wiped_tenant
from .decisions import Box, Decision, decide
from .departures import Departure, bad_each_day, by_carrier, departures, share_on_time
from .diagnosis import Case, card_of, confused, drawn, hidden
from .documents import (
    SAVED_WHEN,
    Fate,
    Machine,
    after_the_failure,
    document,
    document_seen,
    laptop_burns,
    try_saved_when,
)
from .far_away import WRITE_WAITS, Trips, fetch_ms, trips, two_cities, two_cities_seen
from .fleets import by_product, chance_today, disks_a_year, failures_a_day, failures_each_day, same_order
from .generals import Arena, all_rules, arena, convinced, damaged_wars, falls, lied_to, signed_camp, try_lies
from .groups import grouped_room, take_over
from .guards import GUARDS, faulty_till, one_bad_post, spread, told
from .improvements import (
    FIXES,
    SERVICES,
    Cause,
    Fix,
    Service,
    before_and_after,
    improved,
    lost_minutes,
    service_year,
    try_fix,
    what_to_fix,
)
from .nines import Allowance, allowance, nines, span
from .orders import all_said, in_order, talk, who_spoke_first
from .overload import (
    after_the_stall,
    behind_the_door,
    deadly_post,
    dominoes,
    load_after_a_loss,
    posts_seen,
    spare_room,
    try_let_in,
)
from .paging import (
    ERROR_SHAPES,
    RULE_SETS,
    ErrorShape,
    Week,
    error_shape,
    incident_week,
    judge,
    judge_all,
    try_rules,
    who_pages,
)
from .parts import need, share_of_time, watched_parts
from .probing import Looked, looked, outages_of, reports
from .quorums import LIARS, advice, pbft_bill, room_answers, served_by, trusted_room, try_quorum
from .releases import Month, always_release, freeze_below, never_release, play_month, played, try_policy
from .roads import WAYS, astray, busy_link, traffic, wrong_turn, years_abroad
from .rooms import (
    CUT_MS,
    SECOND_MS,
    SHAPES,
    USERS,
    Second,
    chat_room,
    dangerous_second,
    measure_second,
    replica_names,
    room_places,
    silence,
    split_room,
    triangle,
    try_rule,
    two_truths,
    who_writes,
)
from .scaling import Fit, fit_usl, pieces_a_second, usl, usl_peak, workshop
from .servers import BREAKS, UPGRADES, answered, rented, upgrading, who_works
from .sites import APART, LAWS, SITES, Aftermath, Site, aftermath, kept_at, placements, try_placing
from .spares import Plan, prepared_room, recover, try_plan
from .suppliers import (
    SUPPLIERS,
    WATCHES,
    Supplier,
    Watch,
    expected_minutes,
    promised,
    try_watch,
    watched,
    what_watching_buys,
)
from .suspicions import (
    LOSSES,
    TIMEOUTS_S,
    alarms_per_hour,
    mean_detection_s,
    measure_timeouts,
    try_timeout,
    wait_table,
    watch_each_other,
    watched_peer,
)
from .swarms import Bill, bill, sharing
from .tails import (
    HOSTS,
    Waits,
    chance_of_a_slow_page,
    host_waits,
    parts_for_half,
    slow_pages,
    summed_up,
    try_fleet_p99,
    waits_with_mean,
)
from .traitors import HandWar, camp, hand_wars, inbox, lied
from .valley import Valley, valley, valley_wars
from .verdicts import Trial, Verdict
from .waiting import TROUBLES, answer_times, asking, heard_until
from .workbench import (
    Done,
    NaiveRoom,
    OnceRoom,
    Post,
    doubled,
    layers_asked,
    lossy_calls,
    moved_room,
    posted_once,
    posting,
    stale_name,
    tower,
    try_member,
    try_room,
    what_retries_buy,
)

__all__ = [
    "APART", "BREAKAGES", "BREAKS", "CUSTOMERS", "CUTS", "CUT_MS", "ENDS", "ERROR_SHAPES", "FIXES", "GUARDS", "HOSTS",
    "LAWS", "LIARS", "LOSSES", "MONTHS", "RULE_SETS", "SAVED_WHEN", "SECOND_MS", "SERVICES", "SHAPES", "SITES",
    "SUPPLIERS", "SYSTEMS", "TARGET", "TIMEOUTS_S", "TROUBLES", "UPGRADES", "USERS", "WATCHES", "WAYS", "WITHIN_MS",
    "WRITE_WAITS", "Aftermath", "Agreement", "Allowance", "Arena", "Bill", "Box", "Case", "Cause", "Customer",
    "Dashboard", "Decision", "Departure", "Done", "ErrorShape", "Fate", "Fit", "Fix", "HandWar", "Level", "Looked",
    "Machine", "Month", "NaiveRoom", "OnceRoom", "Outage", "Plan", "Post", "Second", "Served", "Service", "Site",
    "Supplier", "Trial", "Trips", "Valley", "Verdict", "Waits", "Watch", "Week", "a_month", "advice",
    "after_leader_fails", "after_the_failure", "after_the_stall", "aftermath", "alarms_per_hour", "all_rules",
    "all_said", "allowance", "always_release", "answer_times", "answered", "answers_by_second", "answers_seen",
    "arena", "asking", "astray", "bad_each_day", "before_and_after", "behind_the_door", "bill", "busy_link",
    "by_carrier", "by_product", "camp", "card_of", "chance_of_a_slow_page", "chance_today", "chat_room",
    "chat_service", "confused", "convinced", "counting_room", "damaged_wars", "dangerous_second", "dashboard",
    "deadly_post", "decide", "departures", "disks_a_year", "document", "document_seen", "dominoes", "doubled", "drawn",
    "error_shape", "every_cut", "every_order", "expected_minutes", "failing_store", "failures_a_day",
    "failures_each_day", "falls", "faulty_till", "fetch_ms", "fit_usl", "freeze_below", "grouped_room", "hand_wars",
    "heard_until", "hidden", "host_waits", "improved", "in_order", "inbox", "incident_week", "judge", "judge_all",
    "kept_at", "laptop_burns", "layers_asked", "level", "levels_where", "lied", "lied_to", "load_after_a_loss",
    "looked", "lossy_calls", "lost_minutes", "mean_detection_s", "measure_second", "measure_timeouts", "missed",
    "months_of_a_service", "moved_room", "need", "never_release", "nines", "one_bad_post", "one_computer",
    "outages_of", "parted_store", "parts_for_half", "pbft_bill", "pieces_a_second", "placements", "play_month",
    "played", "posted_once", "posting", "posts_seen", "prepared_room", "promised", "recover", "rented",
    "replica_names", "reports", "room_answers", "room_places", "same_order", "served", "served_by", "service_year",
    "settle", "several_machines", "share_of_time", "share_on_time", "share_that_went_on", "sharing", "signed_camp",
    "silence", "sli_of", "slow_pages", "span", "spare_room", "split_room", "spread", "stale_name", "store_seen",
    "summed_up", "take_over", "talk", "told", "tower", "traffic", "triangle", "trips", "trusted_room", "try_credit",
    "try_fix", "try_fleet_p99", "try_let_in", "try_lies", "try_member", "try_placing", "try_plan", "try_policy",
    "try_promise", "try_quorum", "try_room", "try_rule", "try_rules", "try_saved_when", "try_sli", "try_timeout",
    "try_watch", "two_cities", "two_cities_seen", "two_sides", "two_truths", "upgrading", "usl", "usl_peak", "valley",
    "valley_wars", "wait_table", "waits", "waits_with_mean", "watch_each_other", "watched", "watched_parts",
    "watched_peer", "what_retries_buy", "what_to_fix", "what_watching_buys", "who_pages", "who_spoke_first",
    "who_works", "who_writes", "wiped_tenant", "workshop", "wrong_turn", "years_abroad",
]  # fmt: skip

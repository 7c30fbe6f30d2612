"""Exploring schedules: every order is walked, each state once; what can go wrong is found, by a shortest story."""

from __future__ import annotations

import random
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from functools import partial

import pytest

from dslib import (
    Client,
    KeyValue,
    LamportClock,
    Message,
    Network,
    Node,
    Reply,
    Retry,
    ScriptClient,
    Simulation,
    VectorClock,
    check_linearizable,
    schedules,
)
from dslib.protocols import majority, primary_backup, raft
from dslib.schedules import explore_schedules
from dslib.views import replay

# -- worlds that can be counted by hand -------------------------------------------------------------------------------


class Note(Message):
    text: str


class Writer(Node):
    """Sends one note to each of ``to``: the first letters of the alphabet."""

    def on_start(self):
        for dest, letter in zip(self.to, self.letters, strict=True):
            self.send(dest, Note(letter))


class Reader(Node):
    """Remembers what it read, in order."""

    def on_start(self):
        self.read = ()

    def on_note(self, src, msg):
        self.read += (msg.text,)


class Forgetful(Reader):
    """Remembers only how much it read."""

    def on_start(self):
        self.read = 0

    def on_note(self, src, msg):
        self.read += 1


class Sleeper(Node):
    """Wakes once."""

    def on_start(self):
        self.awake = False
        self.set_timer("wake", self.delay)

    def on_wake_timeout(self):
        self.awake = True


def notes(*to, letters="abcdefgh", reader=Reader, **network):
    def scenario():
        readers = [reader(name) for name in dict.fromkeys(to)]
        writer = Writer("writer", to=to, letters=letters[: len(to)])
        return Simulation(writer, *readers, network=Network(**network))

    return scenario


def counted(found):
    assert found, found
    return found.states


def test_two_messages_to_two_nodes_make_four_states():
    found = explore_schedules(notes("x", "y"))
    assert (found.states, found.runs, found.depth) == (4, 4, 2)  # both arrived: by one of the two orders
    assert explore_schedules(notes("x", "y"), deduplicate=False).states == 5  # both arrived, in either order


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_messages_to_nodes_of_their_own_are_in_2_to_the_n_states(n):
    assert counted(explore_schedules(notes(*"vwxyz"[:n]))) == 2**n


def test_a_node_that_remembers_the_order_has_a_state_for_each_order():
    assert counted(explore_schedules(notes("x", "x", "x"))) == 1 + 3 + 3 * 2 + 3 * 2 * 1


def test_a_node_that_counts_has_a_state_for_each_set_of_messages_on_their_way():
    assert counted(explore_schedules(notes("x", "x", "x", reader=Forgetful))) == 2**3


def test_equal_messages_are_a_multiset():
    assert counted(explore_schedules(notes("x", "x", "x", letters="aaa"))) == 4  # 3, 2, 1 or none on their way


def test_on_a_fifo_link_there_is_one_order():
    assert counted(explore_schedules(notes("x", "x", "x", fifo=True))) == 4
    assert counted(explore_schedules(notes("x", "x", "y", fifo=True))) == 3 * 2


def test_any_running_timer_may_run_out_whatever_it_was_set_to():
    def three():
        return Simulation(*(Sleeper(name, delay=delay) for name, delay in (("a", 1), ("b", 1_000), ("c", 9))))

    woken = set()
    found = explore_schedules(three, lambda sim: woken.add(tuple(node.awake for node in sim.nodes.values())) or True)
    assert counted(found) == len(woken) == 2**3
    assert counted(explore_schedules(three, timers=1)) == 1 + 3
    assert counted(explore_schedules(three, timers={"wake": 0})) == 1


def test_a_node_is_up_or_down_or_up_again():
    def alone():
        return Simulation(Reader("x"))

    assert counted(explore_schedules(alone)) == 1
    assert counted(explore_schedules(alone, crashes=1)) == 3
    assert counted(explore_schedules(alone, crashes=2)) == 5
    assert counted(explore_schedules(alone, crashes=2, victims=())) == 1


def test_a_message_is_on_its_way_or_arrived_or_lost():
    assert counted(explore_schedules(notes("x"), drops=1)) == 3
    # None, one or both lost, but for the second loss of ("x", "y"): 3 x 3 ways to be, less both lost.
    assert counted(explore_schedules(notes("x", "y"), drops=1)) == 3 * 3 - 1


def test_clients_crash_only_if_they_are_named():
    def scenario():
        return Simulation(Reader("x"), Client("user"))

    assert counted(explore_schedules(scenario, crashes=1)) == 3
    # All up, one of two down, all up again.
    assert counted(explore_schedules(scenario, crashes=1, victims=("user", "x"))) == 4


def test_what_the_scenario_schedules_comes_in_order_at_any_moment():
    """A note that is on its way, a cut and its healing: the note is there, lost or on its way, at each of three."""

    def scenario():
        sim = notes("x")()
        sim.at(5, sim.network.cut, "writer", "x")
        sim.at(6, sim.network.heal)
        return sim

    def alone():
        sim = notes("x")()
        sim.at(0, sim.network.cut, "writer", "x")
        return sim

    # Before the cut: on its way, read. During: on its way, read before, lost. After: on its way, read, lost.
    assert counted(explore_schedules(scenario)) == 2 + 3 + 3
    assert counted(explore_schedules(alone)) == 1  # at 0 the cut is older than the message


# -- de-duplication ---------------------------------------------------------------------------------------------------


class Token(Message):
    colour: int
    hops: int


class Automaton(Node):
    """A machine with a few states and a table: what a token makes of it, and whom it sends the next one."""

    def on_start(self):
        self.state = self.disk.get("state", 0)
        if self.name == "a":
            self.send("b", Token(0, self.hops))
            self.send("c", Token(1, self.hops))
        self.set_timer("tick", 5)

    def on_tick_timeout(self):
        self.state = self.table[self.state, 2][0]

    def on_token(self, src, msg):
        self.state, dest, colour, keep = self.table[self.state, msg.colour]
        if keep:
            self.disk["state"] = self.state
        if msg.hops and dest != self.name:
            self.send(dest, Token(colour, msg.hops - 1))


def automata(seed):
    """Three machines with tables drawn from the seed."""
    dice = random.Random(seed)
    tables = [
        {
            (state, colour): (dice.randrange(3), dice.choice("abc"), dice.randrange(2), dice.random() < 0.5)
            for state in range(3)
            for colour in range(3)
        }
        for _ in range(3)
    ]
    bad = tuple(dice.randrange(3) for _ in range(3))

    def scenario():
        return Simulation(*(Automaton(name, table=t, hops=1) for name, t in zip("abc", tables, strict=True)))

    return scenario, bad


def at(sim):
    return tuple(getattr(node, "state", None) for node in sim.nodes.values())


def test_states_walked_once_or_by_every_story_are_the_same_states():
    shrunk = 0
    for seed in range(6):
        scenario, _ = automata(seed)
        once, ever = set(), set()
        bounds = {"timers": 1, "crashes": 1, "victims": ("b",)} if seed % 2 else {"timers": 2, "drops": 1}
        bounds["max_depth"] = 4
        found = explore_schedules(scenario, lambda sim, seen=once: seen.add(at(sim)) or True, **bounds)
        every = explore_schedules(
            scenario, lambda sim, seen=ever: seen.add(at(sim)) or True, deduplicate=False, **bounds
        )
        assert once == ever, f"seed {seed}"
        assert found.states <= every.states
        shrunk += found.states < every.states
    assert shrunk > 3


def test_with_and_without_deduplication_the_same_failures_are_found():
    failed = 0
    for seed in range(12):
        scenario, bad = automata(seed)
        bounds = {"timers": 1, "crashes": seed % 2, "victims": ("c",), "max_depth": 4}
        found, every = (
            explore_schedules(scenario, lambda sim, bad=bad: at(sim) != bad, deduplicate=once, **bounds)
            for once in (True, False)
        )
        assert (found.failure is None) == (every.failure is None), f"seed {seed}"
        if found.failure:
            failed += 1
            assert found.failure.steps == every.failure.steps, f"seed {seed}"
            assert found.failure.story == every.failure.story, f"seed {seed}"
    assert 2 < failed < 10


class Twins(Node):
    """Two lists, or two names for one; a note changes the first."""

    def on_start(self):
        self.first, self.second = [], []

    def on_note(self, src, msg):
        if msg.text == "a":
            self.second = self.first
        else:
            self.first.append(msg.text)


def test_two_names_for_one_list_are_another_state_than_two_equal_lists():
    ends = set()

    def both(sim):
        ends.add((tuple(sim.nodes["x"].first), tuple(sim.nodes["x"].second)))
        return True

    found = explore_schedules(notes("x", "x", reader=Twins), both)
    assert counted(found) == 1 + 2 + 1  # b arrives before or after a: the lists are one in the end
    assert ends == {((), ()), (("b",), ()), (("b",), ("b",))}

    class Apart(Twins):
        def on_note(self, src, msg):
            if msg.text == "a":
                self.second = list(self.first)
            else:
                self.first.append(msg.text)

    assert counted(explore_schedules(notes("x", "x", reader=Apart))) == 1 + 2 + 2


class Ordered(Node):
    def on_start(self):
        self.read = {}

    def on_note(self, src, msg):
        self.read[msg.text] = True


class Unordered(Node):
    def on_start(self):
        self.read = set()

    def on_note(self, src, msg):
        self.read.add(msg.text)


def test_a_dict_remembers_the_order_of_its_keys_and_a_set_does_not():
    assert counted(explore_schedules(notes("x", "x", "x", reader=Ordered))) == 16
    assert counted(explore_schedules(notes("x", "x", "x", reader=Unordered))) == 8


class Gambler(Node):
    def on_start(self):
        self.won = 0

    def on_note(self, src, msg):
        if msg.text == "b":
            self.random.random()


def test_how_often_a_node_drew_from_its_dice_is_part_of_the_state():
    found = explore_schedules(notes("x", "x", letters="ab", reader=Gambler))
    assert counted(found) == 4
    assert "with these dice" in str(found)
    assert counted(explore_schedules(notes("x", "x", letters="bb", reader=Gambler))) == 3
    assert "dice" not in str(explore_schedules(notes("x")))


class Watcher(Node):
    def on_start(self):
        self.seen = ()

    def on_note(self, src, msg):
        self.seen += (self.clock.read(), self.clock.monotonic())


def test_clocks_stand_still():
    clocks = set()
    found = explore_schedules(notes("x", "x", reader=Watcher), lambda sim: clocks.update(sim.nodes["x"].seen) or True)
    assert counted(found) == 4
    assert clocks == {0.0}


@dataclass
class Box:
    inside: list


def test_texts_are_equal_only_if_values_are():
    """What a state is compared by: all the ways in which Python can keep something."""

    def factory(step):
        def count(n):
            return count(n - step) if n > 0 else n

        return count

    def text(*values):
        return schedules.Text().of(values)

    one, other = [], []
    values = [
        0, False, None, "", (), [], {}, set(), frozenset(), 0.0, -0.0, b"", "0", (0,), [0], ["0"], {0: 1}, {0: 2},
        {1, 2}, {0: 1, 1: 0}, {1: 0, 0: 1}, deque([0]), deque([1]), deque([0], 3), Counter("ab"), Counter("a"),
        defaultdict(int), defaultdict(list), OrderedDict(a=1), Box([0]), Box([1]), Note("a"), Note("b"), Ask(1),
        Vote(1), LamportClock(1), LamportClock(2), VectorClock("a"), random.Random(1), random.Random(2), len, max,
        Box, Note, factory(1), factory(2), partial(max, 1), partial(max, 2), [].append, [1].append, Box([0]).__eq__,
        [one, one], [one, other],
    ]  # fmt: skip
    assert len({text(value) for value in values}) == len(values)
    assert text({3, 1, 2}) == text({1, 2, 3})
    assert text(factory(1), factory(1)) == text(factory(1), factory(1))
    assert text(Box([0]), deque([1])) == text(Box([0]), deque([1]))


class Keeper(Node):
    def on_start(self):
        self.rest = (number for number in range(3))


def test_a_node_that_keeps_what_cannot_be_compared_is_refused():
    with pytest.raises(TypeError, match=r"attribute 'rest' of node 'x' holds a generator.* keep numbers, texts"):
        explore_schedules(lambda: Simulation(Keeper("x")))


# -- both sides write under the wrong majority rule -------------------------------------------------------------------


class Post(Message):
    text: str


class Board(majority.PingAll):
    """A replica of a message board: takes posts while the rule allows it. Who has no author only answers."""

    def on_start(self):
        super().on_start()
        self.posts = 0

    def on_ping_timeout(self):
        if self.asks:
            super().on_ping_timeout()

    def on_post(self, src, msg):
        if self.rule(self.hears, self.n):
            self.posts += 1


class Author(Node):
    """Posts to one replica."""

    def on_start(self):
        self.broadcast(Post("hello"))


def boards(rule, *sides, cut_at=0):
    """Replicas in two groups that cannot talk, and in each group somebody who posts to the first one."""

    def scenario():
        names = [name for side in sides for name in side]
        asking = [side[0] for side in sides]
        replicas = [
            Board(name, peers=tuple(n for n in names if n != name), rule=rule, asks=name in asking) for name in names
        ]
        authors = [Author(f"author{i}", peers=(side[0],)) for i, side in enumerate(sides)]
        sim = Simulation(*replicas, *authors)
        sim.at(cut_at, sim.network.partition, *map(set, sides))
        return sim

    return scenario


def one_side_writes(*sides):
    def one_side(sim):
        return sum(any(sim.nodes[name].posts for name in side) for side in sides) <= 1

    return one_side


ONE_ROUND = {"ping": 0}


@pytest.mark.parametrize(
    ("rule", "sides", "steps", "states", "all_states"),
    [
        (majority.at_least_half, ("ab", "cd"), 8, 225, 196),
        (majority.at_least_half_rounded_down, ("a", "bc"), 2, 12, 60),
    ],
)
def test_both_sides_write_under_the_wrong_majority_rule(rule, sides, steps, states, all_states):
    wrong = explore_schedules(boards(rule, *sides), one_side_writes(*sides), timers=ONE_ROUND)
    assert (wrong.failure.steps, wrong.states) == (steps, states)
    right = explore_schedules(boards(majority.more_than_half, *sides), one_side_writes(*sides), timers=ONE_ROUND)
    assert counted(right) == all_states


def test_even_the_right_rule_writes_on_both_sides_until_a_cut_is_noticed():
    """What ``majority`` rests on, and lesson 5 takes away: that a cut is noticed at once."""
    late = boards(majority.more_than_half, "a", "b", cut_at=1)
    found = explore_schedules(late, one_side_writes("a", "b"), timers=ONE_ROUND)
    assert (found.failure.steps, found.states) == (8, 567)


# -- split brain under a cut that is not transitive -------------------------------------------------------------------


class Hello(Message):
    """I am here."""


class Stand(Message):
    """Elect me."""


class Elected(Message):
    """You have my vote."""


class Lowest(Node):
    """Leads once it has heard from everybody it can reach, if its name is the lowest. ``peers``: whom it can reach."""

    def on_start(self):
        self.heard = frozenset()
        self.leads = False
        self.broadcast(Hello())

    def on_hello(self, src, msg):
        self.heard |= {src}
        if self.heard == {*self.peers} and self.name < min(self.peers):
            self.stand()

    def stand(self):
        self.leads = True


class LowestOfMajority(Lowest):
    """Asks more: to reach a majority. Both ends of a chain of three do."""

    def stand(self):
        self.leads = 2 * (len(self.heard) + 1) > self.n


class LowestWithVotes(Lowest):
    """Right: leads with the votes of a majority, and each node has one vote."""

    def on_start(self):
        self.voted, self.votes = None, frozenset()
        super().on_start()

    def stand(self):
        if self.voted is None:
            self.voted, self.votes = self.name, frozenset({self.name})
            self.broadcast(Stand())

    def on_stand(self, src, msg):
        if self.voted is None:
            self.voted = src
            self.send(src, Elected())

    def on_elected(self, src, msg):
        self.votes |= {src}
        self.leads = 2 * len(self.votes) > self.n


def a_full_mesh(kind):
    return Simulation(*(kind(name, peers=tuple(sorted({*"abc"} - {name})), n=3) for name in "abc"))


def a_chain(kind):
    """a and b cannot talk to each other, and both can to c."""
    sim = Simulation(kind("a", peers=["c"], n=3), kind("b", peers=["c"], n=3), kind("c", peers=["a", "b"], n=3))
    sim.at(0, sim.network.cut, "a", "b")
    return sim


def one_leader(sim):
    return sum(node._up and node.leads for node in sim.nodes.values()) <= 1


def test_a_cut_that_is_not_transitive_splits_the_brain_of_whoever_follows_the_lowest_name():
    for kind in (Lowest, LowestOfMajority):
        wrong = explore_schedules(lambda kind=kind: a_chain(kind), one_leader)
        assert (wrong.failure.steps, wrong.states) == (2, 11)
        assert wrong.failure.story == ("a receives Hello() from c", "b receives Hello() from c")
        assert "one_leader does not hold" in str(wrong)
        assert explore_schedules(lambda kind=kind: a_full_mesh(kind), one_leader), "all is well without the cut"


def test_with_one_vote_for_each_node_there_is_one_leader_under_the_same_cut():
    for scenario in (a_chain, a_full_mesh):
        led = set()

        def watched(sim, led=led):
            led.update(node.name for node in sim.nodes.values() if node.leads)
            return one_leader(sim)

        right = explore_schedules(lambda scenario=scenario: scenario(LowestWithVotes), watched)
        assert counted(right) == (64 if scenario is a_chain else 192)
        assert led == ({"a", "b"} if scenario is a_chain else {"a"})


# -- a lost acknowledged write ----------------------------------------------------------------------------------------


class Copy(Message):
    value: int
    src: str
    id: int


class Copied(Message):
    src: str
    id: int


class AckOne(Node):
    """The primary answers as soon as it has written itself; the backup gets its copy when it gets it."""

    def on_start(self):
        self.value = self.disk.get("value")
        self.leads = self.name == "primary"

    def act_promote(self):
        self.leads = True

    def on_request(self, src, msg):
        if not self.leads:
            return
        if msg.f == "get":
            self.send(src, Reply(msg.id, self.value))
        else:
            self.keep(msg.arg)
            self.broadcast(Copy(msg.arg, src, msg.id))
            self.written(src, msg.id)

    def keep(self, value):
        self.value = self.disk["value"] = value

    def written(self, src, id):
        self.send(src, Reply(id))

    def on_copy(self, src, msg):
        self.keep(msg.value)
        self.send(src, Copied(msg.src, msg.id))

    def on_copied(self, src, msg):
        pass


class AckAll(AckOne):
    """Right: it answers when the backup has its copy, too."""

    def written(self, src, id):
        pass

    def on_copied(self, src, msg):
        self.send(msg.src, Reply(msg.id))


SERVICE = ("primary", "backup")


def write_then_read(kind):
    """One client writes and reads; at some moment the primary crashes, and later somebody promotes the backup."""

    def scenario():
        user = ScriptClient("user", script=(("put", "x", 1), ("get", "x")), service=SERVICE, retry=Retry(1))
        sim = Simulation(kind("primary", peers=("backup",)), kind("backup"), user)
        sim.at(1, sim.crash, "primary")
        sim.at(2, sim.act, "backup", "promote")
        return sim

    return scenario


def linearizable(sim):
    return check_linearizable(sim.history, KeyValue())


def test_an_acknowledged_write_is_lost_with_the_primary_that_alone_has_it():
    bounds = {"timers": {"answer": 2}}
    wrong = explore_schedules(write_then_read(AckOne), linearizable, **bounds)
    assert (wrong.failure.steps, wrong.states) == (9, 384)
    assert "get None" in wrong.failure.message, "it tells what the checker's verdict explains"
    right = explore_schedules(write_then_read(AckAll), linearizable, **bounds)
    assert counted(right) == 457


# -- two leaders in one term ------------------------------------------------------------------------------------------


class Ask(Message):
    """RequestVote, without a log."""

    term: int


class Vote(Message):
    term: int


class Voter(Node):
    """Raft's election and nothing else (section 5.2): one vote for each term, kept on disk before it is told."""

    def on_start(self):
        self.term, self.voted = self.disk.get("vote", (0, None))
        self.votes = frozenset()
        self.led = ()
        if self.stands and self.term == 0:
            self.set_timer("election", 150)

    def on_election_timeout(self):
        self.vote(self.term + 1, self.name)
        self.votes = frozenset({self.name})
        self.broadcast(Ask(self.term))

    def vote(self, term, name):
        self.term, self.voted = term, name
        self.disk["vote"] = term, name

    def on_ask(self, src, msg):
        if msg.term > self.term or (msg.term == self.term and self.voted in (None, src)):
            self.vote(msg.term, src)
            self.send(src, Vote(msg.term))

    def on_vote(self, src, msg):
        if msg.term == self.term and self.voted == self.name:
            self.votes |= {src}
            if 2 * len(self.votes) > 3:
                self.led = tuple(sorted({*self.led, self.term}))


class ForgetfulVoter(Voter):
    """Remembers the term, and not whom it voted for."""

    def vote(self, term, name):
        self.term, self.voted = term, name
        self.disk["vote"] = term, None


def election(kind):
    return lambda: Simulation(*(kind(n, peers=tuple(sorted({*"abc"} - {n})), stands=n != "b") for n in "abc"))


def one_leader_for_each_term(sim):
    """Election safety (figure 3)."""
    led = [term for node in sim.nodes.values() if node._up for term in node.led]
    assert len(led) == len({*led}), f"two leaders in term {max(led, key=led.count)}"
    return True


def test_two_lead_in_one_term_when_a_vote_is_not_on_disk():
    wrong = explore_schedules(election(ForgetfulVoter), one_leader_for_each_term, crashes=1)
    assert wrong.failure.message.startswith("one_leader_for_each_term does not hold: two leaders in term 1")
    assert (wrong.failure.steps, wrong.states) == (8, 1_119)
    assert wrong.failure.story[4:6] == ("b crashes", "b restarts")
    right = explore_schedules(election(Voter), one_leader_for_each_term, crashes=1)
    assert counted(right) == 2_171
    assert explore_schedules(election(ForgetfulVoter), one_leader_for_each_term), "nobody forgets without a crash"


# -- the same, in the protocols of the library ------------------------------------------------------------------------


def rafts(kind):
    """Three servers of which two cannot talk to each other: both have to ask b, and the world is small enough."""

    def scenario():
        sim = Simulation(*(kind(name, peers=tuple(sorted({*"abc"} - {name}))) for name in "abc"))
        sim.at(0, sim.network.cut, "a", "c")
        return sim

    return scenario


def one_raft_leader_for_each_term(sim):
    terms = [node.current_term for node in sim.nodes.values() if node._up and node.state == raft.LEADER]
    return len(terms) == len({*terms})


def test_raft_that_forgets_votes_has_two_leaders_in_one_term():
    bounds = {"timers": {"election": 2, "heartbeat": 0}, "crashes": 1, "victims": ("b",)}
    wrong = explore_schedules(rafts(raft.ForgetsVotes), one_raft_leader_for_each_term, **bounds)
    assert (wrong.failure.steps, wrong.states) == (8, 2_027)
    assert wrong.failure.story[4:6] == ("b crashes", "b restarts")
    right = explore_schedules(rafts(raft.Raft), one_raft_leader_for_each_term, budget=2_500, **bounds)
    assert right.failure is None
    assert not right.complete
    assert "the budget of 2,500 states is spent: there may be more" in str(right)


def servers(kind):
    def scenario():
        user = ScriptClient("user", script=(("put", "x", 1), ("get", "x")), service=("r1", "r2"), retry=Retry(1))
        return Simulation(kind("r1", peers=("r2",)), kind("r2", peers=("r1",)), user)

    return scenario


def test_primary_backup_that_acknowledges_alone_loses_an_acknowledged_write():
    bounds = {"timers": {"silence": 1, "beat": 0, "answer": 1}}
    wrong = explore_schedules(servers(primary_backup.AckOne), linearizable, **bounds)
    assert (wrong.failure.steps, wrong.states) == (8, 1_199)
    right = explore_schedules(servers(primary_backup.Replica), linearizable, budget=1_500, **bounds)
    assert right.failure is None
    assert not right.complete, "all 6,301 states take 10,367 runs"


# -- a crash between two steps ----------------------------------------------------------------------------------------


class Order(Message):
    number: int


class Parcel(Message):
    number: int


class Shop(Node):
    """Notes an order on its disk, and sends the parcel a moment later. Wrong: nobody looks at the notes again."""

    def on_start(self):
        self.disk.setdefault("orders", ())

    def on_order(self, src, msg):
        self.disk["orders"] += ((src, msg.number),)
        self.set_timer("pack", 10, src, msg.number, key=msg.number)

    def on_pack_timeout(self, customer, number):
        self.send(customer, Parcel(number))
        self.disk["orders"] = tuple(order for order in self.disk["orders"] if order != (customer, number))


class CarefulShop(Shop):
    """Right: after a restart it goes through its notes."""

    def on_start(self):
        super().on_start()
        for customer, number in self.disk["orders"]:
            self.set_timer("pack", 10, customer, number, key=number)


class Customer(Node):
    def on_start(self):
        self.parcels = ()
        self.send("shop", Order(1))

    def on_parcel(self, src, msg):
        self.parcels += (msg.number,)


def nothing_is_left_in_the_shop(sim):
    return not sim.nodes["shop"].disk["orders"]


def test_a_shop_that_forgets_what_it_noted_fails_only_by_a_crash_between_noting_and_sending():
    def trade(shop):
        return lambda: Simulation(shop("shop"), Customer("alice"))

    end = {"at_end": nothing_is_left_in_the_shop, "victims": ("shop",)}
    assert explore_schedules(trade(Shop), **end), "without a crash all is well"
    wrong = explore_schedules(trade(Shop), crashes=1, **end)
    assert wrong.failure.story == ("shop receives Order(number=1) from alice", "shop crashes", "shop restarts")
    assert wrong.failure.message == "nothing_is_left_in_the_shop does not hold"
    assert explore_schedules(trade(CarefulShop), crashes=1, **end)
    assert explore_schedules(trade(CarefulShop), crashes=2, **end)


# -- the result -------------------------------------------------------------------------------------------------------


def read_in_order(sim):
    return list(sim.nodes["x"].read) == sorted(sim.nodes["x"].read)


def test_the_result_says_in_words_what_was_seen_and_whether_that_is_all():
    whole = explore_schedules(notes("x", "y"), drops=1, timers=2)
    assert str(whole) == (
        "Nothing failed. Seen: 8 states in 10 runs, up to 2 steps deep; that is all of them, within 1 drop, 2 timers."
    )
    cut = explore_schedules(notes("x", "y", "z"), max_depth=2)
    assert (bool(cut), cut.complete, cut.failure, cut.states) == (False, False, None, 7)
    assert "stories end after 2 steps: there may be more" in str(cut)
    assert explore_schedules(notes("x", "y", "z"), max_depth=3), "deep enough"
    spent = explore_schedules(notes("x", "y"), budget=3)
    assert (bool(spent), spent.complete, spent.states) == (False, False, 3)
    assert explore_schedules(notes("x", "y"), budget=4), "just enough"


def test_a_failure_tells_its_story_and_is_not_true():
    found = explore_schedules(notes("x", "x"), read_in_order)
    assert not found
    assert not found.complete
    assert str(found) == (
        "After 2 steps, read_in_order does not hold\n"
        "  1. x receives Note(text='b') from writer\n"
        "  2. x receives Note(text='a') from writer\n"
        "No shorter story fails. Seen until then: 5 states in 5 runs, up to 2 steps deep."
    )


def test_the_failing_story_opens_in_the_player():
    found = explore_schedules(election(ForgetfulVoter), one_leader_for_each_term, crashes=1, victims=("b",))
    sim = found.replay()
    assert sim.recorded == "state"
    assert [node.led for node in sim.nodes.values()] == [(1,), (), (1,)]
    assert [fault.call for fault in sim.faults] == ["crash", "restart"]
    assert [e.time for e in sim.trace if e.kind in ("deliver", "timer", "fault")] == [10.0 * n for n in range(1, 9)]
    assert sim.trace.digest() == found.replay().trace.digest()
    view = replay(sim, title="Two leaders")
    assert [event[1] for event in view.bundle["trace"]["events"]].count("deliver") == 4
    assert any(event[1] == "state" for event in view.bundle["trace"]["events"])
    assert [fault["label"] for fault in view.bundle["faults"]] == ["crash b at 50", "restart b at 60"]
    assert "Two leaders" in view.to_html()


def test_there_is_nothing_to_replay_where_nothing_failed():
    with pytest.raises(ValueError, match="no story failed"):
        explore_schedules(notes("x")).replay()


def test_a_lost_message_is_seen_in_the_replay():
    found = explore_schedules(notes("x", "x", fifo=True), read_second_first, drops=1)
    assert found.failure.story == (
        "Note(text='a') from writer to x is lost",
        "x receives Note(text='b') from writer",
    )
    assert [(e.kind, e.detail) for e in found.replay().trace if e.kind in ("drop", "deliver")] == [
        ("drop", "loss"),
        ("deliver", None),
    ]
    assert explore_schedules(notes("x", "x", fifo=True), read_second_first), "a fifo link keeps the order"


def read_second_first(sim):
    return sim.nodes["x"].read[:1] != ("b",)


class Clumsy(Reader):
    def on_note(self, src, msg):
        super().on_note(src, msg)
        {"a": 1}[self.read[0]]


def test_a_handlers_own_mistake_is_a_failure_with_a_story():
    found = explore_schedules(notes("x", "x", reader=Clumsy))
    assert found.failure.message == "KeyError: 'b'"
    assert found.failure.story == ("x receives Note(text='b') from writer",)
    assert found.replay().trace[-1].kind == "deliver"


def test_the_scenarios_own_properties_are_checked_too():
    def scenario():
        sim = notes("x", "x")()
        sim.always(read_in_order)
        return sim

    assert explore_schedules(scenario).failure.message == "read_in_order does not hold"


def test_a_property_may_look_at_everything_but_the_trace():
    with pytest.raises(RuntimeError, match="records no trace, because two stories may lead to one state"):
        explore_schedules(notes("x"), lambda sim: len(sim.trace) < 3)


def test_bucketed_queues_and_shared_streams_are_explored_like_others():
    def scenario():
        readers = [Reader("x"), Reader("y")]
        writer = Writer("writer", to=("x", "y", "y"), letters="abc")
        return Simulation(writer, *readers, network=Network(streams="shared"), queue="bucketed", trace="off")

    assert counted(explore_schedules(scenario)) == 2 * 5


def test_ctrl_c_gives_what_was_seen_by_then():
    def impatient(sim):
        if len(sim.nodes["x"].read) == 2:
            raise KeyboardInterrupt
        return True

    found = explore_schedules(notes("x", "x", "x"), impatient)
    assert not found
    assert found.failure is None
    assert found.states == 1 + 3 + 1
    assert "it was interrupted: there may be more" in str(found)


def test_a_line_on_stderr_keeps_up_with_what_takes_long(monkeypatch, capsys):
    explore_schedules(notes("x", "y"), progress=True)
    assert capsys.readouterr().err == "", "nothing is said within two seconds"
    monkeypatch.setattr(schedules._Line, "QUIET_S", 0.0)
    monkeypatch.setattr(schedules._Line, "NEWS_S", 0.0)
    explore_schedules(notes("x", "y"), progress=True)
    lines = capsys.readouterr().err.split("\r")
    assert lines[-1].startswith("4 states, 2 steps deep, ")
    assert lines[-1].endswith("states/s \n")
    explore_schedules(notes("x", "y"))
    explore_schedules(notes("x", "y"), progress=False)
    assert capsys.readouterr().err == "", "stderr is no terminal here"


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"budget": 0}, "budget is 0: write a whole number from 1, how many states may be seen"),
        ({"budget": -5}, "budget is -5: write a whole number from 1"),
        ({"budget": 1.5}, "budget is 1.5: write a whole number"),
        ({"crashes": -1}, "crashes is -1: write a whole number from 0, 0 for none"),
        ({"drops": True}, "drops is True: write a whole number"),
        ({"max_depth": 0}, "max_depth is 0: write a whole number from 1"),
        ({"timers": -1}, "timers is -1: write a whole number from 0"),
        ({"timers": {"wake": -1}}, r"timers\['wake'\] is -1: write"),
        ({"timers": {"wkae": 1}}, "timers bounds 'wkae', and no node defines on_wkae_timeout"),
        ({"crashes": 1, "victims": ("y",)}, "there is no node 'y'; the nodes are 'x'"),
    ],
)
def test_a_bound_that_makes_no_sense_is_refused_with_what_to_write(bounds, words):
    with pytest.raises(ValueError, match=words):
        explore_schedules(lambda: Simulation(Sleeper("x", delay=1)), **bounds)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"loss": 0.1}, "loss=0.1, and an exploration rolls no dice.* write drops=1"),
        ({"duplication": 0.1}, "duplication=0.1"),
        ({"corruption": 0.1}, "corruption=0.1"),
        ({"bandwidth": 1, "queue_bytes": 5_000}, "queue_bytes=5000"),
    ],
)
def test_a_network_that_rolls_dice_is_refused(network, words):
    with pytest.raises(ValueError, match=words):
        explore_schedules(notes("x", **network))


def test_a_fault_that_means_nothing_without_times_is_refused():
    def scenario():
        sim = notes("x")()
        sim.at(10, sim.pause, "x")
        return sim

    def later():
        sim = notes("x")()
        sim.at(10, lambda: sim.network.degrade("writer", "x", loss=0.5))
        return sim

    for one in (scenario, later):
        with pytest.raises(ValueError, match=r"and an exploration cannot walk it.* Leave it out"):
            explore_schedules(one)


def test_a_deadline_is_refused_where_there_are_no_times():
    def scenario():
        sim = notes("x")()
        sim.eventually(lambda sim: sim.nodes["x"].read, by=100)
        return sim

    with pytest.raises(ValueError, match="knows no times: give what must hold when all has happened as at_end="):
        explore_schedules(scenario)


def test_what_is_no_scenario_is_refused():
    with pytest.raises(TypeError, match="ends with `return sim`"):
        explore_schedules(lambda: None)
    with pytest.raises(ValueError, match="leave run"):
        explore_schedules(lambda: notes("x")().run(until=1))


def test_a_scenario_that_is_not_the_same_each_time_is_refused():
    calls = []

    def scenario():
        calls.append("x")
        return notes(*calls)()

    with pytest.raises(RuntimeError, match="the scenario is not the same each time it is called"):
        explore_schedules(scenario)


class Restless(Node):
    """Its timer sets itself again, for ever."""

    def on_start(self):
        self.mood = "restless"
        self.set_timer("tick", 10)

    def on_tick_timeout(self):
        self.set_timer("tick", 10)


def test_an_end_that_never_comes_was_never_judged_and_that_is_said():
    seen = explore_schedules(lambda: Simulation(Restless("a")), at_end=lambda sim: False)
    assert seen.complete
    assert not seen
    assert "never judged" in str(seen)
    assert explore_schedules(lambda: Simulation(Restless("a")))


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        ((Simulation(Node("a")),), {}, "write the function that makes the simulation"),
        ((lambda: Simulation(Node("a")), "safe"), {}, "'safe' is no property"),
        ((lambda: Simulation(Node("a")),), {"at_end": "safe"}, "'safe' is no property"),
        ((lambda: Simulation(Node("a")),), {"at_end": None}, "None is no property"),
        ((lambda: Simulation(Node("a")),), {"victims": "a"}, r"write victims=\('a',\)"),
    ],
)
def test_what_is_no_scenario_and_no_property_is_refused_in_words(arguments, settings, says):
    with pytest.raises(TypeError, match=says):
        explore_schedules(*arguments, **settings)


def test_a_bound_on_timers_says_how_to_write_one_for_each_name():
    with pytest.raises(ValueError, match="a number for each name"):
        explore_schedules(lambda: Simulation(Node("a")), timers="tick")


def test_a_property_that_asks_a_node_which_is_down_is_told_so():
    with pytest.raises(AttributeError, match="is down, and remembers nothing"):
        explore_schedules(lambda: Simulation(Restless("a")), lambda sim: sim.nodes["a"].mood, crashes=1)

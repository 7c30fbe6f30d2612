"""Many seeds and parameters on any executor: the same rows everywhere, and no run lost to another one's death."""

import functools
import io
import math
import multiprocessing
import pickle
import sys
import types
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest
import swept

from dslib import fanout
from dslib.fanout import Bar, Progress
from dslib.sweeps import Estimate, Row, estimate, pass_rate, sweep

CONTEXT = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")


def processes(workers=2):
    """A pool whose workers start with an empty memory, as on every system but Linux before Python 3.14."""
    return ProcessPoolExecutor(workers, mp_context=CONTEXT)


class Backwards(Executor):
    """An executor in this process that finishes first what it was given last, and remembers the chunks."""

    def __init__(self, waits_for):
        self.waits_for, self.calls = waits_for, []

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        self.calls.append((future, functools.partial(function, *args, **kwargs)))
        if len(self.calls) == self.waits_for or args[0][1][-1] == self.last:
            for one, call in reversed(self.calls):
                if not one.done():
                    one.set_result(call())
        return future


class Breaks(Executor):
    """An executor of a kind that sweep knows nothing about, whose worker dies of the third call."""

    def __init__(self):
        self.calls = 0

    def submit(self, function, /, *args, **kwargs):
        self.calls += 1
        future = Future()
        if self.calls < 3:
            future.set_result(function(*args, **kwargs))
        else:
            future.set_exception(BrokenExecutor("a worker is gone"))
        return future


class Forgets(Executor):
    """What a pool of processes rarely does in the moment in which it breaks: it takes the third call and forgets it."""

    def __init__(self):
        self.calls = 0
        self._broken = False

    def submit(self, function, /, *args, **kwargs):
        self.calls += 1
        future = Future()
        if self.calls < 3:
            future.set_result(function(*args, **kwargs))
        elif self._broken:
            raise BrokenExecutor(self._broken)
        else:
            self._broken = "a worker is gone"
        return future


class Closes(Executor):
    """An executor that is closed after the second call: whatever it has not begun is cancelled."""

    def __init__(self):
        self.calls = 0

    def submit(self, function, /, *args, **kwargs):
        self.calls += 1
        future = Future()
        if self.calls < 3:
            future.set_result(function(*args, **kwargs))
        else:
            future.cancel()
        return future


# ---------------------------------------------------------------- the same rows everywhere


def test_a_run_is_made_for_every_seed_and_every_combination_in_the_order_of_the_grid():
    found = sweep(swept.product, [5, 3], x=[10, 20])
    assert found.rows == (
        Row({"x": 10}, 5, True, 50), Row({"x": 10}, 3, True, 30),
        Row({"x": 20}, 5, True, 100), Row({"x": 20}, 3, True, 60),
    )  # fmt: skip
    assert sweep(swept.product, 3).rows == tuple(Row({}, seed, True, seed) for seed in range(3))
    assert len(sweep(swept.waits, 1, ms=range(3))) == 3
    assert sweep(lambda seed, a, b: (a, b), 1, a=[1, 2], b=(5, 15)).grid == (
        {"a": 1, "b": (5, 15)}, {"a": 2, "b": (5, 15)},
    ), "a tuple is one value"  # fmt: skip


@pytest.mark.parametrize("scenario", [swept.refuses, swept.leaves, swept.returns_a_function], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "executor", [processes, functools.partial(ThreadPoolExecutor, 2)], ids=["processes", "threads"]
)
def test_an_executor_brings_back_the_rows_that_this_process_makes(scenario, executor):
    grid = {"x": [1, 2]} if scenario is swept.refuses else {}
    assert sweep(scenario, 8, executor, **grid) == sweep(scenario, 8, **grid)
    with executor() as opened:
        assert sweep(scenario, 8, opened, **grid) == sweep(scenario, 8, **grid)
        assert opened.submit(int, 7).result() == 7, "what was open stays open"


def test_rows_come_in_order_whatever_finishes_first(monkeypatch):
    monkeypatch.setattr(fanout, "PATIENCE_S", 0.05)
    backwards = Backwards(waits_for=2)
    backwards.last = ({"x": 3}, 199)
    assert sweep(swept.product, 200, backwards, x=[1, 2, 3]) == sweep(swept.product, 200, x=[1, 2, 3])
    assert len(backwards.calls) > 2


def test_a_run_finds_its_arguments_as_they_were_written():
    values = [row.value for row in sweep(swept.changes_its_arguments, 3, queue=[[]])]
    assert values == [(0,), (1,), (2,)]


def test_the_result_of_a_sweep_can_be_kept_in_a_file():
    found = sweep(swept.refuses, 5, x=[1, 2], check=lambda value: value < 7)
    assert pickle.loads(pickle.dumps(found)) == found


# ---------------------------------------------------------------- chunks


def chunks_of(runs, seconds, workers=2, per_set=10_000):
    fan = fanout._FanOut(swept.product, [({}, n) for n in range(runs)], per_set, Breaks(), Bar("", runs, False))
    fan.workers, fan.seconds = workers, seconds
    chunks = list(fan.chunks(list(range(runs))))
    assert [number for chunk in chunks for number in chunk] == list(range(runs)), "in order, and none left out"
    return [len(chunk) for chunk in chunks]


def test_runs_travel_in_chunks_of_a_third_of_a_second_and_smaller_ones_at_the_end():
    sizes = chunks_of(400, {0: [0.05]})
    assert set(sizes[:50]) == {6}
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)


def test_a_chunk_is_cut_by_how_long_runs_of_its_own_parameters_take():
    sizes = chunks_of(400, {0: [0.01], 1: [0.1]}, per_set=200)
    assert sizes[0] == 30
    assert sizes.count(3) > 50


def test_long_runs_travel_alone_and_short_ones_together():
    assert set(chunks_of(20, {0: [2.0]})) == {1}
    assert set(chunks_of(20, {})) == {1}, "not measured yet"
    assert chunks_of(400, {0: [0.00001]}) == [400]


# ---------------------------------------------------------------- what goes wrong


def test_a_run_that_raises_is_named_and_the_others_are_kept():
    found = sweep(swept.refuses, 5, x=[1, 2])
    assert len(found) == 10
    (failed,) = found.failures
    assert (failed.params, failed.seed, failed.value) == ({"x": 2}, 3, None)
    assert failed.error == "ValueError: no luck with 3"
    assert "in refuses" in failed.traceback
    assert "fanout.py" not in failed.traceback, "the traceback begins in the scenario"
    assert "x=2: seed 3" in str(found)
    assert "refuses(x=2, seed=3): ValueError: no luck with 3" in str(found)


def test_a_value_that_cannot_be_sent_is_that_runs_error():
    found = sweep(swept.returns_a_function, 2)
    assert [row.passed for row in found] == [False, False]
    assert "function cannot be sent from one process to another" in found.rows[0].error


@pytest.mark.parametrize("opened", [False, True], ids=["ours", "given"])
def test_a_worker_that_dies_takes_no_other_run_with_it(opened):
    executor = processes() if opened else processes
    found = sweep(swept.dies, 20, executor, x=[1, 2])
    if opened:
        executor.shutdown()
    assert [(row.params, row.seed, row.value) for row in found if row.passed] == [
        ({"x": x}, seed, seed * x) for x in (1, 2) for seed in range(20) if (seed, x) != (3, 2)
    ]
    (died,) = found.failures
    assert (died.params, died.seed) == ({"x": 2}, 3)
    assert died.error.startswith("the worker died")
    assert bool(found.notes) == opened, "that the rest ran in another pool than the one given is worth a word"


def test_parameters_that_kill_every_worker_are_given_up_and_the_others_run():
    found = sweep(swept.dies_always, 20, processes, x=[1, 2, 3])
    assert [len(rows) for _, rows in found.by_params()] == [20, fanout.DEATHS, 20]
    assert len(found.failures) == fanout.DEATHS
    assert found.missing == 20 - fanout.DEATHS
    assert "died with x=2" in found.notes[0]
    assert f"{found.missing} runs were not made" in str(found)


def test_when_no_run_survives_sweep_stops_trying():
    found = sweep(swept.ends, 1_000, functools.partial(processes, 1))
    assert len(found) == len(found.failures) == fanout.DEATHS


def test_a_pool_that_forgets_a_run_when_it_breaks_does_not_keep_the_sweep_waiting():
    pools = [Forgets(), ThreadPoolExecutor(1)]
    found = sweep(swept.product, 40, lambda: pools.pop(0), x=[1, 2])
    assert [(row.params["x"], row.seed, row.value) for row in found] == [
        (x, seed, seed * x) for x in (1, 2) for seed in range(40)
    ]
    assert not pools
    assert not found.notes


def test_an_executor_that_broke_and_cannot_be_made_again_keeps_what_was_done_and_names_the_suspects():
    found = sweep(swept.product, 200, Breaks(), x=[1, 2])
    assert 0 < len(found) < 400
    assert found.missing == 400 - len(found)
    assert all(row.passed for row in found)
    (note,) = found.notes
    assert "The executor broke (a worker is gone)" in note
    assert "x=1, seed=" in note
    assert "executor=lambda: ..." in note


def test_an_executor_that_is_closed_meanwhile_leaves_what_was_done():
    found = sweep(swept.product, 200, Closes())
    assert len(found) == 2
    assert found.notes == ("The executor cancelled 198 runs: it was closed, or lost its workers.",)


@pytest.mark.parametrize("executor", [None, processes], ids=["here", "processes"])
def test_ctrl_c_during_a_run_keeps_what_is_done(executor):
    found = sweep(swept.stops, 9, executor, at=7)
    assert found.interrupted
    assert 0 < len(found) < 9
    assert all(row.value == row.seed != 7 for row in found)
    assert "Interrupted" in str(found)


@pytest.mark.parametrize("executor", [None, functools.partial(ThreadPoolExecutor, 1)], ids=["here", "threads"])
def test_ctrl_c_between_runs_keeps_what_is_done(executor):
    def press(progress):
        if progress.done >= 3:
            raise KeyboardInterrupt

    found = sweep(swept.waits, 400, executor, progress=press, ms=1)
    assert found.interrupted
    assert 3 <= len(found) < 400
    assert found.missing == 400 - len(found)


# ---------------------------------------------------------------- refused before anything starts


class NeverAsked(Executor):
    def submit(self, function, /, *args, **kwargs):
        raise AssertionError("nothing must start")


def test_a_scenario_that_cannot_be_sent_is_refused_with_the_way_out():
    def local(seed):
        return seed

    for scenario in (lambda seed: seed, local):
        with pytest.raises(ValueError, match=r"cannot be sent to other processes.*top of a module"):
            sweep(scenario, 5, NeverAsked())
        assert len(sweep(scenario, 5)) == 5, "here it runs"
        assert len(sweep(scenario, 5, ThreadPoolExecutor)) == 5
    with pytest.raises(ValueError, match=r"The set of parameters .* cannot be sent"):
        sweep(swept.product, 5, NeverAsked(), x=[1, lambda: 2])


def test_a_scenario_of_a_notebook_is_refused_where_workers_could_not_find_it(monkeypatch):
    notebook = types.ModuleType("__main__")
    notebook.__spec__ = None
    exec("def drawn(seed):\n    return seed", notebook.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    with pytest.raises(ValueError, match="drawn is defined in this notebook"):
        sweep(notebook.drawn, 5, processes())
    assert len(sweep(notebook.drawn, 5)) == 5


def test_a_scenario_that_the_workers_cannot_load_is_told_from_one_that_dies(monkeypatch):
    here = types.ModuleType("only_here")
    exec("def drawn(seed):\n    return seed", here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", here)
    with pytest.raises(ValueError, match=r"cannot load drawn.*No module named 'only_here'"):
        sweep(here.drawn, 5, processes)


@pytest.mark.parametrize(
    ("arguments", "grid", "error", "named"),
    [
        ((swept.product, 0), {}, ValueError, "seeds=0"),
        ((swept.product, []), {}, ValueError, "There are no seeds"),
        ((swept.product, "12"), {}, TypeError, "seeds='12'"),
        ((swept.product, True), {}, TypeError, "seeds=True"),
        ((swept.product, [1, 2.0]), {}, TypeError, "seed 2.0"),
        ((swept.product, [1, 2, 1]), {}, ValueError, "seed 1 appears twice"),
        ((swept.product, 5), {"x": []}, ValueError, r"x=\[\] has no value"),
        ((swept.product, 5), {"x": [1, 1.0]}, ValueError, "x lists 1.0 twice"),
        ((swept.product, 5), {"x": {1, 2}}, TypeError, "as a list"),
        ((swept.product, 5), {"x": iter([1])}, TypeError, "as a list"),
        ((swept.product, 5), {"seed": 3}, TypeError, "seed=... is given by sweep"),
        ((swept.product, 5), {"y": [1]}, TypeError, r"called as product\(y=1, seed=0\).*'y'"),
        ((swept.waits, 5), {}, TypeError, "missing a required argument: 'ms'"),
        ((3, 5), {}, TypeError, "3 is no scenario"),
        ((swept.product, 5, 4), {}, TypeError, "executor=4 is no"),
        ((swept.product, 5, lambda: 4), {}, ValueError, None),
        ((swept.product, 5), {"check": 0.9}, TypeError, "check=0.9"),
        ((swept.product, 5), {"progress": "bar"}, TypeError, "progress='bar'"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_by_name(arguments, grid, error, named):
    if named is None:
        with pytest.raises(TypeError, match="made 4, which is no"):
            sweep(*arguments)
        return
    with pytest.raises(error, match=named):
        sweep(*arguments, **grid)


# ---------------------------------------------------------------- what passes, and what it says


def test_a_run_passes_by_the_check_or_by_its_own_verdict():
    assert [row.passed for row in sweep(swept.product, 3, check=lambda value: value >= 1)] == [False, True, True]
    assert [row.passed for row in sweep(swept.judged, 3)] == [True, False, True], "a verdict that is false"
    assert [row.passed for row in sweep(lambda seed: seed == 1, 3)] == [False, True, False]
    assert all(row.passed for row in sweep(swept.product, 3)), "0 is a measurement"
    assert all(row.passed for row in sweep(lambda seed: None, 3)), "it raised nothing"
    (row,) = sweep(swept.product, 1, check=lambda value: 1 / value)
    assert (row.passed, row.value, row.error) == (False, 0, "check: ZeroDivisionError: division by zero")


def test_pass_rates_come_with_their_interval_and_its_level():
    found = sweep(swept.product, 20, x=[1, 2], check=lambda value: value < 19)
    assert [(params, rate[:2]) for params, rate in found.rates()] == [({"x": 1}, (19, 20)), ({"x": 2}, (10, 20))]
    assert str(found.rates(level=0.99)[1][1]) == "10 of 20 (50.0 %; 99 % interval 25.0 % to 75.0 %)"
    assert "95 % interval" in found.table()
    assert found.table().splitlines()[-1].split()[:2] == ["2", "10/20"]
    assert "x=2: seeds 10, 11, 12, 13, 14, 15, 16, 17, 18, 19" in str(found)


@pytest.mark.parametrize(
    ("passed", "runs", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_rate_is_wilsons(passed, runs, low, high):
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    rate = pass_rate(passed, runs)
    assert (round(rate.low, 4), round(rate.high, 4)) == (low, high)
    mirror = pass_rate(runs - passed, runs)
    assert math.isclose(mirror.low, 1 - rate.high, abs_tol=1e-12)


def test_the_interval_holds_the_true_share_about_as_often_as_it_says():
    n, covered = 30, []
    for p in (k / 200 for k in range(10, 191)):
        inside = [k for k in range(n + 1) if pass_rate(k, n).low <= p <= pass_rate(k, n).high]
        covered.append(math.fsum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in inside))
    assert 0.94 < math.fsum(covered) / len(covered) < 0.96
    assert min(covered) > 0.88


def test_all_passing_does_not_prove_that_all_pass():
    assert pass_rate(20, 20).high == 1
    assert 0.83 < pass_rate(20, 20).low < 0.84
    assert pass_rate(0, 0).share != pass_rate(0, 0).share
    for passed, runs in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match=f"{passed} of {runs}"):
            pass_rate(passed, runs)
    with pytest.raises(ValueError, match="level=95"):
        pass_rate(1, 2, level=95)


def test_means_come_with_an_interval_where_there_are_values_enough():
    found = sweep(swept.product, 40, x=[1, 2])
    assert found.means() == [({"x": 1}, estimate(range(40))), ({"x": 2}, estimate(range(0, 80, 2)))]
    (few,) = [mean for _, mean in sweep(swept.product, 3).means()]
    assert few[:1] + few[3:] == (1.0, 3)
    assert math.isnan(few.low)
    assert "fewer than 30 values" in sweep(swept.product, 3).table()


def test_a_mean_may_be_of_one_field_of_the_values():
    found = sweep(lambda seed: Estimate(seed, 0, 1, 2), 5)
    assert found.means("mean")[0][1].mean == 2
    assert found.means(lambda value: value.mean + 1)[0][1].mean == 3
    assert sweep(lambda seed: {"p99": seed}, 5).means("p99")[0][1].mean == 2
    assert "mean" in found.table(of="mean")
    with pytest.raises(TypeError, match="is no number"):
        found.means()
    with pytest.raises(TypeError, match="'median' of the value"):
        found.means("median")


# ---------------------------------------------------------------- progress


def test_a_callback_hears_of_every_step_until_all_is_done():
    heard = []
    sweep(swept.refuses, 5, progress=heard.append, x=[1, 2])
    assert [one.done for one in heard] == list(range(1, 11))
    assert (heard[-1].total, heard[-1].failed, heard[-1].left_s) == (10, 1, 0)
    heard.clear()
    sweep(swept.product, 50, ThreadPoolExecutor, progress=heard.append)
    assert heard[-1].done == 50
    assert [one.done for one in heard] == sorted({one.done for one in heard})


def test_the_bar_says_how_far_it_is_and_how_long_it_will_take():
    assert str(Progress(50, 200, 0, 10.0, 30.0)) == "[#####...............] 50/200, about 30 s left"
    assert str(Progress(0, 200, 0, 3.0, math.inf)).endswith("0/200, about ? left")
    assert str(Progress(199, 200, 2, 10.0, 600.0)).endswith("199/200, 2 failed, about 10 min left")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_one_line_changes_in_place_and_in_a_file_only_the_last_word_is_said(monkeypatch):
    monkeypatch.setattr(Bar, "QUIET_S", 0.0)
    monkeypatch.setattr(fanout, "NEWS_S", 0.0)
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        bar = Bar("lossy", 200, True, stream)
        bar.update(50, 1)
        bar.update(199, 1)
        bar.close("200 of 200 runs")
    lines = terminal.getvalue().split("\r")
    assert lines[1].startswith("lossy [#####...............] 50/200, 1 failed")
    assert terminal.getvalue().count("\n") == 1
    assert file.getvalue() == "lossy: 200 of 200 runs in 0 s\n"


def test_a_notebook_is_a_place_where_a_line_may_change(monkeypatch):
    monkeypatch.setattr(Bar, "QUIET_S", 0.0)
    outstream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    Bar("lossy", 2, True, outstream).update(1, 0)
    assert outstream.getvalue().startswith("\rlossy [")


def test_nobody_is_told_about_a_sweep_that_is_over_at_once(capsys):
    sweep(swept.product, 20)
    said = capsys.readouterr()
    assert said.out == said.err == ""


# ---------------------------------------------------------------- on a cluster


@pytest.fixture(scope="module")
def cluster():
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.worker.memory.terminate": False}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_cluster_brings_back_the_rows_that_this_process_makes(cluster):
    executor = cluster.get_executor()
    for scenario, grid in ((swept.refuses, {"x": [1, 2, 3]}), (swept.leaves, {}), (swept.returns_a_function, {})):
        assert sweep(scenario, 40, executor, **grid) == sweep(scenario, 40, **grid)


def test_a_cluster_makes_every_run_of_a_sweep_once_and_again_when_it_is_asked_again(cluster, tmp_path):
    for times in (1, 2):
        assert len(sweep(swept.leaves_a_mark, 6, cluster.get_executor(), folder=str(tmp_path))) == 6
        assert sorted((tmp_path / "runs").read_text().split()) == sorted(list("012345") * times)


def test_a_worker_of_a_cluster_that_dies_takes_no_other_run_with_it(cluster):
    found = sweep(swept.dies, 10, cluster.get_executor(), x=[1, 2])
    (died,) = found.failures
    assert (died.params, died.seed) == ({"x": 2}, 3)
    assert died.error.startswith("the worker died")
    assert (len(found), found.notes) == (20, ())


def test_a_client_is_not_an_executor_and_the_message_says_what_is(cluster):
    with pytest.raises(TypeError, match=r"write client.get_executor\(\)"):
        sweep(swept.product, 5, cluster)

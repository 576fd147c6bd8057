"""What docs/deprecation.md promises of an API's parts that are to go: each says since when it is deprecated and when its sunset is,
a year later at the earliest.

    python3 deprecation.py DOCUMENT.json...      lists what does not; 1 where there is any

A part is an operation, a parameter or a field. It has `deprecated: true`, `x-deprecated-since` and `x-sunset`, both of them days
as RFC 3339 writes them.
"""

import json
import sys
from datetime import date

SINCE = "x-deprecated-since"
SUNSET = "x-sunset"


def day(part, name):
    """The day that stands there, if one does."""
    try:
        return date.fromisoformat(part.get(name, ""))
    except (TypeError, ValueError):
        return None


def a_year_after(since):
    # There is no 29 February in most years.
    return date(since.year + 1, 3, 1) if (since.month, since.day) == (2, 29) else since.replace(year=since.year + 1)


def is_deprecated(part):
    return isinstance(part, dict) and part.get("deprecated") is True


def is_over(part, today):
    """Whether it may be gone."""
    sunset = day(part, SUNSET)
    return is_deprecated(part) and sunset is not None and sunset <= today


def problem(part):
    """What its dates lack, if anything."""
    since, sunset = day(part, SINCE), day(part, SUNSET)
    if since is None or sunset is None:
        return f"is deprecated, and lacks {SINCE if since is None else SUNSET}"
    if sunset < a_year_after(since):
        return f"is deprecated since {since}, and its sunset {sunset} is less than a year later"
    return None


def deprecated_parts(document, place="#"):
    """Every part that is deprecated, with the place that it stands at."""
    if is_deprecated(document):
        yield place, document
    items = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for name, below in items:
        # What an example holds is no part.
        if name not in ("example", "examples", "default", "enum"):
            yield from deprecated_parts(below, f"{place}/{name}")


def problems(document):
    return [f"{place}: {told}" for place, part in deprecated_parts(document) if (told := problem(part))]


def main(*paths):
    found = []
    for path in paths:
        with open(path) as file:
            found += [f"{path}{each}" for each in problems(json.load(file))]
    print("\n".join(found) or f"what is deprecated in {len(paths)} documents says until when it is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

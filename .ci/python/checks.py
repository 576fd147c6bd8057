"""What the checks of files that start groupgate have in common: which settings there are, and how what is wrong is told."""

import re
import sys
from pathlib import Path

SETTING = re.compile(r"`((?:GROUPGATE|DATABASE)_[A-Z0-9_]+)`")


def settings_of(page):
    """The settings that docs/settings.md lists, those that name files of secrets among them."""
    return set(SETTING.findall(Path(page).read_text()))


def tell(problems, looked_at):
    """Prints every problem, and in the end how many there are in what was looked at. Gives the exit code."""
    found = list(problems)
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{looked_at}: {len(found) or 'no'} problems")
    return 1 if found else 0

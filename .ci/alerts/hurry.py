"""Makes the rules of a file hurry: a minute takes a second, an hour a minute, a day an hour, a week a day. Of an age that is compared
a quarter is waited for: what the gateway does once a minute is not late before."""

import pathlib
import re
import sys

FASTER = {"s": "s", "m": "s", "h": "m", "d": "h", "w": "d"}

rules = pathlib.Path(sys.argv[1])
duration = re.compile(r"(\[|for: |offset |interval: )(\d+)([smhdw])")
age = re.compile(r"(time\(\) - \S+ > )(\d+)")
text = duration.sub(lambda found: found[1] + found[2] + FASTER[found[3]], rules.read_text())
rules.write_text(age.sub(lambda found: f"{found[1]}{int(found[2]) // 4}", text))

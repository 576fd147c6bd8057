"""Runs the commands of Markdown pages and compares what they print with what the pages say that they do.

    python3 pages.py [--shape] PAGE...      below .ci/with-demo

Every block marked ```sh is run; the blocks of a page share one shell. A block marked ```json or ```text right behind it
is what it prints: the members that are shown must be there and be equal, and `…` stands for anything. Other marks, such
as ```console, are for what is not run here.

With --shape the values may differ, and `Code` and the outermost names alone are compared: for examples that are made.
Where the text of a section says "The example answers `Group.NotFound`", that is the `Code` to expect, and no more.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)$")
REFUSAL = re.compile(r"The example answers `([\w.]+)`")

# Longer than the longest wait of a call, and nothing that hangs holds up the rest.
PATIENCE = 120


@dataclass
class Block:
    """One command with what it prints, if that is told."""

    line: int
    command: str
    kind: str | None = None
    expected: str | None = None
    # What the text before it says that it is refused with.
    refusal: str | None = None


def blocks(text):
    """The blocks of a page that are run."""
    found, last, kind, body, refusal = [], None, None, [], None
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line)
        if fence and kind is None:
            kind, body, began = fence[1] or "plain", [], number
        elif fence:
            content = "\n".join(body)
            if kind == "sh":
                last = Block(began, content, refusal=refusal)
                found.append(last)
            elif last and kind in ("json", "text"):
                last.kind, last.expected = kind, content
                last = None
            kind = None
        elif kind is not None:
            body.append(line)
        elif line.strip():
            last = None
            told = REFUSAL.search(line)
            refusal = told[1] if told else None if line.startswith("#") else refusal
    return found


def run(page, page_blocks, home):
    """Runs the blocks in one shell, in the directory `home`, and gives what each of them printed."""
    with tempfile.TemporaryDirectory() as scratch:
        outputs = [Path(scratch, str(index)) for index in range(len(page_blocks))]
        script = "".join(f"{{\n{block.command}\n}} >'{output}'\n" for block, output in zip(page_blocks, outputs))
        try:
            shell = subprocess.run(["sh", "-e"], input=script, text=True, cwd=home, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            sys.exit(f"{page}: the commands take more than {PATIENCE} s")
        printed = [output.read_text() for output in outputs if output.exists()]
    if shell.returncode != 0 and not printed:
        sys.exit(f"{page}:{page_blocks[0].line}: the shell ended with {shell.returncode} before the first command")
    if shell.returncode != 0:
        failed = page_blocks[len(printed) - 1]
        sys.exit(f"{page}:{failed.line}: ended with {shell.returncode}:\n{failed.command}\nIt printed:\n{printed[-1]}")
    return printed


def difference(expected, actual, at="the answer"):
    """Where `actual` is not as `expected` says, or None."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            if name not in actual:
                return f"{at} has no {name}"
            if told := difference(value, actual[name], f"{at}.{name}"):
                return told
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{at} has {len(actual)} items, not {len(expected)}"
        pairs = enumerate(zip(expected, actual))
        return next((told for index, pair in pairs if (told := difference(*pair, f"{at}[{index}]"))), None)
    if isinstance(expected, str) and "…" in expected:
        return None if matches(expected, text_of(actual)) else f"{at} is {actual!r}, not {expected!r}"
    same = type(expected) is type(actual) and expected == actual
    return None if same else f"{at} is {actual!r}, not {expected!r}"


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


def matches(expected, actual):
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def difference_of_shape(expected, actual, refusal):
    code = refusal or expected["Code"]
    if code != actual.get("Code"):
        return f"Code is {actual.get('Code')!r}, not {code!r}: {actual.get('Message')}"
    missing = sorted(set(expected) - set(actual)) if refusal is None else []
    return f"the answer has no {', '.join(missing)}" if missing else None


def compare(block, printed, of_shape):
    """Why what was printed is not what the page says, or None."""
    if block.kind == "text":
        return None if matches(block.expected.strip(), printed.strip()) else "it printed something else"
    if block.kind is None:
        return None
    expected = json.loads(block.expected)
    try:
        actual = json.loads(printed)
    except ValueError:
        return "it did not print JSON"
    return difference_of_shape(expected, actual, block.refusal) if of_shape else difference(expected, actual)


def main(arguments):
    of_shape = "--shape" in arguments
    failures = 0
    for page in [argument for argument in arguments if argument != "--shape"]:
        page_blocks = blocks(Path(page).read_text())
        if not page_blocks:
            sys.exit(f"{page}: nothing is run")
        for block, printed in zip(page_blocks, run(page, page_blocks, os.environ["DEMO_HOME"])):
            if told := compare(block, printed, of_shape):
                print(f"{page}:{block.line}: {told}\n{block.command}\nIt printed:\n{printed}\n", file=sys.stderr)
                failures += 1
        told = sum(block.expected is not None for block in page_blocks)
        print(f"{page}: {len(page_blocks)} commands, {told} of them with what they print")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

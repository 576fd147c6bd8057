"""Whether alerts, their tests, the dashboard and the runbook fit together, and name only what there is.

    python3 monitoring.py PROGRAM      from the repository's root; PROGRAM is groupgate, asked for its commands' help

Prometheus says nothing of a metric that does not exist: its alert never fires, and its panel is empty. Nor does anybody
else of a command that is not there, until somebody needs it at night.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import yaml

ALERTS = Path("deploy/prometheus/alerts.yml")
TESTS = [Path("deploy/prometheus/alerts_test.yml"), Path("deploy/prometheus/alerts_days_test.yml")]
CONFIG = Path("deploy/prometheus/prometheus.yml")
DASHBOARDS = Path("deploy/grafana/dashboards")
PROVISIONED = Path("deploy/grafana/provisioning")
RUNBOOK = Path("docs/RUNBOOK.md")
METRICS = Path("docs/metrics.md")
SETTINGS = Path("docs/settings.md")
CODES = Path("docs/when-things-go-wrong.md")

# Prometheus' own, and what it adds to every series.
OWN_METRICS = {"up": set()}
OWN_LABELS = {"job", "instance", "le"}

SEVERITIES = {"critical", "warning"}
# Without these an alert is a riddle. Each section of the runbook has them, in this order.
PARTS = ["For whom", "Look at", "Do", "Do not"]

NAME = re.compile(r"(?<![\w:$.-])((?:groupgate|process)(?:_|:(?!:))[\w:]*|up(?=[{\s)]|$))(\{[^}]*\})?")
SELECTOR = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"")


class Metrics:
    """What docs/metrics.md says of each metric: its labels, and the words that may be their values."""

    def __init__(self, text):
        self.labels, self.meaning, self.values = {}, {}, {}
        for row in re.findall(r"^\| (.*) \|$", text, re.MULTILINE):
            cells = [cell.strip() for cell in row.split(" | ")]
            names = re.findall(r"`(\w+)`", cells[0])
            if len(cells) == 4 and names:
                self.add(names[0], cells[1], set(re.findall(r"`(\w+)`", cells[2])), cells[3])
            elif len(cells) == 2 and names:
                self.values[names[0]] = cells[1]

    def add(self, name, kind, labels, meaning):
        suffixes = ["_bucket", "_sum", "_count"] if kind == "histogram" else [""]
        for suffix in suffixes:
            self.labels[name + suffix], self.meaning[name + suffix] = labels, meaning

    def troubles(self, expression, recorded=frozenset()):
        """What an expression, or a series, says that no metric has."""
        for name, selector in names(expression):
            if name in recorded:
                continue
            if name not in self.labels and name not in OWN_METRICS:
                yield f"there is no metric {name}"
                continue
            labels = self.labels.get(name, set()) | OWN_LABELS
            for label, operator, value in SELECTOR.findall(selector):
                if label not in labels:
                    yield f"{name} has no label {label}"
                elif label not in OWN_LABELS and not self.takes(name, label, operator, value):
                    yield f"{name} has no {label}={value!r}"

    def takes(self, name, label, operator, value):
        # IDs, versions and patterns of names are nobody's list.
        if label in {"cust_space_id", "phone_number_id", "version", "commit", "task", "operation"}:
            return True
        known = codes() if label == "code" else self.values.get(label, "") + self.meaning[name]
        wanted = value.split("|") if "~" in operator else [value]
        return all(one in known for one in wanted)


@cache
def codes():
    """The codes of the contract, with what is counted beside them."""
    rows = re.findall(r"^\| `([\w.]+)` \| \d{3} \|", CODES.read_text(), re.MULTILINE)
    return {"OK", "Cancelled", *rows}


def names(expression):
    """The metrics of an expression, each with its selector."""
    return [(name, selector or "") for name, selector in NAME.findall(without_labels(expression))]


def without_labels(expression):
    """The same without what stands in `by (…)` and the like, which are labels."""
    return re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", expression)


def rules():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def of_alerts(all_rules, metrics, recorded):
    alerts = [rule for rule in all_rules if "alert" in rule]
    for name, count in Counter(rule["alert"] for rule in alerts).items():
        if count > 1:
            yield f"{name} stands twice"
    for rule in all_rules:
        name = rule.get("alert") or rule["record"]
        for trouble in metrics.troubles(rule["expr"], recorded):
            yield f"{name}: {trouble}"
    for rule in alerts:
        name, annotations = rule["alert"], rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in SEVERITIES:
            yield f"{name}: its severity is none of {', '.join(sorted(SEVERITIES))}"
        if not annotations.get("summary") or not annotations.get("description"):
            yield f"{name} has no summary, or no description"
        if annotations.get("runbook_url") != f"{RUNBOOK}#{name.lower()}":
            yield f"{name}: its runbook_url is not {RUNBOOK}#{name.lower()}"


def unused(all_rules, panels):
    """What is recorded and read by nobody."""
    read = " ".join([rule["expr"] for rule in all_rules] + [expression for _, expression in panels])
    for rule in all_rules:
        if "record" in rule and not re.search(rf"{re.escape(rule['record'])}(?![\w:])", read):
            yield f"{rule['record']} is recorded, and nobody reads it"


def of_tests(documents, alerts, metrics):
    fires, silent = set(), set()
    for document in documents:
        for test in document["tests"]:
            for series in test["input_series"]:
                for trouble in metrics.troubles(series["series"]):
                    yield f"the test {test['name']!r}: {trouble}"
            for case in test["alert_rule_test"]:
                (fires if case.get("exp_alerts") else silent).add(case["alertname"])
    for name in alerts:
        if name not in fires:
            yield f"{name}: no test has it fire"
        if name not in silent:
            yield f"{name}: no test has it stay silent"
    for name in sorted((fires | silent) - set(alerts)):
        yield f"a test names {name}, which is no alert"


def panels_of(dashboard):
    """All panels of a dashboard, rows too, with those that are folded into them."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def of_dashboard(path, dashboard, metrics, recorded):
    panels = list(panels_of(dashboard))
    for identity, count in Counter(panel["id"] for panel in panels).items():
        if count > 1:
            yield f"{path}: {count} panels have the ID {identity}"
    for panel in panels:
        place = f"{path}: the panel {panel.get('title')!r}"
        if not panel.get("title"):
            yield f"{path}: panel {panel['id']} has no title"
        if panel["type"] in ("row", "text"):
            continue
        if (panel.get("datasource") or {}).get("uid") != "${datasource}":
            yield f"{place} asks another data source than the dashboard's"
        if not panel.get("fieldConfig", {}).get("defaults", {}).get("unit"):
            yield f"{place} has no unit"
        if not panel.get("targets"):
            yield f"{place} asks nothing"
        for trouble in overlaps(panel, panels):
            yield f"{place} lies over {trouble!r}"
        for target in panel.get("targets", []):
            for trouble in metrics.troubles(plain(target["expr"]), recorded):
                yield f"{place}: {trouble}"


def overlaps(panel, panels):
    def edges(of):
        at = of["gridPos"]
        return at["x"], at["x"] + at["w"], at["y"], at["y"] + at["h"]

    left, right, top, bottom = edges(panel)
    for other in panels:
        if other["id"] > panel["id"] and other["type"] != "row":
            x, x_end, y, y_end = edges(other)
            if left < x_end and x < right and top < y_end and y < bottom:
                yield other.get("title")


def plain(expression):
    """A panel's expression without Grafana's variables."""
    return expression.replace("$__rate_interval", "5m").replace("$__range", "1h").replace("$replica", ".+")


def parsed(expressions):
    """Has promtool read expressions that are in no rule. Gives what it does not understand."""
    groups = [
        {"name": f"{number}: {place}", "rules": [{"record": "checked:expression", "expr": expression}]}
        for number, (place, expression) in enumerate(expressions)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": groups}, file)
        file.flush()
        told = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
    if told.returncode:
        yield told.stderr.replace(file.name, "promtool").strip()


def shown(text):
    """The expressions that the runbook shows in blocks, one a line."""
    blocks = re.findall(r"^```promql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [(str(RUNBOOK), line) for block in blocks for line in block.splitlines()]


def sections(text):
    """The sections of the runbook that are about an alert."""
    parts = re.split(r"^### (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (body.split("\n## ")[0] for body in parts[2::2])))


def of_runbook(text, alerts, metrics, recorded, program):
    found = sections(text)
    for name in sorted(set(alerts) - set(found)):
        yield f"{RUNBOOK} has no section {name}"
    for name in sorted(set(found) - set(alerts)):
        yield f"{RUNBOOK} has a section {name}, which is no alert"
    for name, body in found.items():
        bold = re.findall(r"^\*\*([^*]+)\.\*\*", body, re.MULTILINE)
        if bold != PARTS:
            yield f"{RUNBOOK}: the parts of {name} are {bold}, not {PARTS}"
    for name in dict.fromkeys(re.findall(r"\bGroupgate[A-Z]\w+", text)):
        if name not in alerts:
            yield f"{RUNBOOK} names {name}, which is no alert"
    for piece in re.findall(r"`([^`\n]*)`", text) + [line for _, line in shown(text)]:
        if piece.startswith("select "):
            continue
        for trouble in metrics.troubles(piece, recorded):
            yield f"{RUNBOOK}: {trouble}"
    for setting in sorted(set(re.findall(r"\b(GROUPGATE_\w+|DATABASE_URL)\b", text))):
        if f"`{setting}`" not in SETTINGS.read_text():
            yield f"{RUNBOOK} names the setting {setting}, which there is not"
    for words in re.findall(r"“([^”]+)”", text):
        if " ".join(words.split()) not in sources():
            yield f"{RUNBOOK} quotes the log: “{words}”, which nothing writes"
    for command in commands(text):
        yield from of_command(command, program)
    yield from of_links(text)


def of_links(text):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        path = RUNBOOK.parent / target
        if target and not path.exists():
            yield f"{RUNBOOK} links to {target}, which is not there"
        elif anchor and anchor not in anchors(path.read_text() if target else text):
            yield f"{RUNBOOK} links to {target}#{anchor}, which is not there"


def anchors(text):
    """What the headings of a page are called in links, as GitHub calls them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def sources():
    """All source code, with texts that go on over line ends in one piece."""
    files = [path for crate in Path("crates").iterdir() for path in (crate / "src").rglob("*.rs")]
    return re.sub(r"\\\n\s*", "", "\n".join(path.read_text() for path in files))


def commands(text):
    """The command lines of groupgate that the runbook shows, in its blocks and in its text."""
    blocks = "\n".join(re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    lines = blocks.replace("\\\n", " ").splitlines() + re.findall(r"`(groupgate [^`]+)`", text)
    return [command for line in lines for command in re.findall(r"(?:^|[\s|])(groupgate [a-z][^|;&>]*)", line)]


def of_command(command, program):
    """What of a command line groupgate does not know: its commands, its flags, and their values where they are few."""
    words = command.split()[1:]
    flags = re.findall(r"(?<=\s)(--[a-z][a-z-]*)(?: (\S+))?", command)
    path = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z-]*", word) or help_of(program, *path, word) is None:
            break
        path.append(word)
    if not path or is_group(help_of(program, *path)):
        yield f"{RUNBOOK}: there is no command `{command.strip()}`"
        return
    for flag, value in flags:
        about = re.search(rf"^ *(?:-\w, )?{flag}\b.*?(?=^ *(?:-\w, )?--|\Z)", help_of(program, *path), re.MULTILINE | re.DOTALL)
        if not about:
            yield f"{RUNBOOK}: `groupgate {' '.join(path)}` has no {flag}"
        elif "Possible values:" in about[0] and not re.search(rf"^ *- {re.escape(value)}:", about[0], re.MULTILINE):
            yield f"{RUNBOOK}: `groupgate {' '.join(path)}` takes no {flag} {value}"


@cache
def help_of(program, *path):
    """A command's help, or None where there is no such command."""
    told = subprocess.run([program, *path, "--help"], capture_output=True, text=True)
    if told.returncode or not re.search(rf"^Usage: groupgate {' '.join(path)}\b", told.stdout, re.MULTILINE):
        return None
    return told.stdout


def is_group(text):
    """Whether it takes a command more."""
    return "<COMMAND>" in text


def main(program):
    metrics, all_rules = Metrics(METRICS.read_text()), rules()
    alerts = [rule["alert"] for rule in all_rules if "alert" in rule]
    recorded = {rule["record"] for rule in all_rules if "record" in rule}
    dashboards = {path: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}
    panels = [
        (f"{path}: the panel {panel['title']!r}", plain(target["expr"]))
        for path, dashboard in dashboards.items()
        for panel in panels_of(dashboard)
        for target in panel.get("targets", [])
    ]
    troubles = [
        *of_alerts(all_rules, metrics, recorded),
        *unused(all_rules, panels),
        *of_tests([yaml.safe_load(path.read_text()) for path in TESTS], alerts, metrics),
        *(trouble for path, board in dashboards.items() for trouble in of_dashboard(path, board, metrics, recorded)),
        *parsed(panels + shown(RUNBOOK.read_text())),
        *of_runbook(RUNBOOK.read_text(), alerts, metrics, recorded, program),
    ]
    for path in [CONFIG, *PROVISIONED.rglob("*.yml")]:
        yaml.safe_load(path.read_text())
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    print(f"{len(alerts)} alerts, {len(panels)} expressions of panels, {len(metrics.labels)} metrics, {len(troubles)} troubles")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

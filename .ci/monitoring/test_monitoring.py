"""What monitoring.py takes for a mistake, and what not."""

import os
import stat
import tempfile
import unittest
from pathlib import Path

import monitoring
from monitoring import Metrics, commands, names, of_alerts, of_command, of_dashboard, of_runbook, of_tests, panels_of, sections, unused

PAGE = """\
| name | type | labels | meaning |
|---|---|---|---|
| `groupgate_calls_total` | counter | `operation`, `code` | Calls. |
| `groupgate_webhooks_total` | counter | `result` | Webhooks: committed, failed (Meta sends it again). |
| `groupgate_lag_seconds` | histogram |  | How late. |
| `groupgate_pool` | gauge | `state` | Connections. |

| label | values |
|---|---|
| `state` | `used`, `idle` |
"""

HELP = """\
#!/bin/sh
case "$*" in
    "tenants list --help") printf 'Usage: groupgate tenants list [OPTIONS]\\n\\n      --status <STATUS>\\n          Only those\\n\\n          Possible values:\\n          - active: It is\\n\\n      --json  JSON\\n' ;;
    "tenants --help") printf 'Usage: groupgate tenants <COMMAND>\\n' ;;
    *) exit 2 ;;
esac
"""


def alert(name="GroupgateSomething", expr="groupgate_pool > 1", **changed):
    annotations = {"summary": "S.", "description": "D.", "runbook_url": f"docs/RUNBOOK.md#{name.lower()}"}
    return {"alert": name, "expr": expr, "labels": {"severity": "warning"}, "annotations": annotations} | changed


def panel(identity, x=0, **changed):
    made = {
        "id": identity, "type": "timeseries", "title": f"Panel {identity}", "datasource": {"uid": "${datasource}"},
        "gridPos": {"x": x, "y": 0, "w": 8, "h": 8}, "fieldConfig": {"defaults": {"unit": "s"}},
        "targets": [{"expr": 'rate(groupgate_pool{instance=~"$replica"}[$__rate_interval])'}],
    }
    return made | changed


class Expressions(unittest.TestCase):
    def setUp(self):
        self.metrics = Metrics(PAGE)

    def troubles(self, expression, recorded=()):
        return list(self.metrics.troubles(expression, recorded))

    def test_metrics_are_found_and_labels_are_not_taken_for_them(self):
        expression = 'sum by (process_name) (up{job="groupgate"} == 1) and on (groupgate_x) groupgate:a:rate5m'
        self.assertEqual(names(expression), [("up", '{job="groupgate"}'), ("groupgate:a:rate5m", "")])
        self.assertEqual(names("groupgate::request"), [])

    def test_what_is_in_the_table_passes(self):
        for expression in (
            'rate(groupgate_webhooks_total{result=~"committed|failed", job="groupgate"}[5m])',
            "histogram_quantile(0.99, sum by (le) (rate(groupgate_lag_seconds_bucket[5m])))",
            'groupgate_pool{state="used"} / ignoring (state) groupgate_lag_seconds_count',
            "up == 0",
        ):
            self.assertEqual(self.troubles(expression), [])
        self.assertEqual(self.troubles("groupgate:lag:max > 3", {"groupgate:lag:max"}), [])

    def test_a_metric_a_label_or_a_value_that_is_not_is_told(self):
        for expression in (
            "groupgate_webhook_total",
            "groupgate_lag_seconds",
            "groupgate:lag:max",
            "process_threads",
            'groupgate_webhooks_total{reason="failed"}',
            'groupgate_webhooks_total{result="unsigned"}',
            'groupgate_pool{state=~"used|busy"}',
        ):
            self.assertEqual(len(self.troubles(expression)), 1, expression)


class Rules(unittest.TestCase):
    def test_an_alert_has_a_severity_words_and_its_section(self):
        metrics = Metrics(PAGE)
        self.assertEqual(list(of_alerts([alert()], metrics, set())), [])
        for wrong in (alert(labels={}), alert(annotations={"summary": "S.", "description": "D.", "runbook_url": "x"}), alert(expr="groupgate_no")):
            self.assertEqual(len(list(of_alerts([wrong], metrics, set()))), 1)
        self.assertEqual(list(of_alerts([alert(), alert()], metrics, set())), ["GroupgateSomething stands twice"])

    def test_what_is_recorded_is_read_by_a_rule_or_a_panel(self):
        recorded = {"record": "groupgate:a:max", "expr": "max(groupgate_pool)"}
        self.assertEqual(len(list(unused([recorded, alert(expr="groupgate:a:max5m > 1")], []))), 1)
        self.assertEqual(list(unused([recorded], [("a panel", "groupgate:a:max > 1")])), [])

    def test_each_alert_fires_in_a_test_and_is_silent_in_one(self):
        def test(*cases):
            return {"tests": [{"name": "t", "input_series": [{"series": "groupgate_pool"}], "alert_rule_test": cases}]}

        fires, silent = {"alertname": "A", "exp_alerts": [{}]}, {"alertname": "A"}
        self.assertEqual(list(of_tests([test(fires), test(silent)], ["A"], Metrics(PAGE))), [])
        self.assertEqual(list(of_tests([test(fires)], ["A"], Metrics(PAGE))), ["A: no test has it stay silent"])
        self.assertEqual(list(of_tests([test(silent)], ["A"], Metrics(PAGE))), ["A: no test has it fire"])
        self.assertEqual(list(of_tests([test(fires, silent)], [], Metrics(PAGE))), ["a test names A, which is no alert"])


class Dashboards(unittest.TestCase):
    def troubles(self, *panels):
        return list(of_dashboard("d", {"panels": list(panels)}, Metrics(PAGE), set()))

    def test_panels_beside_each_other_pass(self):
        self.assertEqual(self.troubles(panel(1), panel(2, x=8)), [])

    def test_a_panel_without_what_it_needs_is_told(self):
        unlabelled = {"fieldConfig": {"defaults": {}}}
        for wrong in ({"targets": []}, {"title": ""}, unlabelled, {"datasource": {"uid": "p"}}, {"targets": [{"expr": "groupgate_no"}]}):
            self.assertEqual(len(self.troubles(panel(1, **wrong))), 1, wrong)
        self.assertEqual(self.troubles(panel(1), panel(1, x=8)), ["d: 2 panels have the ID 1"])
        self.assertEqual(self.troubles(panel(1), panel(2, x=7)), ["d: the panel 'Panel 1' lies over 'Panel 2'"])

    def test_folded_panels_are_looked_at_too(self):
        folded = {"panels": [{"id": 1, "type": "row", "title": "R", "panels": [panel(2)]}]}
        self.assertEqual([found["id"] for found in panels_of(folded)], [1, 2])


class Runbook(unittest.TestCase):
    SECTION = "### GroupgateSomething\n\n**For whom.** A.\n\n**Look at.** B.\n\n**Do.** C.\n\n**Do not.** D.\n"

    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        program = Path(self.home.name, "groupgate")
        program.write_text(HELP)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.program = str(program)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(Path(__file__).parents[2])
        monitoring.help_of.cache_clear()

    def troubles(self, text):
        return list(of_runbook(text, ["GroupgateSomething"], Metrics(PAGE), set(), self.program))

    def test_sections_end_where_the_next_part_begins(self):
        self.assertEqual(sections(f"# R\n\n{self.SECTION}\n## Next\n\nmore\n")["GroupgateSomething"].count("more"), 0)

    def test_a_whole_section_passes_and_what_is_missing_is_told(self):
        self.assertEqual(self.troubles(self.SECTION), [])
        self.assertEqual(len(self.troubles("")), 1)
        self.assertEqual(len(self.troubles(self.SECTION.replace("**Do not.** D.", "")), ), 1)
        self.assertEqual(len(self.troubles(self.SECTION + self.SECTION.replace("Something", "Else"))), 2)

    def test_what_it_names_is_there(self):
        for wrong in ("`groupgate_no_total`", "`GROUPGATE_NO`", "“nobody writes this”", "[x](no.md)", "[x](#no)", "[x](metrics.md#no)", "GroupgateNone"):
            self.assertEqual(len(self.troubles(self.SECTION + wrong)), 1, wrong)
        for right in ("`groupgate_pool`", "`select 1 from groupgate_no_metric`", "`GROUPGATE_BIND`", "“a call\nfailed”", "[x](metrics.md#every-metric)", "[x](#groupgatesomething)", "[x](https://x.test/#y)"):
            self.assertEqual(self.troubles(self.SECTION + right), [], right)

    def test_commands_are_found_in_text_and_blocks(self):
        text = "Run `groupgate tenants list`.\n\n```sh\ncat x | groupgate tenants list --json | jq .\n```\n"
        self.assertEqual([found.strip() for found in commands(text)], ["groupgate tenants list --json", "groupgate tenants list"])

    def test_a_command_a_flag_or_a_value_that_is_not_is_told(self):
        for right in ("groupgate tenants list", "groupgate tenants list --json", "groupgate tenants list --status active"):
            self.assertEqual(list(of_command(right, self.program)), [], right)
        for wrong in ("groupgate tenant list", "groupgate tenants", "groupgate tenants list --yaml", "groupgate tenants list --status dead"):
            self.assertEqual(len(list(of_command(wrong, self.program))), 1, wrong)


if __name__ == "__main__":
    unittest.main()

"""What check.py finds in the compose file of this repository where something is changed in it."""

import copy
import unittest
from pathlib import Path

import check
import yaml

FILE = Path(__file__).parents[2] / "docker-compose.yml"
COMPOSE = yaml.safe_load(FILE.read_text())
MADE = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
KNOWN = {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}


def found_after(change):
    compose = copy.deepcopy(COMPOSE)
    change(compose["services"], compose)
    return list(check.problems(compose, MADE, KNOWN))


class Problems(unittest.TestCase):
    def test_each_of_these_is_found(self):
        changes = {
            "write to its root": lambda services, _: services["nginx"].pop("read_only"),
            "new privileges": lambda services, _: services["nginx"].update(security_opt=[]),
            "no limits": lambda services, _: services["valkey"]["deploy"]["resources"]["limits"].pop("pids"),
            "without end": lambda services, _: services["valkey"].pop("logging"),
            "more than once": lambda services, _: services["migrate"].update(restart="always"),
            "asks whether": lambda services, _: services["sandbox"].pop("healthcheck"),
            "not started again": lambda services, _: services["gateway-1"].pop("restart"),
            "publishes a port": lambda services, _: services["gateway-1"].update(ports=["127.0.0.1:9100:9100"]),
            "not on loopback": lambda services, _: services["grafana"].update(ports=["${A:-3000}:3000"]),
            "postgres: has a way out": lambda services, _: services["postgres"]["networks"].append("outside"),
            "nginx: has a way out": lambda _, compose: compose["networks"]["edge"].pop("driver_opts"),
            "knows gateway-2": lambda services, _: services["nginx"]["extra_hosts"].pop(),
            "believe nginx": lambda services, _: services["gateway-2"]["environment"].update(GROUPGATE_TRUSTED_PROXIES="0.0.0.0/0"),
            "of no use": lambda services, _: services["valkey"].pop("secrets"),
            "makes no other": lambda _, compose: compose["secrets"]["app_secret"].update(file="other"),
            "is no setting": lambda services, _: services["gateway-1"]["environment"].update(GROUPGATE_LOGS="x"),
        }
        for words, change in changes.items():
            with self.subTest(words):
                self.assertTrue(any(words in problem for problem in found_after(change)), found_after(change))


if __name__ == "__main__":
    unittest.main()

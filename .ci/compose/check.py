"""Checks a compose file against what holds for every service here.

    python3 check.py docker-compose.yml SECRETS docs/settings.md

SECRETS is a directory in which deploy/make-secrets has made what it makes. Imports .ci/python/checks.py.
"""

import re
import sys
from pathlib import Path

import checks
import yaml

# They end by themselves, so nobody asks whether they are well.
ONCE = {"roles", "migrate"}
# They publish a port, each for a reason that stands beside it.
PUBLIC = {"nginx", "grafana", "sandbox"}
# They call others than what stands in this file.
OUTSIDE = {"gateway-1", "gateway-2", "sandbox"}


def service_is_kept_in_bounds(name, service):
    """It cannot write to its root, has no capability, and takes no more than it is given."""
    if service.get("read_only") is not True or service.get("cap_drop") != ["ALL"]:
        yield f"{name}: it may write to its root, or has capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield f"{name}: it may get new privileges"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    if set(limits) != {"cpus", "memory", "pids"}:
        yield f"{name}: no limits of cpus, memory and pids"
    if "max-size" not in service.get("logging", {}).get("options", {}):
        yield f"{name}: its log grows without end"
    yield from service_is_looked_at(name, service)


def service_is_looked_at(name, service):
    """It is asked whether it is well, and started again; or it runs once."""
    if name in ONCE:
        if service.get("restart") != "no":
            yield f"{name}: it runs more than once"
        return
    if "test" not in service.get("healthcheck", {}):
        yield f"{name}: nobody asks whether it is well"
    if service.get("restart") != "unless-stopped":
        yield f"{name}: it is not started again"


def published(port):
    """The address without what a variable says: `${GROUPGATE_PUBLISH:-127.0.0.1:8080}:8080` gives its default."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", port)


def nothing_is_reached_that_need_not_be(compose):
    """Ports are published on loopback, by those alone who have to; only those who have to have a way out."""
    ways_out = {name for name, network in compose["networks"].items() if is_way_out(network or {})}
    for name, service in compose["services"].items():
        ports = service.get("ports", [])
        if ports and name not in PUBLIC:
            yield f"{name}: publishes a port"
        for port in ports:
            if not published(port).startswith("127.0.0.1:"):
                yield f"{name}: {port} is not on loopback"
        if ways_out.intersection(service["networks"]) and name not in OUTSIDE:
            yield f"{name}: has a way out by {ways_out.intersection(service['networks'])}"


def is_way_out(network):
    """Whether others answer whom it lets out: not where it is internal, nor without masquerade, by which ports are published."""
    masquerade = network.get("driver_opts", {}).get("com.docker.network.bridge.enable_ip_masquerade", "true")
    return not network.get("internal") and masquerade != "false"


def addresses_agree(compose):
    """nginx knows each gateway by the address that it has, and the gateways believe nginx."""
    services = compose["services"]
    address = {name: services[name]["networks"]["inside"]["ipv4_address"] for name in ("nginx", "gateway-1", "gateway-2")}
    known = dict(host.rsplit(":", 1) if "}" not in host else host.split(":", 1) for host in services["nginx"]["extra_hosts"])
    for name in ("gateway-1", "gateway-2"):
        if known.get(name) != address[name]:
            yield f"nginx: knows {name} by {known.get(name)}, which is at {address[name]}"
        if services[name]["environment"]["GROUPGATE_TRUSTED_PROXIES"] != address["nginx"]:
            yield f"{name}: does not believe nginx"


def secrets_are_made(compose, made):
    """Each secret is one that deploy/make-secrets makes, is declared, and no declared one is unused."""
    declared = {name: Path(secret["file"]).name for name, secret in compose["secrets"].items()}
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    for name in sorted(used ^ set(declared)):
        yield f"the secret {name} is not declared, or of no use"
    for name in sorted(set(declared.values()) - made):
        yield f"deploy/make-secrets makes no {name}"


def settings_are_known(compose, known):
    """Variables of the gateways are settings, and none is a secret."""
    for name, service in compose["services"].items():
        for variable in service.get("environment", {}):
            if variable.startswith(("GROUPGATE_", "DATABASE_")) and (variable not in known or f"{variable}_FILE" in known):
                yield f"{name}: {variable} is no setting, or a secret"


def problems(compose, made, known):
    """Everything that is wrong."""
    for name, service in compose["services"].items():
        yield from service_is_kept_in_bounds(name, service)
    yield from nothing_is_reached_that_need_not_be(compose)
    yield from addresses_agree(compose)
    yield from secrets_are_made(compose, made)
    yield from settings_are_known(compose, known)


def main(compose_file, secrets, settings_page):
    compose = yaml.safe_load(Path(compose_file).read_text())
    made = {each.name for each in Path(secrets).iterdir()}
    return checks.tell(problems(compose, made, checks.settings_of(settings_page)), f"{len(compose['services'])} services")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

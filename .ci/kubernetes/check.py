"""Checks what kustomize has built: against the schemas of Kubernetes, strictly, and against what holds for every workload here.

    python3 check.py BUILT.yaml docs/settings.md

The schemas are those that the package kubernetes-validate carries. Imports .ci/python/checks.py.
"""

import re
import sys
from pathlib import Path

import checks
import kubernetes_validate
import yaml

# The oldest version that is supported, and a recent one.
VERSIONS = ("1.30", "1.35")
# Of an operator, so that Kubernetes has no schema of it.
FOREIGN = {"ServiceMonitor"}
# By default ingress-nginx takes less, and waits less long, than the gateway (docs/bounds.md).
ANNOTATIONS = {"nginx.ingress.kubernetes.io/proxy-body-size": "101m", "nginx.ingress.kubernetes.io/proxy-read-timeout": "90"}
# What PostgreSQL gives those who are no superusers, by default.
CONNECTIONS = 97


def workloads(documents):
    """Each workload with the specification of its pods."""
    return [(each, each["spec"]["template"]["spec"]) for each in documents if each["kind"] in ("Deployment", "Job")]


def of_kind(documents, kind):
    return [each for each in documents if each["kind"] == kind]


def name_of(document):
    return f"{document['kind']} {document['metadata']['name']}"


def against_schemas(documents):
    """What the schemas of Kubernetes do not let pass."""
    for document in documents:
        if document["kind"] in FOREIGN:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{name_of(document)}, Kubernetes {version}: {error.message}"


def pods_are_kept_in_bounds(documents):
    """Pods run as nobody in particular, and each container has its limits and nothing to write to."""
    for document, pod in workloads(documents):
        who = name_of(document)
        security = pod.get("securityContext", {})
        if security.get("runAsNonRoot") is not True or security.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{who}: the pod may run as root, or without a profile of seccomp"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{who}: the pod has a token of the cluster's"
        if pod.get("enableServiceLinks") is not False:
            yield f"{who}: the cluster's variables look like settings"
        for container in pod["containers"]:
            yield from container_is_kept_in_bounds(f"{who}, {container['name']}", container)


def container_is_kept_in_bounds(who, container):
    expected = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    if container.get("securityContext") != expected:
        yield f"{who}: its securityContext is not {expected}"
    resources = container.get("resources", {})
    for part in ("requests", "limits"):
        if set(resources.get(part, {})) != {"cpu", "memory"}:
            yield f"{who}: no {part} of cpu and memory"
    if not re.search(r":[^/]*\d[^/]*$", container["image"]):
        yield f"{who}: the image {container['image']} names no version"


def gateways_are_looked_at_and_stop_in_time(documents):
    """Each container of a Deployment is probed at the port of its metrics, and has time to end its calls."""
    drain = int(settings(documents)["GROUPGATE_DRAIN_SECONDS"])
    for document in of_kind(documents, "Deployment"):
        pod = document["spec"]["template"]["spec"]
        for container in pod["containers"]:
            who = f"{name_of(document)}, {container['name']}"
            for probe, path in (("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")):
                if container.get(probe, {}).get("httpGet") != {"path": path, "port": "metrics"}:
                    yield f"{who}: no {probe} of {path} at the port metrics"
            wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            if wait < 5 or pod.get("terminationGracePeriodSeconds", 30) < wait + drain + 10:
                yield f"{who}: calls cannot end in time"


def settings(documents):
    """All settings of all ConfigMaps."""
    return {name: value for each in of_kind(documents, "ConfigMap") for name, value in each["data"].items()}


def settings_are_known(documents, known):
    """Settings, and those of variables that name files, stand in docs/settings.md; no secret is a plain value."""
    plain = set(settings(documents))
    for _, pod in workloads(documents):
        plain |= {variable["name"] for container in pod["containers"] for variable in container.get("env", [])}
    for name in sorted(plain):
        if name not in known:
            yield f"{name} is no setting"
        elif f"{name}_FILE" in known:
            yield f"{name} is a secret: let {name}_FILE name a file"


def what_is_named_is_there(documents):
    """Secrets with the members that are read, ports, and what selectors select."""
    secrets = {each["metadata"]["name"]: set(each["data"]) for each in of_kind(documents, "Secret")}
    for document, pod in workloads(documents):
        mounted = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        for container in pod["containers"]:
            places = {mount["mountPath"]: secrets.get(mounted[mount["name"]], set()) for mount in container["volumeMounts"]}
            for variable in container["env"]:
                directory, _, member = variable["value"].rpartition("/")
                if variable["name"].endswith("_FILE") and member not in places.get(directory, set()):
                    yield f"{name_of(document)}: {variable['value']} is in no secret"
    pods = [each["spec"]["template"]["metadata"]["labels"] for each, _ in workloads(documents)]
    for document, selector in selectors(documents):
        if not any(selector.items() <= labels.items() for labels in pods):
            yield f"{name_of(document)} selects nothing"


def selectors(documents):
    for each in documents:
        spec = each.get("spec", {})
        if each["kind"] == "Service":
            yield each, spec["selector"]
        elif each["kind"] in ("Deployment", "PodDisruptionBudget"):
            yield each, spec["selector"]["matchLabels"]
        elif each["kind"] == "NetworkPolicy":
            yield each, spec["podSelector"].get("matchLabels", {})


def two_stay(documents):
    """Two replicas at the least, never both away at once, and nobody in or out but who is named."""
    for each in of_kind(documents, "HorizontalPodAutoscaler"):
        if each["spec"].get("minReplicas", 1) < 2:
            yield f"{name_of(each)}: fewer than two replicas"
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in of_kind(documents, "HorizontalPodAutoscaler")}
    for each in of_kind(documents, "Deployment"):
        if each["metadata"]["name"] not in scaled or "replicas" in each["spec"]:
            yield f"{name_of(each)}: its replicas are not the autoscaler's"
    if not of_kind(documents, "PodDisruptionBudget"):
        yield "there is no PodDisruptionBudget"
    default = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    if default not in [each["spec"] for each in of_kind(documents, "NetworkPolicy")]:
        yield "no NetworkPolicy denies all by default"
    for each in of_kind(documents, "Namespace"):
        if each["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{name_of(each)}: pods are not restricted"


def connections_suffice(documents):
    """PostgreSQL has room for all gateways that there may be, and for the one more while they are replaced."""
    of_each = int(settings(documents).get("GROUPGATE_DB_CONNECTIONS", 10)) + 1
    for each in of_kind(documents, "HorizontalPodAutoscaler"):
        most = (each["spec"]["maxReplicas"] + 1) * of_each
        if most > CONNECTIONS:
            yield f"{name_of(each)}: gateways may make {most} connections, and PostgreSQL has {CONNECTIONS} by default"


def ingresses_let_pass(documents):
    """What the gateway takes, an Ingress of ingress-nginx lets through, and it waits for it."""
    for each in of_kind(documents, "Ingress"):
        told = each["metadata"].get("annotations", {})
        for name, value in ANNOTATIONS.items():
            if each["spec"].get("ingressClassName") == "nginx" and told.get(name) != value:
                yield f"{name_of(each)}: {name} is {told.get(name)}, not {value}"


def problems(documents, known):
    """Everything that is wrong."""
    yield from against_schemas(documents)
    yield from pods_are_kept_in_bounds(documents)
    yield from gateways_are_looked_at_and_stop_in_time(documents)
    yield from settings_are_known(documents, known)
    yield from what_is_named_is_there(documents)
    yield from two_stay(documents)
    yield from connections_suffice(documents)
    yield from ingresses_let_pass(documents)


def main(built, settings_page):
    documents = [each for each in yaml.safe_load_all(Path(built).read_text()) if each]
    looked_at = f"{len(documents)} manifests, Kubernetes {' and '.join(VERSIONS)}"
    return checks.tell(problems(documents, checks.settings_of(settings_page)), looked_at)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

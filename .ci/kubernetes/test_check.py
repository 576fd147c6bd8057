"""What check.py finds, and lets pass."""

import copy
import unittest

import check

KNOWN = {"DATABASE_URL", "DATABASE_URL_FILE", "GROUPGATE_BIND", "GROUPGATE_DRAIN_SECONDS"}
LABELS = {"app": "gateway"}


def probe(path):
    return {"httpGet": {"path": path, "port": "metrics"}}


GOOD = [
    {"apiVersion": "v1", "kind": "Namespace",
     "metadata": {"name": "n", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s"},
     "data": {"GROUPGATE_BIND": "0.0.0.0:8080", "GROUPGATE_DRAIN_SECONDS": "25"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "g"}, "data": {"database_url": "eA=="}},
    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gateway"},
     "spec": {"selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": {
         "automountServiceAccountToken": False, "enableServiceLinks": False, "terminationGracePeriodSeconds": 45,
         "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
         "containers": [{
             "name": "gateway", "image": "registry.example.com:5000/groupgate:0.1.0",
             "env": [{"name": "DATABASE_URL_FILE", "value": "/run/secrets/g/database_url"}],
             "startupProbe": probe("/health/live"), "livenessProbe": probe("/health/live"),
             "readinessProbe": probe("/health/ready"),
             "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
             "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                 "capabilities": {"drop": ["ALL"]}},
             "resources": {"requests": {"cpu": "1", "memory": "1Mi"}, "limits": {"cpu": "1", "memory": "1Mi"}},
             "volumeMounts": [{"name": "secrets", "mountPath": "/run/secrets/g"}]}],
         "volumes": [{"name": "secrets", "secret": {"secretName": "g"}}]}}}},
    {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "p"},
     "spec": {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}},
    {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"},
     "spec": {"minReplicas": 2, "maxReplicas": 3,
              "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gateway"}}},
    {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "annotations": dict(check.ANNOTATIONS)},
     "spec": {"ingressClassName": "nginx", "defaultBackend": {"service": {"name": "gateway", "port": {"number": 80}}}}},
    {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "nothing"},
     "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}},
]  # fmt: skip


def found_after(change):
    documents = copy.deepcopy(GOOD)
    change({each["kind"]: each for each in documents})
    return list(check.problems(documents, KNOWN))


def pod(documents):
    return documents["Deployment"]["spec"]["template"]["spec"]


def container(documents):
    return pod(documents)["containers"][0]


class Problems(unittest.TestCase):
    def test_what_is_good_passes(self):
        self.assertEqual(found_after(lambda documents: None), [])

    def test_each_of_these_is_found(self):
        changes = {
            "Additional properties": lambda documents: container(documents).update(livenessprobe={}),
            "may run as root": lambda documents: pod(documents)["securityContext"].pop("runAsNonRoot"),
            "token of the cluster": lambda documents: pod(documents).pop("automountServiceAccountToken"),
            "look like settings": lambda documents: pod(documents).pop("enableServiceLinks"),
            "its securityContext": lambda documents: container(documents)["securityContext"].update(readOnlyRootFilesystem=False),
            "no limits": lambda documents: container(documents)["resources"]["limits"].pop("memory"),
            "names no version": lambda documents: container(documents).update(image="registry.example.com:5000/groupgate"),
            "no readinessProbe": lambda documents: container(documents).pop("readinessProbe"),
            "no livenessProbe": lambda documents: container(documents).update(livenessProbe=probe("/health/ready")),
            "cannot end in time": lambda documents: pod(documents).update(terminationGracePeriodSeconds=30),
            "is no setting": lambda documents: documents["ConfigMap"]["data"].update(GROUPGATE_BINDS="x"),
            "is a secret": lambda documents: documents["ConfigMap"]["data"].update(DATABASE_URL="x"),
            "is in no secret": lambda documents: documents["Secret"].update(data={"other": "eA=="}),
            "selects nothing": lambda documents: documents["PodDisruptionBudget"]["spec"]["selector"].update(matchLabels={"app": "x"}),
            "fewer than two": lambda documents: documents["HorizontalPodAutoscaler"]["spec"].update(minReplicas=1),
            "not the autoscaler's": lambda documents: documents["Deployment"]["spec"].update(replicas=1),
            "denies all": lambda documents: documents["NetworkPolicy"]["spec"].update(policyTypes=["Ingress"]),
            "PostgreSQL has": lambda documents: documents["HorizontalPodAutoscaler"]["spec"].update(maxReplicas=8),
            "proxy-body-size": lambda documents: documents["Ingress"]["metadata"].pop("annotations"),
            "proxy-read-timeout": lambda documents: documents["Ingress"]["metadata"]["annotations"].popitem(),
            "not restricted": lambda documents: documents["Namespace"]["metadata"].update(labels={}),
        }
        for words, change in changes.items():
            with self.subTest(words):
                self.assertTrue(any(words in problem for problem in found_after(change)), found_after(change))


if __name__ == "__main__":
    unittest.main()

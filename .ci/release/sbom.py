"""The software bill of materials of groupgate, as CycloneDX 1.6 in JSON (https://cyclonedx.org/docs/1.6/json/): each package
that is linked into the program, and as `excluded` each that only helps to build it.

    python3 sbom.py TARGET VERSION COMMIT SECONDS > sbom.cdx.json

The same input gives the same bytes: SECONDS, since 1970, is the time that stands in it.
"""

import json
import sys
import uuid
from datetime import datetime, timezone

from linked import PROGRAM, packages

OURS = "MIT OR Apache-2.0"


def document(target, version, commit, seconds, found):
    program = found[next(key for key in found if key[0] == PROGRAM)]
    others = [each for each in found.values() if each is not program]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, f"groupgate {version} {commit} {target}").urn,
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application", "bom-ref": program.purl, "name": "groupgate", "version": version,
                "licenses": [{"expression": OURS}], "purl": f"pkg:generic/groupgate@{version}",
                "properties": [{"name": "groupgate:commit", "value": commit}, {"name": "groupgate:target", "value": target}],
            },
        },
        "components": [component(each) for each in others],
        "dependencies": [
            {"ref": each.purl, "dependsOn": sorted(found[key].purl for key in each.needs)} for each in found.values()
        ],
    }


def component(package):
    told = {
        "type": "library", "bom-ref": package.purl, "name": package.name, "version": package.version,
        "scope": "required" if package.is_linked else "excluded", "purl": package.purl,
    }
    if package.licence:
        told["licenses"] = [{"expression": package.licence}]
    if package.description:
        told["description"] = package.description
    if package.checksum:
        told["hashes"] = [{"alg": "SHA-256", "content": package.checksum}]
    if package.repository.startswith("https://"):
        told["externalReferences"] = [{"type": "vcs", "url": package.repository}]
    return told


def main(target, version, commit, seconds):
    json.dump(document(target, version, commit, int(seconds), packages(target)), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])

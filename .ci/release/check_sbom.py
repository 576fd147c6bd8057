"""Whether a bill of materials is what CycloneDX says one is, and tells of each package what a reader needs.

    .ci/python/run python .ci/release/check_sbom.py SBOM VERSION
"""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL

# Without these it is no bill of this program.
EXPECTED = {"actix-web", "aws-lc-sys", "libmimalloc-sys", "rustls", "sqlx", "tokio", "utoipa-swagger-ui-vendored"}
# These try the program or help to build it, and are not in it.
NOT_LINKED = {"proptest", "sqlx-macros", "syn"}


def problems(text, version):
    invalid = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if invalid:
        return [str(invalid)]
    bill = json.loads(text)
    found = []
    if bill["metadata"]["component"]["version"] != version:
        found.append(f"it is of {bill['metadata']['component']['version']}")
    linked = {each["name"] for each in bill["components"] if each["scope"] == "required"}
    found += [f"{name} is missing" for name in sorted(EXPECTED - linked)]
    found += [f"{name} is not in the program" for name in sorted(NOT_LINKED & linked)]
    for each in bill["components"]:
        found += [f"{each['purl']}: {what}" for what in problems_of(each)]
    refs = {each["bom-ref"] for each in [*bill["components"], bill["metadata"]["component"]]}
    for each in bill["dependencies"]:
        found += [f"{ref} is nowhere" for ref in {each["ref"], *each["dependsOn"]} - refs]
    return found


def problems_of(component):
    purl = PackageURL.from_string(component["purl"])
    if (purl.type, purl.name, purl.version) != ("cargo", component["name"], component["version"]):
        yield "the purl is another package's"
    if "licenses" not in component:
        yield "no licence"
        return
    licence = component["licenses"][0]["expression"]
    unknown = get_spdx_licensing().validate(licence).errors
    if unknown:
        yield f"{licence}: {unknown}"


def main(path, version):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found = problems(text, version)
    for each in found:
        print(each, file=sys.stderr)
    print(f"{len(json.loads(text)['components'])} packages in the bill of materials")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

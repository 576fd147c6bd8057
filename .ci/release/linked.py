"""Which packages groupgate is made of, as cargo resolves them for one target: what is linked into the program, and what
only helps to build it."""

import json
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "gateway"
# Files that a build script packs into the program.
PACKED = {"utoipa-swagger-ui-vendored"}


@dataclass
class Package:
    name: str
    version: str
    licence: str
    description: str
    repository: str
    authors: list
    home: Path
    licence_file: str
    # Of the archive on crates.io; none for our own.
    checksum: str
    # Whether it is in the program, and not only beside the compiler.
    is_linked: bool = False
    needs: set = field(default_factory=set)

    @property
    def key(self):
        return (self.name, self.version)

    @property
    def is_ours(self):
        return not self.checksum

    @property
    def purl(self):
        return f"pkg:cargo/{self.name}@{self.version}"


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def tree(target, edges):
    """The lines of `cargo tree`: how deep, and which package. What was seen above is not taken apart again."""
    told = cargo("tree", "--locked", "--package", PROGRAM, "--edges", edges, "--target", target,
                 "--prefix", "depth", "--format", " {p}")
    return [line_of_tree(line) for line in told.splitlines() if line]


def line_of_tree(line):
    """`3 bytes v1.12.1 (*)` is (3, ("bytes", "1.12.1"))."""
    depth, name, version = line.split()[:3]
    return int(depth), (name, version.removeprefix("v"))


def needs(lines):
    """Which packages each of them needs itself."""
    found = {}
    above = []
    for depth, key in lines:
        found.setdefault(key, set())
        del above[depth:]
        if above:
            found[above[-1]].add(key)
        above.append(key)
    return found


def packages(target):
    """All of them by name and version, our program's first."""
    linked = {key for _, key in tree(target, "normal,no-proc-macro")}
    all_needs = needs(tree(target, "normal,build"))
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(each["name"], each["version"]): each.get("checksum", "") for each in lock["package"]}
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    known = {(each["name"], each["version"]): each for each in metadata["packages"]}
    return {key: package(known[key], checksums[key], key in linked or key[0] in PACKED, all_needs[key])
            for key in sorted(all_needs, key=lambda key: (key[0] != PROGRAM, key))}


def package(told, checksum, is_linked, its_needs):
    return Package(
        name=told["name"], version=told["version"], licence=expression(told["license"] or ""),
        description=" ".join((told["description"] or "").split()), repository=told["repository"] or "",
        authors=told["authors"], home=Path(told["manifest_path"]).parent, licence_file=told["license_file"] or "",
        checksum=checksum, is_linked=is_linked, needs=its_needs,
    )


def expression(licence):
    """Old manifests have a slash where SPDX has OR."""
    return licence.replace("/", " OR ").replace("  ", " ")

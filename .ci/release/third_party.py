"""The licences of what is linked into groupgate, with the texts as they stand in the packages themselves: each text once,
above the packages that have it.

    python3 third_party.py TARGET > THIRD-PARTY.txt
"""

import re
import sys

from linked import packages

NAME = re.compile(r"^(un)?licen[cs]e|^copying|^notice|^copyright", re.IGNORECASE)
# Of which some are called like a licence, too.
SOURCES = {".c", ".cc", ".go", ".h", ".html", ".json", ".pl", ".py", ".rs", ".toml", ".yaml", ".yml"}
# Where bundled sources of others keep theirs: the C libraries inside of packages for them.
DEEPEST = 4
LINE = "=" * 100


def files(package):
    """The licence files of a package, of what it bundles too."""
    named = [package.home / package.licence_file] if package.licence_file else []
    found = [path for path in package.home.rglob("*") if NAME.match(path.name) and is_text(path, package.home)]
    return sorted({path.resolve() for path in named + found if path.is_file()})


def is_text(path, home):
    return path.suffix.lower() not in SOURCES and len(path.relative_to(home).parts) <= DEEPEST


def text(path):
    """Without what differs between copies of the same text, and is none of it."""
    lines = path.read_text(encoding="utf-8", errors="replace").expandtabs().splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def by_text(found):
    """Each text with the packages that have it, the most common first; and the packages that have none."""
    texts, without = {}, []
    for package in found:
        its = {text(path) for path in files(package)} - {""}
        for each in its:
            texts.setdefault(each, []).append(package)
        if not its:
            without.append(package)
    return sorted(texts.items(), key=lambda item: (-len(item[1]), item[1][0].key, item[0])), without


def render(found):
    texts, without = by_text(found)
    parts = [
        "groupgate is linked with the packages below, each under the licence that its line names. The texts follow, as they\n"
        "stand in the packages.\n",
        "\n".join(f"{each.name} {each.version}: {each.licence}" for each in found),
    ]
    if without:
        parts.append("These come without a text, which is below as others have it. Their authors:")
        parts.append("\n".join(f"{each.name} {each.version}: {each.licence}; {', '.join(each.authors) or each.repository}"
                               for each in without))
    for each, owners in texts:
        names = ", ".join(f"{owner.name} {owner.version}" for owner in owners)
        parts.append(f"{LINE}\n{names}\n{LINE}\n\n{each}")
    return "\n\n".join(parts) + "\n"


def main(target):
    found = [each for each in packages(target).values() if each.is_linked and not each.is_ours]
    sys.stdout.write(render(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

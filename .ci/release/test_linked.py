"""What cargo prints is read as it is meant.

    python3 -m unittest discover --start-directory .ci/release
"""

import tempfile
import unittest
from pathlib import Path

from linked import Package, expression, line_of_tree, needs
from sbom import document
from third_party import render

TREE = """\
0 gateway v0.1.0 (/src/crates/gateway)
1 http v0.2.12
2 bytes v1.12.1
1 http v1.4.0
2 bytes v1.12.1
2 itoa v1.0.15
1 serde v1.0.229
2 serde_derive v1.0.229 (proc-macro)
1 http v1.4.0 (*)
"""


def package(name, checksum="ab", **more):
    told = {"version": "1.0.0", "licence": "MIT", "description": "A thing.", "repository": "https://example.com", "authors": [],
            "home": Path("/nowhere"), "licence_file": "", "checksum": checksum, "is_linked": True}
    return Package(name=name, **told | more)


class Linked(unittest.TestCase):
    def test_each_package_has_what_it_needs_itself_also_where_two_versions_are_there(self):
        found = needs([line_of_tree(line) for line in TREE.splitlines()])
        self.assertEqual(found["gateway", "0.1.0"], {("http", "0.2.12"), ("http", "1.4.0"), ("serde", "1.0.229")})
        self.assertEqual(found["http", "0.2.12"], {("bytes", "1.12.1")})
        self.assertEqual(found["http", "1.4.0"], {("bytes", "1.12.1"), ("itoa", "1.0.15")})
        self.assertEqual(found["serde_derive", "1.0.229"], set())

    def test_an_old_way_to_write_two_licences_becomes_an_expression(self):
        self.assertEqual([expression(each) for each in ("MIT/Apache-2.0", "MIT / Apache-2.0")], ["MIT OR Apache-2.0"] * 2)

    def test_a_bill_tells_what_is_in_the_program_from_what_is_not_and_is_the_same_each_time(self):
        ours = package("gateway", checksum="", needs={("serde", "1.0.0"), ("syn", "1.0.0")})
        found = {each.key: each for each in [ours, package("serde"), package("syn", is_linked=False)]}
        bill = document("x86_64-unknown-linux-gnu", "0.1.0", "abc", 0, found)
        self.assertEqual(bill, document("x86_64-unknown-linux-gnu", "0.1.0", "abc", 0, found))
        self.assertEqual([each["scope"] for each in bill["components"]], ["required", "excluded"])
        self.assertEqual(bill["dependencies"][0]["dependsOn"], ["pkg:cargo/serde@1.0.0", "pkg:cargo/syn@1.0.0"])

    def test_a_text_that_several_have_stands_once_and_who_has_none_is_named(self):
        with tempfile.TemporaryDirectory() as home:
            for name, text in [("one", "The same.  \n"), ("two", "The same."), ("three", "")]:
                (Path(home) / name).mkdir()
                (Path(home) / name / "LICENSE-MIT").write_text(text)
                (Path(home) / name / "license.rs").write_text("fn main() {}")
            page = render([package(name, home=Path(home) / name) for name in ("one", "two", "three")])
        self.assertEqual((page.count("The same."), page.count("fn main")), (1, 0))
        self.assertIn("one 1.0.0, two 1.0.0\n=", page)
        self.assertIn("three 1.0.0: MIT; https://example.com", page)


if __name__ == "__main__":
    unittest.main()

"""What pages.py takes for a command, and what for the same answer."""

import tempfile
import unittest

from pages import blocks, compare, difference, run

PAGE = """\
Words.

```sh
name=World
```

More words.

```sh
echo "{\\"Hello\\": \\"$name\\"}"
```

```json
{"Hello": "World"}
```

```console
$ not run
```

```sh
echo not compared
```

Words between.

```json
{"Hello": "nobody"}
```
"""


class Pages(unittest.TestCase):
    def test_the_blocks_of_a_page_share_a_shell_and_are_compared_with_what_stands_right_behind(self):
        found = blocks(PAGE)
        self.assertEqual([block.line for block in found], [3, 9, 21])
        self.assertEqual([block.kind for block in found], [None, "json", None])
        with tempfile.TemporaryDirectory() as home:
            printed = run("page", found, home)
        self.assertEqual(printed, ["", '{"Hello": "World"}\n', "not compared\n"])
        self.assertEqual([compare(*pair, False) for pair in zip(found, printed)], [None, None, None])

    def test_a_command_that_fails_ends_the_run_with_its_place(self):
        with tempfile.TemporaryDirectory() as home, self.assertRaisesRegex(SystemExit, "page:2: ended with 1"):
            run("page", blocks("\n```sh\nfalse\n```\n\n```sh\ntrue\n```\n"), home)

    def test_what_is_shown_must_be_there_and_more_may_be(self):
        self.assertIsNone(difference({"A": {"B": 1}}, {"A": {"B": 1, "C": 2}, "D": 3}))
        self.assertEqual(difference({"A": {"B": 1}}, {"A": {"B": 2}}), "the answer.A.B is 2, not 1")
        self.assertEqual(difference({"A": 1}, {}), "the answer has no A")
        self.assertEqual(difference({"A": [1]}, {"A": [1, 2]}), "the answer.A has 2 items, not 1")
        self.assertEqual(difference({"A": 1}, {"A": True}), "the answer.A is True, not 1")

    def test_an_ellipsis_stands_for_anything(self):
        self.assertIsNone(difference({"Id": "Y2Fw…", "At": "…"}, {"Id": "Y2FwaV9", "At": 17}))
        self.assertIsNotNone(difference({"Id": "Y2Fw…"}, {"Id": "X2FwaV9"}))

    def test_of_a_made_example_the_code_and_the_outermost_names_count(self):
        answer = '```json\n{"Code": "OK", "Id": "1"}\n```\n'
        of_success, refused, next_section = blocks(
            f"### A\n```sh\ntrue\n```\n{answer}### B\nThe example answers `Group.NotFound` here.\n"
            f"```sh\ntrue\n```\n{answer}### C\n```sh\ntrue\n```\n{answer}"
        )
        done, not_found = '{"Code": "OK", "Id": "2"}', '{"Code": "Group.NotFound"}'
        self.assertIsNone(compare(of_success, done, True))
        self.assertIn("Code is", compare(of_success, not_found, True))
        self.assertIn("has no Id", compare(of_success, '{"Code": "OK"}', True))
        self.assertIsNone(compare(refused, not_found, True))
        self.assertIn("Code is", compare(refused, done, True))
        self.assertIsNone(compare(next_section, done, True))


if __name__ == "__main__":
    unittest.main()

"""What is deprecated keeps its dates, and stays until its sunset.

    python3 -m unittest discover .ci/openapi-compat
"""

import copy
import unittest
from datetime import date

from compat import Comparison
from deprecation import problems
from test_compat import Parts, document, put

DATED = {"deprecated": True, "x-deprecated-since": "2026-01-31", "x-sunset": "2027-01-31"}
BEFORE, AFTER = date(2027, 1, 30), date(2027, 1, 31)

# Parts of the document: how each is deprecated, and how it goes.
PARTS = {
    "POST /v1/AddChatGroup": (lambda it: it.operation, lambda it: it.paths.clear()),
    "header parameter Idempotency-Key": (lambda it: it.operation["parameters"][0], lambda it: it.operation["parameters"].clear()),
    "parameter Mode": (lambda it: it.parameters["Mode"], lambda it: it.parameters.pop("Mode")),
    "field Count": (lambda it: it.fields["Count"], lambda it: it.fields.pop("Count")),
}


def compared(old, new, today):
    comparison = Comparison(old, new, today)
    comparison.documents()
    return comparison


class Deprecation(unittest.TestCase):
    def test_what_is_deprecated_has_both_dates_a_year_apart(self):
        for told, dates in {
            None: DATED,
            "lacks x-deprecated-since": {"deprecated": True, "x-sunset": "2027-01-31"},
            "lacks x-sunset": {"deprecated": True, "x-deprecated-since": "2026-01-31", "x-sunset": "next year"},
            "less than a year later": DATED | {"x-sunset": "2027-01-30"},
        }.items():
            for name, (part, _) in PARTS.items():
                with self.subTest(told=told, part=name):
                    whole = document()
                    put(part(Parts(whole)), **dates)
                    found = problems(whole)
                    self.assertEqual(len(found), 0 if told is None else 1, found)
                    self.assertTrue(told is None or told in found[0], found)

    def test_a_leap_day_has_its_year(self):
        for sunset, told in [("2029-02-28", 1), ("2029-03-01", 0)]:
            whole = document()
            put(Parts(whole).operation, deprecated=True, **{"x-deprecated-since": "2028-02-29", "x-sunset": sunset})
            self.assertEqual(len(problems(whole)), told, sunset)

    def test_an_example_is_no_part(self):
        whole = document()
        put(Parts(whole).codes, Refused={"deprecated": True})
        self.assertEqual(problems(whole), [])

    def test_what_is_deprecated_goes_at_its_sunset_and_not_before_whatever_the_version(self):
        for name, (part, go) in PARTS.items():
            with self.subTest(name):
                old = document()
                put(part(Parts(old)), **DATED)
                new = copy.deepcopy(old)
                go(Parts(new))
                self.assertEqual(compared(old, new, AFTER).found, [])
                early = compared(old, new, BEFORE)
                self.assertEqual((early.found, len(early.promises_broken)), ([], 1), early.promises_broken)
                self.assertIn("before its sunset 2027-01-31", early.promises_broken[0])

    def test_what_is_not_deprecated_does_not_go_by_the_sunset_of_another(self):
        old = document()
        put(Parts(old).parameters["Mode"], **DATED)
        new = copy.deepcopy(old)
        Parts(new).parameters.pop("Wait")
        self.assertIn("has lost the parameter Wait", compared(old, new, AFTER).found[0])

    def test_a_sunset_does_not_come_nearer_and_may_be_put_off_or_given_up(self):
        for now, broken in [({"x-sunset": "2027-01-30"}, 1), ({"x-sunset": "2027-06-01"}, 0), ({"deprecated": False}, 0)]:
            for name, (part, _) in PARTS.items():
                with self.subTest(now=now, part=name):
                    old = document()
                    put(part(Parts(old)), **DATED)
                    new = copy.deepcopy(old)
                    put(part(Parts(new)), **now)
                    told = compared(old, new, BEFORE).promises_broken
                    self.assertEqual(len(told), broken, told)


if __name__ == "__main__":
    unittest.main()

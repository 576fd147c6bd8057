"""Every kind of incompatible change is found, and every kind of compatible one let through.

    python3 -m unittest discover .ci/openapi-compat
"""

import copy
import unittest

from compat import incompatible, may_be_incompatible


def document():
    """One operation, with something of everything."""
    request = {
        "type": "object",
        "additionalProperties": False,
        "required": ["Subject"],
        "properties": {
            "Subject": {"$ref": "#/components/schemas/Subject"},
            "Mode": {"type": "string", "enum": ["auto", "approval"]},
            "Page": {"type": "object", "properties": {"Size": {"type": "integer", "minimum": 1, "maximum": 100}}},
            "List": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string"}},
            "Wait": {"oneOf": [{"type": "integer"}, {"type": "null"}]},
        },
    }
    answer = {
        "allOf": [
            {"type": "object", "required": ["Code"], "properties": {"Code": {"type": "string"}}},
            {
                "type": "object",
                "required": ["GroupId", "List"],
                "properties": {
                    "GroupId": {"type": "string", "format": "uuid"},
                    "Status": {"type": "string", "enum": ["ACTIVE"]},
                    "Count": {"type": ["integer", "null"]},
                    "List": {"type": "array", "items": {"type": "object", "properties": {"Id": {"type": "string"}}}},
                },
            },
        ]
    }
    error = {"type": "object", "properties": {"Code": {"type": "string"}}}
    operation = {
        "operationId": "AddChatGroup",
        "security": [{"basic": []}, {"oauth": ["groups.read"]}],
        "parameters": [{"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 255}}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {
            "200": {"headers": {"RateLimit": {}}, "content": {"application/json": {"schema": answer}}},
            "422": {"content": {"application/json": {"schema": error, "examples": {"Refused": {}, "Mismatch": {}}}}},
        },
    }
    subject = {"type": "string", "minLength": 1, "maxLength": 128}
    return {
        "info": {"version": "0.1.0"},
        "paths": {"/v1/AddChatGroup": {"post": operation}},
        "components": {"schemas": {"Subject": subject}},
    }


class Parts:
    """A document's parts, to change them."""

    def __init__(self, whole):
        self.whole = whole
        self.paths = whole["paths"]
        self.operation = whole["paths"]["/v1/AddChatGroup"]["post"]
        self.request = self.operation["requestBody"]["content"]["application/json"]["schema"]
        self.parameters = self.request["properties"]
        self.responses = self.operation["responses"]
        self.answer = self.responses["200"]["content"]["application/json"]["schema"]["allOf"][1]
        self.fields = self.answer["properties"]
        self.codes = self.responses["422"]["content"]["application/json"]["examples"]
        self.subject = whole["components"]["schemas"]["Subject"]


def put(at, **values):
    at.update(values)


INCOMPATIBLE = {
    "is gone": lambda it: it.paths.clear(),
    "has another operationId": lambda it: put(it.operation, operationId="CreateGroup"),
    "no longer takes oauth ['groups.read']":
        lambda it: put(it.operation, security=[{"basic": []}, {"oauth": ["groups.write"]}]),
    "no longer takes basic []": lambda it: put(it.operation, security=[{"oauth": ["groups.read"]}]),
    "now requires the header parameter If-Match":
        lambda it: it.operation["parameters"].append({"in": "header", "name": "If-Match", "required": True}),
    "has lost the header parameter Idempotency-Key": lambda it: it.operation["parameters"].clear(),
    "Idempotency-Key: has maxLength 64, and had 255":
        lambda it: it.operation["parameters"][0]["schema"].update(maxLength=64),
    "no longer takes application/json":
        lambda it: put(it.operation["requestBody"], content={"application/xml": {}}),
    "now requires Mode": lambda it: it.request["required"].append("Mode"),
    "now requires Colour":
        lambda it: (put(it.parameters, Colour={"type": "string"}), it.request["required"].append("Colour")),
    "has lost the parameter Mode": lambda it: it.parameters.pop("Mode"),
    "Subject: takes integer now, and took string": lambda it: put(it.subject, type="integer"),
    "Subject: has maxLength 100, and had 128": lambda it: put(it.subject, maxLength=100),
    "Subject: has minLength 2, and had 1": lambda it: put(it.subject, minLength=2),
    "Subject: has another pattern": lambda it: put(it.subject, pattern="^a"),
    "Mode: no longer takes ['approval']": lambda it: put(it.parameters["Mode"], enum=["auto"]),
    "Subject: no longer takes all values": lambda it: put(it.subject, enum=["Order"]),
    "Page Size: has maximum 50, and had 100": lambda it: put(it.parameters["Page"]["properties"]["Size"], maximum=50),
    "Page: no longer takes what it does not know":
        lambda it: put(it.parameters["Page"], additionalProperties=False),
    "List: has maxItems 4, and had 8": lambda it: put(it.parameters["List"], maxItems=4),
    "List: no longer takes the same item twice": lambda it: put(it.parameters["List"], uniqueItems=True),
    "List[]: takes integer now": lambda it: put(it.parameters["List"], items={"type": "integer"}),
    "Wait: takes integer now, and took integer or null": lambda it: put(it.parameters, Wait={"type": "integer"}),
    "no longer answers with 422": lambda it: it.responses.pop("422"),
    "has lost the header RateLimit": lambda it: it.responses["200"]["headers"].clear(),
    "no longer answers with application/json": lambda it: put(it.responses["200"], content={}),
    "has lost the code Mismatch": lambda it: it.codes.pop("Mismatch"),
    "has lost the field Count": lambda it: it.fields.pop("Count"),
    "no longer always has GroupId": lambda it: it.answer["required"].remove("GroupId"),
    "GroupId: is integer now, and was string": lambda it: put(it.fields["GroupId"], type="integer"),
    "GroupId: is null or string now": lambda it: put(it.fields["GroupId"], type=["string", "null"]),
    "GroupId: has another format": lambda it: it.fields["GroupId"].pop("format"),
    "List[]: has lost the field Id": lambda it: it.fields["List"]["items"]["properties"].clear(),
    "Count: has another choice of schemas":
        lambda it: put(it.fields, Count={"oneOf": [{"type": "integer"}, {"type": "string"}]}),
}

COMPATIBLE = {
    "nothing": lambda it: None,
    "a new operation": lambda it: put(it.paths, **{"/v1/GetChatGroup": {"post": copy.deepcopy(it.operation)}}),
    "a new optional parameter": lambda it: put(it.parameters, Colour={"type": "string"}),
    "a new optional header":
        lambda it: it.operation["parameters"].append({"in": "header", "name": "x-note", "schema": {"type": "string"}}),
    "a parameter that is no longer required": lambda it: it.request["required"].clear(),
    "a wider limit": lambda it: (put(it.subject, maxLength=256), it.subject.pop("minLength")),
    "a new value that is accepted": lambda it: it.parameters["Mode"]["enum"].append("closed"),
    "an integer that may be any number": lambda it: put(it.parameters["Page"]["properties"]["Size"], type="number"),
    "null accepted too": lambda it: put(it.parameters["Mode"], type=["string", "null"]),
    "a new field": lambda it: put(it.fields, Colour={"type": "string"}),
    "a field that is always there": lambda it: it.answer["required"].append("Count"),
    "a field that is never null": lambda it: put(it.fields["Count"], type="integer"),
    "a new value that is given": lambda it: it.fields["Status"]["enum"].append("DELETED"),
    "a new code": lambda it: put(it.codes, Late={}),
    "a new status": lambda it: put(it.responses, **{"429": {"content": {}}}),
    "a new header": lambda it: put(it.responses["200"]["headers"], **{"Idempotency-Replayed": {}}),
    "another way to authorize": lambda it: it.operation["security"].append({"bearer": []}),
    "a body of another type too":
        lambda it: put(it.operation["requestBody"]["content"], **{"multipart/form-data": {}}),
    "a schema with a name of its own":
        lambda it: (put(it.whole["components"]["schemas"], Mode=it.parameters["Mode"]),
                    put(it.parameters, Mode={"$ref": "#/components/schemas/Mode"})),
    "other words": lambda it: put(it.subject, description="The subject.", examples=["Order 1042"]),
}


def changed(change):
    new = document()
    change(Parts(new))
    return incompatible(document(), new)


class Compat(unittest.TestCase):
    def test_each_incompatible_change_is_found_and_named(self):
        for told, change in INCOMPATIBLE.items():
            with self.subTest(told):
                found = changed(change)
                self.assertTrue(any(told in line for line in found), found)

    def test_each_compatible_change_is_let_through(self):
        for name, change in COMPATIBLE.items():
            with self.subTest(name):
                self.assertEqual(changed(change), [])

    def test_a_schema_that_refers_to_itself_is_compared_once(self):
        old = document()
        subject = old["components"]["schemas"]["Subject"]
        subject.update(type="object", properties={"Above": {"$ref": "#/components/schemas/Subject"}})
        new = copy.deepcopy(old)
        new["components"]["schemas"]["Subject"]["properties"]["Name"] = {"type": "string"}
        self.assertEqual(incompatible(old, new), [])

    def test_a_new_major_version_may_be_incompatible_and_below_1_a_new_minor_one(self):
        for old, new, may in [
            ("0.1.0", "0.1.1", False), ("0.1.0", "0.2.0", True), ("0.9.0", "1.0.0", True),
            ("1.0.0", "1.1.0", False), ("1.4.2", "2.0.0", True), ("1.0.0", "1.0.0", False),
        ]:
            documents = [{"info": {"version": version}} for version in (old, new)]
            self.assertEqual(may_be_incompatible(*documents), may, (old, new))


if __name__ == "__main__":
    unittest.main()

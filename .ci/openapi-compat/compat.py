"""Incompatible changes between two OpenAPI 3.1 documents of ours: what a client that was written against the old one
would stumble over with the new one.

    python3 compat.py OLD.json NEW.json      lists them; 1 where there are any

What we hold to be compatible: new operations, new optional parameters, new fields of answers, new values of an
enumeration in answers, new codes, wider limits. As https://semver.org/ has it, a new major version may be incompatible,
and below 1.0 a new minor one. What is deprecated may go at its sunset, and in no version before (deprecation.py).
"""

import json
import sys
from datetime import date

from deprecation import SUNSET, day, is_deprecated, is_over

METHODS = ("get", "put", "post", "delete", "patch")

# The keywords that bound a value, and whether a greater one lets more through.
LIMITS = {
    "maximum": True, "exclusiveMaximum": True, "maxLength": True, "maxItems": True, "maxProperties": True,
    "minimum": False, "exclusiveMinimum": False, "minLength": False, "minItems": False, "minProperties": False,
}


class Schemas:
    """The schemas of one document, each without its references, compositions and ways to say `null`."""

    def __init__(self, document):
        self.components = document.get("components", {}).get("schemas", {})

    def plain(self, schema):
        if schema is True or schema is None:
            return {}
        if "$ref" in schema:
            return self.plain(self.components[schema["$ref"].rsplit("/", 1)[1]])
        if "allOf" in schema:
            return self.merged(schema["allOf"])
        choices = schema.get("oneOf") or schema.get("anyOf")
        if choices is None:
            return schema
        some = [choice for choice in choices if choice.get("type") != "null"]
        if len(some) == 1:
            only = self.plain(some[0])
            return only | {"type": sorted(types(only) | {"null"})} if types(only) else only
        return {"choices": some}

    def merged(self, parts):
        whole = {"type": "object", "properties": {}, "required": []}
        for part in map(self.plain, parts):
            whole["properties"] |= part.get("properties", {})
            whole["required"] += part.get("required", [])
        return whole


def types(schema):
    """The types that are allowed; none named means any."""
    named = schema.get("type", [])
    return {named} if isinstance(named, str) else set(named)


class Comparison:
    def __init__(self, old, new, today=None):
        self.old, self.new = old, new
        self.old_schemas, self.new_schemas = Schemas(old), Schemas(new)
        self.today = today or date.today()
        # What a new version may excuse, and what none does.
        self.found, self.promises_broken = [], []

    def tell(self, place, what):
        self.found.append(f"{place}: {what}")

    def gone(self, place, part, what):
        """A part of the old document is not in the new one."""
        if is_over(part, self.today):
            return
        if is_deprecated(part):
            self.promises_broken.append(f"{place}: {what} before its sunset {part.get(SUNSET)}")
        else:
            self.tell(place, what)

    def sunset(self, place, old, new):
        """What was said of when a part goes is still so, or later."""
        was, now = day(old, SUNSET), day(new, SUNSET)
        if is_deprecated(old) and is_deprecated(new) and was and (now is None or now < was):
            self.promises_broken.append(f"{place}: its sunset was {was}, and is {now} now")

    def documents(self):
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                place = f"{method.upper()} {path}"
                if method in self.new["paths"].get(path, {}):
                    self.operation(place, item[method], self.new["paths"][path][method])
                else:
                    self.gone(place, item[method], "is gone")

    def operation(self, place, old, new):
        self.sunset(place, old, new)
        if old.get("operationId") != new.get("operationId"):
            self.tell(place, "has another operationId, which generated clients name their functions by")
        self.security(place, old, new)
        self.parameters(place, old, new)
        self.request(place, old.get("requestBody"), new.get("requestBody"))
        self.responses(place, old["responses"], new["responses"])

    def security(self, place, old, new):
        def alternatives(operation, document):
            return operation.get("security", document.get("security", []))

        demanded = alternatives(new, self.new)
        if not demanded:
            return
        for had in alternatives(old, self.old) or [{}]:
            if not any(self.is_enough(had, wanted) for wanted in demanded):
                had = ", ".join(f"{scheme} {scopes}" for scheme, scopes in had.items()) or "no credentials"
                self.tell(place, f"no longer takes {had}")

    @staticmethod
    def is_enough(had, wanted):
        return all(scheme in had and set(scopes) <= set(had[scheme]) for scheme, scopes in wanted.items())

    def parameters(self, place, old, new):
        def by_name(operation):
            return {(each["in"], each["name"]): each for each in operation.get("parameters", [])}

        was, now = by_name(old), by_name(new)
        for key, parameter in now.items():
            if parameter.get("required") and not was.get(key, {}).get("required"):
                self.tell(place, f"now requires the {key[0]} parameter {key[1]}")
        for key, parameter in was.items():
            if key in now:
                self.sunset(f"{place} {key[1]}", parameter, now[key])
                self.accepted(f"{place} {key[1]}", parameter.get("schema"), now[key].get("schema"))
            else:
                self.gone(place, parameter, f"has lost the {key[0]} parameter {key[1]}")

    def request(self, place, old, new):
        if new and new.get("required") and not (old and old.get("required")):
            self.tell(place, "now requires a body")
        for media_type, content in (old or {}).get("content", {}).items():
            if media_type in (new or {}).get("content", {}):
                self.accepted(place, content.get("schema"), new["content"][media_type].get("schema"))
            else:
                self.tell(place, f"no longer takes {media_type}")

    def responses(self, place, old, new):
        for status, response in old.items():
            if status not in new:
                self.tell(place, f"no longer answers with {status}")
                continue
            for name in response.get("headers", {}):
                if name not in new[status].get("headers", {}):
                    self.tell(f"{place} {status}", f"has lost the header {name}")
            for media_type, content in response.get("content", {}).items():
                now = new[status].get("content", {}).get(media_type)
                if now is None:
                    self.tell(f"{place} {status}", f"no longer answers with {media_type}")
                    continue
                self.given(f"{place} {status}", content.get("schema"), now.get("schema"))
                for code in content.get("examples", {}):
                    if code not in now.get("examples", {}):
                        self.tell(f"{place} {status}", f"has lost the code {code}")

    def accepted(self, place, old, new, above=()):
        """What was accepted must be accepted still."""
        # A schema that refers to itself comes back to where it was.
        if (id(old), id(new)) in above:
            return
        above += ((id(old), id(new)),)
        old, new = self.old_schemas.plain(old), self.new_schemas.plain(new)
        if "choices" in old or "choices" in new:
            self.choices(place, old, new)
            return
        self.accepted_values(place, old, new)
        was, now = old.get("properties", {}), new.get("properties", {})
        for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
            self.tell(place, f"now requires {name}")
        for name, schema in was.items():
            if name in now:
                self.sunset(f"{place} {name}", schema, now[name])
                self.accepted(f"{place} {name}", schema, now[name], above)
            else:
                self.gone(place, schema, f"has lost the parameter {name}")
        if old.get("additionalProperties") is not False and new.get("additionalProperties") is False:
            self.tell(place, "no longer takes what it does not know")
        if "items" in old and "items" in new:
            self.accepted(f"{place}[]", old["items"], new["items"], above)

    def accepted_values(self, place, old, new):
        allowed = types(new) | ({"integer"} if "number" in types(new) else set())
        if types(new) and (not types(old) or not types(old) <= allowed):
            self.tell(place, f"takes {words(types(new))} now, and took {words(types(old))}")
        if "enum" in new:
            gone = [value for value in old.get("enum", []) if value not in new["enum"]]
            if gone or "enum" not in old:
                self.tell(place, f"no longer takes {gone or 'all values'}")
        for keyword in ("pattern", "format", "const"):
            if keyword in new and new[keyword] != old.get(keyword):
                self.tell(place, f"has another {keyword}: {new[keyword]}")
        if new.get("uniqueItems") and not old.get("uniqueItems"):
            self.tell(place, "no longer takes the same item twice")
        for keyword, greater_is_wider in LIMITS.items():
            if keyword in new:
                was, now = old.get(keyword), new[keyword]
                if was is None or (now < was if greater_is_wider else now > was):
                    self.tell(place, f"has {keyword} {now}, and had {'none' if was is None else was}")

    def given(self, place, old, new, above=()):
        """What was given must be given still, and be of the kind that it was."""
        if (id(old), id(new)) in above:
            return
        above += ((id(old), id(new)),)
        old, new = self.old_schemas.plain(old), self.new_schemas.plain(new)
        if "choices" in old or "choices" in new:
            self.choices(place, old, new)
            return
        known = types(old) | ({"integer"} if "number" in types(old) else set())
        if types(old) and (not types(new) or not types(new) <= known):
            self.tell(place, f"is {words(types(new))} now, and was {words(types(old))}")
        if "format" in old and old["format"] != new.get("format"):
            self.tell(place, f"has another format: {new.get('format')}")
        was, now = old.get("properties", {}), new.get("properties", {})
        for name, schema in was.items():
            if name not in now:
                self.gone(place, schema, f"has lost the field {name}")
                continue
            self.sunset(f"{place} {name}", schema, now[name])
            if name in old.get("required", []) and name not in new.get("required", []):
                self.tell(place, f"no longer always has {name}")
            self.given(f"{place} {name}", schema, now[name], above)
        for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
            if isinstance(old.get(keyword), dict) and isinstance(new.get(keyword), dict):
                self.given(f"{place}{mark}", old[keyword], new[keyword], above)

    def choices(self, place, old, new):
        """Choices between several schemas are few, and compared as they stand."""
        if json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
            self.tell(place, "has another choice of schemas, which a person must compare")


def words(kinds):
    return " or ".join(sorted(kinds)) or "anything"


def incompatible(old, new):
    """What is incompatible, a line each."""
    comparison = Comparison(old, new)
    comparison.documents()
    return comparison.promises_broken + comparison.found


def may_be_incompatible(old, new):
    """Whether the new version says that it is."""
    def series(document):
        major, minor = document["info"]["version"].split(".")[:2]
        return (int(major), int(minor) if major == "0" else 0)

    return series(new) > series(old)


def main(old_path, new_path):
    with open(old_path) as old_file, open(new_path) as new_file:
        old, new = json.load(old_file), json.load(new_file)
    comparison = Comparison(old, new)
    comparison.documents()
    broken, found = comparison.promises_broken, comparison.found
    print("\n".join(broken + found) or "no incompatible change")
    if found and may_be_incompatible(old, new):
        print(f"{len(found)} incompatible changes; version {new['info']['version']} may have them")
        return 1 if broken else 0
    return 1 if broken or found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Every operation of the document is a function of the generated client.

    python complete.py openapi/groupgate.json
"""

import importlib
import json
import pkgutil
import re
import sys

from groupgate_client import api


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def generated():
    """The names of the modules that have an operation each."""
    tags = [importlib.import_module(f"{api.__name__}.{tag.name}") for tag in pkgutil.iter_modules(api.__path__)]
    return {module.name for tag in tags for module in pkgutil.iter_modules(tag.__path__)}


with open(sys.argv[1]) as file:
    pages = [page for item in json.load(file)["paths"].values() for page in item.values()]
missing = sorted({snake(page["operationId"]) for page in pages} - generated())
if missing:
    sys.exit(f"the generated client lacks {', '.join(missing)}")
print(f"the generated client has all {len(pages)} operations")

"""Lets what schemathesis makes up get past the door: the demo's tenant, and Meta's signature and token.

Only calls that are right by the document are changed, since a made-up tenant gives no more than 403. Calls that are
wrong on purpose go out as they were made.
"""

import hashlib
import hmac
import json
import os

import schemathesis

KNOWN = {
    "CustSpaceId": os.environ["GROUPGATE_CUST_SPACE_ID"],
    "BusinessNumber": os.environ["GROUPGATE_BUSINESS_NUMBER"],
    "GroupId": os.environ["GROUPGATE_GROUP_ID"],
}
# The demo's group is never deleted, since it would be gone for every other call; this one is nobody's.
DELETES = {"/v1/DeleteChatGroup"}
NOBODYS_GROUP = "nobodys-group"

APP_SECRET = os.environ["GROUPGATE_APP_SECRET"].encode()
VERIFY_TOKEN = os.environ["GROUPGATE_WEBHOOK_VERIFY_TOKEN"]


@schemathesis.hook
def before_call(context, case, **kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.path == "/webhooks/graph":
        admit_as_meta(case)
    elif isinstance(case.body, dict):
        case.body |= {name: value for name, value in known(case).items() if name in case.body}


def known(case):
    if case.path not in DELETES:
        return KNOWN
    group = case.body.get("GroupId")
    return KNOWN | {"GroupId": NOBODYS_GROUP if group == KNOWN["GroupId"] else group}


def admit_as_meta(case):
    if case.method.upper() == "GET":
        case.query |= {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN}
        return
    # The bytes that are signed must be those that are sent.
    case.body = json.dumps(case.body).encode()
    signature = hmac.new(APP_SECRET, case.body, hashlib.sha256).hexdigest()
    case.headers["x-hub-signature-256"] = f"sha256={signature}"

"""Lets what schemathesis makes up get past the door: the demo's tenant, and Meta's signature and token.

Only calls that are right by the document are changed, since a made-up tenant gives no more than 403. Calls that are
wrong on purpose go out as they were made. What Meta refuses whatever is made up (requests to join that nobody made,
people who are in no group) is in schemathesis.toml.
"""

import hashlib
import hmac
import json
import os
import uuid

import schemathesis

KNOWN = {
    "CustSpaceId": os.environ["GROUPGATE_CUST_SPACE_ID"],
    "BusinessNumber": os.environ["GROUPGATE_BUSINESS_NUMBER"],
    "GroupId": os.environ["GROUPGATE_GROUP_ID"],
}
# Meta's places in a list, which nobody can make up, and an address where there is no picture.
NOT_MADE_UP = {"After", "Before", "ProfilePictureFile"}
# What else an operation cannot do without, where the document cannot say so.
NEEDED = {"/v1/UpdateChatGroup": {"Subject": "New purchase inquiry"}}
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
    elif case.path == "/v1/events":
        # From the first event on, since nobody can make up which one there was, and without waiting for another.
        case.query = {"CustSpaceId": KNOWN["CustSpaceId"], "Limit": case.query.get("Limit", 100), "WaitSeconds": 0}
    elif isinstance(case.body, dict):
        case.body |= {name: value for name, value in known(case).items() if name in case.body}
        case.body = {name: value for name, value in case.body.items() if name not in NOT_MADE_UP}
        for name, value in NEEDED.get(case.path, {}).items():
            case.body[name] = case.body.get(name) or value
        if "Idempotency-Key" in case.headers:
            # The same key with another request is refused, as it should be.
            case.headers["Idempotency-Key"] = case.headers["Idempotency-Key"][:200] + str(uuid.uuid4())


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

"""Lets what schemathesis makes up for the administrator's API reach what there is: a tenant, a key and an endpoint of
its own, made when the run begins.

Only calls that are right by the document are changed, since made-up IDs give no more than 404. Calls that are wrong on
purpose go out as they were made. What is deleted was made for that.
"""

import base64
import json
import os
import secrets
import urllib.request

import schemathesis

URL = os.environ["GROUPGATE_URL"]
ADMIN = f"{URL}/admin/v1"
KEY = f"{os.environ['GROUPGATE_ADMIN_KEY_ID']}:{os.environ['GROUPGATE_ADMIN_KEY_SECRET']}"

SANDBOX = f"{os.environ['GROUPGATE_SANDBOX_URL']}/_sandbox"
# Where nothing listens.
HOOK = "http://127.0.0.1:9/hook"
# The gateway's own key set, which is one like any other.
KEY_SET = f"{URL}/.well-known/jwks.json"


def made(path, body, root=ADMIN):
    """What is made by a POST to that path."""
    headers = {"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(KEY.encode()).decode()}
    request = urllib.request.Request(f"{root}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def digits():
    return str(10**14 + secrets.randbelow(10**14))


def new_tenant():
    return {"cust_space_id": made("/tenants", {"name": "To be erased"})["cust_space_id"]}


def new_number():
    number = {"business_number": digits(), "phone_number_id": digits(), "waba_id": digits()}
    return {"business_number": made(f"/tenants/{TENANT}/numbers", number)["business_number"]}


def new_endpoint():
    return {"endpoint_id": made(f"/tenants/{TENANT}/endpoints", {"url": HOOK})["endpoint_id"]}


def new_isv_endpoint():
    return {"endpoint_id": made("/endpoints", {"url": HOOK})["endpoint_id"]}


def new_key():
    grants = [{"cust_space_ids": [TENANT], "scopes": ["groups.read"]}]
    return {"access_key_id": made("/keys", {"name": "tried", "grants": grants})["access_key_id"]}


def new_issuer():
    claims = [{"claim": "role", "value": "support", "cust_space_ids": [TENANT], "scopes": ["groups.read"]}]
    issuer = {"issuer": f"https://{digits()}.example/", "audience": "groupgate", "jwks_url": KEY_SET,
              "algorithms": ["EdDSA"], "claims": claims}
    return {"issuer_id": made("/issuers", issuer)["issuer_id"]}


def onboarded():
    """A tenant whose onboarding is done."""
    tenant = new_tenant()["cust_space_id"]
    waba = made("/wabas", {"numbers": [{"display_phone_number": digits()}]}, SANDBOX)
    made(f"/tenants/{tenant}/onboarding", {"access_token": waba["token"]})
    return tenant


TENANT = onboarded()
KNOWN = {"cust_space_id": TENANT, "step": "eligibility"} | new_number() | new_endpoint() | new_key() | new_issuer()
ISVS = KNOWN | new_isv_endpoint()
MAKERS = {
    "EraseTenant": new_tenant, "RemoveNumber": new_number, "RemoveEndpoint": new_endpoint,
    "RemoveIsvEndpoint": new_isv_endpoint, "RemoveKey": new_key, "RemoveIssuer": new_issuer, "RevokeKey": new_key,
}


@schemathesis.hook
def before_call(context, case, **kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    name = case.operation.definition.raw["operationId"]
    known = ISVS if case.path.startswith("/admin/v1/endpoints") else KNOWN
    known = known | MAKERS.get(name, dict)()
    # There the answers before have named what is there.
    if case.meta.phase.name != "stateful":
        places = (case.path_parameters or {}).items()
        case.path_parameters = {place: known.get(place, value) for place, value in places}
    # The place in a list is given by the page before, and nobody can make it up.
    case.query = {key: value for key, value in (case.query or {}).items() if key != "after"}
    if name == "EraseTenant":
        case.query["confirm"] = case.path_parameters["cust_space_id"]
    if "if-match" in case.headers:
        case.headers["if-match"] = "*"
    if "Idempotency-Key" in case.headers:
        # The same key with another request is refused, as it should be.
        case.headers["Idempotency-Key"] = case.headers["Idempotency-Key"][:200] + digits()
    if isinstance(case.body, dict):
        case.body = told(case.body)


def told(body):
    """The body with what cannot be made up: names of tenants, numbers that nobody has, addresses that can be called."""
    known = {"cust_space_id": f"cams-{digits()}", "business_number": digits(), "phone_number_id": digits(),
             "waba_id": digits(), "url": HOOK, "jwks_url": KEY_SET, "cust_space_ids": [TENANT]}
    nested = {key: [told(each) for each in value] for key, value in body.items()
              if isinstance(value, list) and all(isinstance(each, dict) for each in value)}
    return body | nested | {key: value for key, value in known.items() if body.get(key) is not None}

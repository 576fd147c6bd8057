"""A group's life through pywa as it is on PyPI, with its base URL and its token changed and nothing else.

Runs below .ci/with-demo. GROUPGATE_GRAPH_FACE_URL may be any address that answers Meta's own paths.
"""

import os
import time
import uuid
from pathlib import Path

import httpx
from pywa import WhatsApp
from pywa.errors import (
    ExpiredAccessToken, GroupDuplicateParticipant, GroupInvalidCursor, GroupInvalidProfilePictureAspectRatio,
    GroupJoinRequestDoesNotExist, WhatsAppError,
)
from pywa.types import Pagination
from pywa.types.groups import GroupJoinApprovalMode

FACE, SANDBOX = os.environ["GROUPGATE_GRAPH_FACE_URL"], os.environ["GROUPGATE_SANDBOX_URL"]
NUMBER, WABA = os.environ["GROUPGATE_PHONE_NUMBER_ID"], os.environ["GROUPGATE_WABA_ID"]
CREDENTIAL = f"{os.environ['GROUPGATE_ACCESS_KEY_ID']}:{os.environ['GROUPGATE_ACCESS_KEY_SECRET']}"
ANOTHER_TENANTS_GROUP, ANOTHER_TENANTS_NUMBER = os.environ["GROUPGATE_GROUP_ID_2"], os.environ["GROUPGATE_PHONE_NUMBER_ID_2"]

PICTURES = Path(os.environ["PICTURES"])
CASEY, ROBIN = "16505559801", "16505559802"

# What Meta does in its own time takes at most so many seconds here.
PATIENCE = 30


def connect(token):
    """pywa at another address. It always begins at Meta's, so the address is changed once it is made."""
    session = httpx.Client(timeout=60)
    wa = WhatsApp(phone_id=NUMBER, waba_id=WABA, token=token, session=session)
    session.base_url = str(session.base_url).replace("https://graph.facebook.com", FACE)
    return wa


def phone(wa_id, path, body):
    """What a user does on a phone."""
    answer = httpx.post(f"{SANDBOX}/_sandbox/users/{wa_id}/{path}", json=body)
    answer.raise_for_status()
    return answer.json()


def eventually(what, look):
    """What `look` gives as soon as it gives anything."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            print(f"{what}: seen")
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


def refused(what, error, code, call):
    """`call` is refused with this one of pywa's own errors."""
    try:
        call()
    except WhatsAppError as refusal:
        assert type(refusal) is error and refusal.code == code, (what, refusal)
        assert refusal.message and refusal.fbtrace_id, (what, refusal.raw)
        print(f"{what}: {error.__name__} {code}")
        return refusal
    raise AssertionError(f"{what}: was not refused")


def listed(wa, limit):
    """Every group of the number, page by page. `get_groups` expects another form than Meta's list has."""
    page = wa.api.get_active_groups(phone_id=NUMBER, pagination=Pagination(limit=limit).to_dict())
    while True:
        yield from page["data"]["groups"]
        following = page.get("paging", {}).get("next")
        if following is None:
            return
        assert following.startswith(FACE + "/") and "access_token" not in following, "the next page is elsewhere"
        page = wa.api._request(method="GET", endpoint=following)


def create(wa, subject, mode=None):
    """A new group, once Meta has made it."""
    assert wa.create_group(subject=subject, description="made with pywa", join_approval_mode=mode).request_id
    its = lambda: next((group for group in listed(wa, limit=2) if group["subject"] == subject), None)
    group = wa.get_group(eventually(f"{subject} was created", its)["id"])
    assert (group.subject, group.description, group.suspended) == (subject, "made with pywa", False), group
    assert group.join_approval_mode == (mode or GroupJoinApprovalMode.AUTO_APPROVE), group
    return group


def members(wa, group):
    return sorted(each.wa_id for each in wa.get_group(group.id).participants)


def talk(wa, group):
    sent = wa.send_message(to=group.id, text="Your watch is ready.")
    assert sent.id.startswith("wamid."), sent
    assert wa.pin_message(group.id, sent.id, expiration_days=7).id
    assert wa.unpin_message(group.id, sent.id).id
    print("a message: sent, pinned, unpinned")


def live(wa):
    """A group that lets everybody in."""
    subject = f"Order {uuid.uuid4()}"
    group = create(wa, subject)

    first = group.get_invite_link()
    link = first.reset()
    assert link.link != first.link, "the reset gave the same link"
    old = httpx.post(f"{SANDBOX}/_sandbox/users/{CASEY}/join", json={"invite_link": first.link})
    assert old.status_code == 409, old.text
    assert phone(CASEY, "join", {"invite_link": link.link})["result"] == "joined"
    assert members(wa, group) == [CASEY]
    talk(wa, group)

    picture = (PICTURES / "baseline.jpg").read_bytes()
    assert group.update(subject=f"{subject}, done", profile_picture=picture).request_id
    eventually("the new subject", lambda: wa.get_group(group.id).subject == f"{subject}, done")
    assert wa.update_group_settings(group.id, description="without a picture", profile_picture=b"").request_id
    eventually("the new description", lambda: wa.get_group(group.id).description == "without a picture")
    refused("a picture that is not square", GroupInvalidProfilePictureAspectRatio, 131209,
            lambda: group.update(profile_picture=(PICTURES / "192x193.jpg").read_bytes()))

    refused("a participant named twice", GroupDuplicateParticipant, 131202,
            lambda: group.remove_participants([CASEY, CASEY]))
    assert wa.get_group(group.id).remove_all_participants().request_id
    eventually("nobody is left", lambda: members(wa, group) == [])
    end(wa, group)


def approve(wa):
    """A group that lets nobody in unasked."""
    group = create(wa, f"Inquiry {uuid.uuid4()}", GroupJoinApprovalMode.APPROVAL_REQUIRED)
    link = group.get_invite_link().link
    for user in (CASEY, ROBIN):
        assert phone(user, "join", {"invite_link": link})["result"] == "requested"
    requests = {request.user.wa_id: request for request in group.get_join_requests()}
    assert sorted(requests) == [CASEY, ROBIN], requests
    assert requests[CASEY].approve().request_id
    assert requests[ROBIN].reject().request_id
    eventually("one is in", lambda: members(wa, group) == [CASEY])
    assert len(group.get_join_requests()) == 0
    refused("a request that was answered", GroupJoinRequestDoesNotExist, 131213, requests[ROBIN].approve)
    end(wa, group)


def end(wa, group):
    assert group.delete().request_id
    eventually("it is gone", lambda: group.id not in [each["id"] for each in listed(wa, limit=100)])


def look_at_the_number(wa):
    """What is not about groups: the number, its account, and a file."""
    assert wa.get_business_phone_number().id == NUMBER
    assert NUMBER in [number.id for number in wa.get_business_phone_numbers()]
    picture = (PICTURES / "baseline.jpg").read_bytes()
    media = wa.upload_media(picture, mime_type="image/jpeg", filename="baseline.jpg")
    url = wa.get_media_url(media.id)
    assert url.url.startswith(FACE + "/"), "the file lies elsewhere"
    assert wa.get_media_bytes(url.url) == picture, "the file came back changed"
    assert wa.delete_media(media.id, phone_id=None)
    print("a file: uploaded, read, deleted")


def errors(wa):
    no_object = lambda what, call: refused(what, WhatsAppError, 100, call).subcode
    foreign = no_object("another tenant's group", lambda: wa.get_group(ANOTHER_TENANTS_GROUP))
    unknown = no_object("no group at all", lambda: wa.get_group("Y2FwaV9ncm91cDpub25l"))
    assert foreign == unknown == 33, "one can tell another tenant's group from none"
    no_object("another tenant's number", lambda: wa.create_group(subject="x", phone_id=ANOTHER_TENANTS_NUMBER))
    refused("a path that is not served", WhatsAppError, 2500, lambda: wa.api.get_waba_subscribed_apps(WABA))
    cursor = Pagination(limit=1, after="bm9uZQ").to_dict()
    refused("a cursor of nowhere", GroupInvalidCursor, 131059,
            lambda: wa.api.get_active_groups(phone_id=NUMBER, pagination=cursor))
    stranger = refused("a wrong secret", ExpiredAccessToken, 190, lambda: connect(CREDENTIAL + "x").get_group("x"))
    assert stranger.status_code == 401, stranger


client = connect(CREDENTIAL)
live(client)
approve(client)
look_at_the_number(client)
errors(client)

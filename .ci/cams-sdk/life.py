"""A group's life through the official CAMS SDK, with its endpoint, protocol and access key changed and nothing else.

Runs below .ci/with-demo. The sandbox's control API plays the phones.
"""

import json
import os
import sys
import time
import urllib.request

from alibabacloud_cams20200606 import models
from alibabacloud_cams20200606.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

TENANT = {
    "cust_space_id": os.environ["GROUPGATE_CUST_SPACE_ID"],
    "business_number": os.environ["GROUPGATE_BUSINESS_NUMBER"],
}
USER = "16505551299"
SUBJECT = "Köln Käufer 群 & co + 100%"
PATIENCE = 20


def client(access_key_id, secret):
    protocol, endpoint = os.environ["GROUPGATE_URL"].split("://")
    return Client(Config(access_key_id=access_key_id, access_key_secret=secret, endpoint=endpoint, protocol=protocol))


CAMS = client(os.environ["GROUPGATE_ACCESS_KEY_ID"], os.environ["GROUPGATE_ACCESS_KEY_SECRET"])


def done(step, response):
    body = response.body
    assert response.status_code == 200 and body.code == "OK", (step, body.to_map())
    assert response.headers["x-acs-request-id"] == body.request_id, step
    print(f"{step}: OK")
    return body


def refused(step, code, status, call):
    try:
        call()
    except ClientException as error:
        assert (error.code, error.status_code) == (code, status), (step, error.code, error.status_code)
        assert error.data["RequestId"] and error.data["HostId"] and error.data["Recommend"], (step, error.data)
        print(f"{step}: {error.code}")
        return
    sys.exit(f"{step}: was not refused")


def eventually(what, look):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    sys.exit(f"waited in vain: {what}")


def phone(path, body):
    address = os.environ["GROUPGATE_SANDBOX_URL"] + "/_sandbox" + path
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=PATIENCE))


def listed(subject):
    page = models.ListChatGroupRequestPage(index=1, size=100)
    request = models.ListChatGroupRequest(page=page, subject=subject, group_status="ACTIVE", **TENANT)
    return CAMS.list_chat_group(request).body.data.list


def participants(group):
    page = models.ListChatGroupParticipantsRequestPage(index=1, size=8)
    request = models.ListChatGroupParticipantsRequest(page=page, **group)
    data = done("ListChatGroupParticipants", CAMS.list_chat_group_participants(request)).data
    return [one.participant_number for one in data.list]


def make():
    request = models.AddChatGroupRequest(subject=SUBJECT, description="d é ~*! (x)", **TENANT)
    assert done("AddChatGroup", CAMS.add_chat_group(request)).unique_code
    group = eventually("the group is listed", lambda: listed(SUBJECT))[0]
    assert (group.subject, group.business_role, group.group_status) == (SUBJECT, "ADMIN", "ACTIVE"), group.to_map()
    return {"group_id": group.group_id, **TENANT}


def enter(group):
    link = done("AddChatGroupInviteLink", CAMS.add_chat_group_invite_link(models.AddChatGroupInviteLinkRequest(**group)))
    assert link.invite_link.startswith("https://chat.whatsapp.com/"), link.to_map()
    assert phone(f"/users/{USER}/join", {"invite_link": link.invite_link})["result"] == "joined"
    assert participants(group) == [USER]


def talk(group):
    message = models.SendChatappMessageRequest(
        channel_type="whatsapp",
        cust_space_id=TENANT["cust_space_id"],
        from_=TENANT["business_number"],
        to=group["group_id"],
        recipient_type="group",
        type="message",
        message_type="text",
        content=json.dumps({"text": "hello group"}),
    )
    assert done("SendChatappMessage", CAMS.send_chatapp_message(message)).message_id


def change(group):
    update = models.UpdateChatGroupRequest(subject=SUBJECT + " 2", description="new", **group)
    assert done("UpdateChatGroup", CAMS.update_chat_group(update)).result == 1
    eventually("the group has its new subject", lambda: listed(SUBJECT + " 2"))


def end(group):
    users = [models.DeleteChatGroupParticipantsRequestList(participant_number=USER)]
    removal = models.DeleteChatGroupParticipantsRequest(list=users, **group)
    assert done("DeleteChatGroupParticipants", CAMS.delete_chat_group_participants(removal)).result == 1
    eventually("the participant has left", lambda: participants(group) == [])
    link = models.DeleteChatGroupInviteLinkRequest(**group)
    assert done("DeleteChatGroupInviteLink", CAMS.delete_chat_group_invite_link(link)).result == 1
    assert done("DeleteChatGroup", CAMS.delete_chat_group(models.DeleteChatGroupRequest(**group))).result == 1
    eventually("the group is gone", lambda: not listed(SUBJECT))


def be_refused(group):
    nobodys = models.DeleteChatGroupRequest(**{**group, "group_id": "bm9uZQ"})
    refused("a group that is not ours", "Group.NotFound", 404, lambda: CAMS.delete_chat_group(nobodys))
    foreign = models.AddChatGroupRequest(
        subject="x", **{**TENANT, "cust_space_id": os.environ["GROUPGATE_CUST_SPACE_ID_2"]}
    )
    refused("another tenant", "Forbidden.Tenant", 403, lambda: CAMS.add_chat_group(foreign))
    empty = models.AddChatGroupRequest(**TENANT)
    refused("no subject", "MissingSubject", 400, lambda: CAMS.add_chat_group(empty))
    wrong = client(os.environ["GROUPGATE_ACCESS_KEY_ID"], "not the secret")
    refused("a wrong secret", "SignatureDoesNotMatch", 400, lambda: wrong.add_chat_group(empty))
    unknown = client("nobody", "secret")
    refused("an unknown key", "InvalidAccessKeyId.NotFound", 404, lambda: unknown.add_chat_group(empty))


def main():
    group = make()
    enter(group)
    talk(group)
    change(group)
    end(group)
    be_refused(group)


main()

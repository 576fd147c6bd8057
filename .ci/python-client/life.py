"""One group's life through the generated client, as an integrator in Python would write it. Runs below .ci/with-demo."""

import json
import os
import uuid
from http import HTTPStatus

import httpx
from groupgate_client import AuthenticatedClient, Client
from groupgate_client.api.authorization import get_token
from groupgate_client.api.groups import add_chat_group, delete_chat_group, get_chat_group
from groupgate_client.api.invite_links import get_chat_group_invite_link
from groupgate_client.api.messages import send_chatapp_message
from groupgate_client.api.participants import delete_chat_group_participants, list_chat_group_participants
from groupgate_client.models import (
    AddChatGroup, DeleteChatGroup, DeleteChatGroupParticipants, GetChatGroup, GetChatGroupInviteLink,
    ListChatGroupParticipants, ListedParticipant, MessageType, RecipientType, SendChatappMessage, SendType, TokenRequest,
)

GATEWAY, SANDBOX = os.environ["GROUPGATE_URL"], os.environ["GROUPGATE_SANDBOX_URL"]
TENANT = {
    "cust_space_id": os.environ["GROUPGATE_CUST_SPACE_ID"],
    "business_number": os.environ["GROUPGATE_BUSINESS_NUMBER"],
}
CASEY = "16505559999"


def authorized():
    """A client with a token for the demo's access key."""
    request = TokenRequest(
        grant_type="client_credentials",
        client_id=os.environ["GROUPGATE_ACCESS_KEY_ID"],
        client_secret=os.environ["GROUPGATE_ACCESS_KEY_SECRET"],
    )
    token = get_token.sync_detailed(client=Client(GATEWAY), body=request)
    assert token.status_code == HTTPStatus.OK, token
    return AuthenticatedClient(GATEWAY, token=token.parsed.access_token, timeout=httpx.Timeout(60))


def call(operation, client, body, status=HTTPStatus.OK, code="OK", **headers):
    """What the operation answers, which must be of this status and code."""
    answer = operation.sync_detailed(client=client, body=body, **headers)
    assert (answer.status_code, answer.parsed.code) == (status, code), answer
    print(f"{type(body).__name__}: {answer.parsed.code}")
    return answer.parsed


def phone(path, body):
    """What a user does on a phone."""
    answer = httpx.post(f"{SANDBOX}/_sandbox/users/{CASEY}/{path}", json=body)
    answer.raise_for_status()
    return answer.json()


def live(client):
    new, key = AddChatGroup(**TENANT, subject="Order 1042", wait_seconds=30), str(uuid.uuid4())
    group = call(add_chat_group, client, new, idempotency_key=key)
    assert group.group_status == "ACTIVE", group
    assert call(add_chat_group, client, new, idempotency_key=key) == group, "the same call made another group"
    named = TENANT | {"group_id": group.group_id}

    link = call(get_chat_group_invite_link, client, GetChatGroupInviteLink(**named))
    assert link.invite_link == group.invite_link, link
    assert phone("join", {"invite_link": link.invite_link})["result"] == "joined"

    listed = call(list_chat_group_participants, client, ListChatGroupParticipants(**named)).data
    assert (listed.total, [each.participant_number for each in listed.list_]) == (1, [CASEY]), listed

    message = SendChatappMessage(
        cust_space_id=TENANT["cust_space_id"], from_=TENANT["business_number"], to=group.group_id,
        recipient_type=RecipientType.GROUP, type_=SendType.MESSAGE, message_type=MessageType.TEXT,
        content=json.dumps({"text": "Your watch is ready."}),
    )
    assert call(send_chatapp_message, client, message).message_id.startswith("wamid.")

    leaves = [ListedParticipant(participant_number=CASEY)]
    removed = call(
        delete_chat_group_participants, client, DeleteChatGroupParticipants(**named, list_=leaves, wait_seconds=30)
    )
    assert (removed.result, removed.failed) == (1, []), removed

    deleted = call(delete_chat_group, client, DeleteChatGroup(**named, wait_seconds=30))
    assert deleted.group_status == "INACTIVE", deleted

    error = call(get_chat_group, client, GetChatGroup(**named), HTTPStatus.NOT_FOUND, "Group.NotFound")
    assert not error.success and error.request_id and error.message != "None", error


live(authorized())

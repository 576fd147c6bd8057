"""Lets events reach one of examples/, as an integrator would set it up. Runs below .ci/with-demo.

    python3 drive.py RECEIVER...            the command that starts the receiver
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

import httpx
from standardwebhooks import Webhook

TENANT = os.environ["GROUPGATE_CUST_SPACE_ID"]
PATIENCE = 60


class Receiver:
    """The example as it runs, with the lines that it printed."""

    def __init__(self, command, port, secret):
        environment = os.environ | {"PORT": str(port), "WEBHOOK_SECRET": secret}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.lines = []
        threading.Thread(target=self.read, daemon=True).start()
        eventually("it listens", lambda: listens(port))

    def read(self):
        self.lines.extend(line.replace('"', "") for line in self.process.stdout)

    def handled(self, event_type):
        """The IDs of the events of a type that it has handled."""
        return [line.split()[0] for line in list(self.lines) if line.split()[1] == event_type]

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def listens(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what, look):
    until = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < until, f"waited in vain: {what}"
        time.sleep(0.05)
    return found


def groupgate(*arguments):
    """What a command answers."""
    ended = subprocess.run(["groupgate", *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ended.stdout)


def make_group(subject):
    key = (os.environ["GROUPGATE_ACCESS_KEY_ID"], os.environ["GROUPGATE_ACCESS_KEY_SECRET"])
    body = {"CustSpaceId": TENANT, "BusinessNumber": os.environ["GROUPGATE_BUSINESS_NUMBER"], "Subject": subject}
    url = f"{os.environ['GROUPGATE_URL']}/v1/AddChatGroup"
    answer = httpx.post(url, json=body | {"WaitSeconds": 30}, auth=key, timeout=60).json()
    assert answer["Code"] == "OK" and answer["GroupId"], answer


def posted(url, secret, event_id, signed, sent):
    """The status of the answer to `sent` with a signature over `signed`."""
    now = datetime.now(tz=timezone.utc)
    signature = Webhook(secret).sign(event_id, now, signed)
    headers = {"webhook-id": event_id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    return httpx.post(url, content=sent, headers=headers | {"content-type": "application/json"}).status_code


def done(named, event_id):
    """The deliveries of an event that are done."""
    return groupgate("endpoints", "deliveries", *named, "--event", event_id, "--state", "done")


def live(command):
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    endpoint = groupgate("endpoints", "add", url, "--tenant", TENANT, "--type", "group.*")
    named = [endpoint["endpoint_id"], "--tenant", TENANT]
    receiver = Receiver(command, port, endpoint["secret"])
    try:
        tested = groupgate("endpoints", "test", *named)
        assert tested["delivered"], tested
        eventually("the test is handled", lambda: receiver.handled("endpoint.test"))

        make_group("Order 2001")
        first = eventually("the group is handled", lambda: receiver.handled("group.created"))[0]
        print("a delivery is verified")

        rotated = groupgate("endpoints", "rotate-secret", *named)
        make_group("Order 2002")
        eventually("it is handled with the old secret", lambda: len(receiver.handled("group.created")) == 2)
        receiver.stop()
        receiver = Receiver(command, port, rotated["secret"])
        make_group("Order 2003")
        eventually("it is handled with the new secret", lambda: len(receiver.handled("group.created")) == 1)
        print("deliveries are verified across a rotated secret")

        for deliveries in (2, 3):
            assert groupgate("endpoints", "replay", *named, "--event", first)["replayed"] == 1
            eventually("it is delivered again", lambda: len(done(named, first)) == deliveries)
        assert receiver.handled("group.created").count(first) == 1, receiver.lines
        print("what is delivered twice is handled once")

        event = json.dumps({"Id": "evt_0", "Type": "group.created"})
        assert posted(url, rotated["secret"], "evt_0", event, event) == 204
        assert posted(url, rotated["secret"], "evt_1", event, event.replace("created", "deleted")) == 401
        assert posted(url, endpoint["secret"], "evt_2", event, event) == 401
        assert httpx.post(url, content=event).status_code == 401
        eventually("the signed one is handled", lambda: "evt_0" in receiver.handled("group.created"))
        assert not receiver.handled("group.deleted"), receiver.lines
        print("what is tampered with, or signed by another, is refused")

        deliveries = groupgate("endpoints", "deliveries", *named)
        assert all([each["status"] for each in delivery["tries"]] == [204] for delivery in deliveries), deliveries
        print(f"{len(deliveries)} deliveries, each answered with 204 at its first try")
    finally:
        receiver.stop()
    groupgate("endpoints", "remove", *named)


live(sys.argv[1:])

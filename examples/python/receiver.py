"""Receives groupgate's events: verifies each, answers at once, then handles it once. See ../README.md."""

import os
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
received = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            received.put((self.headers["webhook-id"], webhook.verify(body, dict(self.headers))))
            self.send_response(204)
        except (WebhookVerificationError, ValueError):  # not signed, or not signed by us
            self.send_response(401)
        self.end_headers()


def handle():
    seen, newest = set(), {}
    while True:
        webhook_id, event = received.get()
        if webhook_id not in seen:  # else it is delivered again
            seen.add(webhook_id)
            group = (event.get("CustSpaceId"), event.get("GroupId"))
            known = newest.get(group, 0)
            sequence = event.get("Sequence", known)  # our own events have none
            print(webhook_id, event["Type"], "late" if sequence < known else "in order", flush=True)
            newest[group] = max(sequence, known)


threading.Thread(target=handle, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()

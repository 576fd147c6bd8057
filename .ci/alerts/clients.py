"""Clients that do harm to the port of the second argument: `many` holds 300 connections and asks for more, `slow` begins five
requests a second and ends none, `refused` asks with the key of $KEY, ID and secret, for what no backend may read."""

import base64
import http.client
import os
import socket
import sys
import time


def hold(port, bytes_first, pause):
    held = []
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            client.sendall(bytes_first)
            held.append(client)
        except OSError:
            pass
        time.sleep(pause)
        if len(held) > 300:
            held.pop(0).close()


def ask(port, key):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {"Authorization": "Basic " + base64.b64encode(key.encode()).decode()}
    while True:
        try:
            connection.request("GET", "/admin/v1/tenants", headers=headers)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()


kind, port = sys.argv[1], int(sys.argv[2])
match kind:
    case "many":
        hold(port, b"", 0.02)
    case "slow":
        hold(port, b"POST /v1/whoami HTTP/1.1\r\nHost: ", 0.2)
    case "refused":
        ask(port, os.environ["KEY"])

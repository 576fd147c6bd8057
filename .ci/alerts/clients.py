"""Clients that do harm to the port of the second argument: `many` holds 300 connections and asks for more, `slow` begins five
requests a second and ends none."""

import socket
import sys
import time

kind, port = sys.argv[1], int(sys.argv[2])
held = []
while True:
    try:
        client = socket.create_connection(("127.0.0.1", port), timeout=5)
        if kind == "slow":
            client.sendall(b"POST /v1/whoami HTTP/1.1\r\nHost: ")
        held.append(client)
    except OSError:
        pass
    time.sleep(0.2 if kind == "slow" else 0.02)
    if len(held) > 300:
        held.pop(0).close()

"""Starts a gateway eleven times and looks how long each takes to be ready.

    python3 start.py PROGRAM DIRECTORY-OF-SECRETS [MILLISECONDS]
"""

import datetime
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

TIMES = 11
# Far above any that is to be called a start.
PATIENCE = 60
# Between two looks: what it adds to the time that is measured is less than that.
PAUSE = 0.001


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(secrets, port):
    files = {"DATABASE_URL": "database_url", "GROUPGATE_MASTER_KEY": "master_key", "GROUPGATE_APP_SECRET": "app_secret"}
    settings = {f"{name}_FILE": os.path.join(secrets, file) for name, file in files.items()}
    # Nothing is called: the address is one that nobody has.
    return settings | {"GROUPGATE_BIND": f"127.0.0.1:{port}", "GROUPGATE_GRAPH_URL": "http://127.0.0.1:9",
                       "GROUPGATE_APP_ID": "1234567890", "PATH": os.environ["PATH"]}


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def pss_mib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^Pss: +(\d+) kB", file.read(), re.MULTILINE)[1]) / 1024


def start(program, secrets):
    """Milliseconds until it was ready, and the MiB that it had then."""
    port = free_port()
    began = time.perf_counter()
    gateway = subprocess.Popen([program, "serve"], env=environment(secrets, port), stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    try:
        while not is_ready(port):
            if gateway.poll() is not None or time.perf_counter() - began > PATIENCE:
                gateway.kill()
                sys.exit(f"it is not ready: {gateway.stderr.read().decode()}")
            time.sleep(PAUSE)
        return (time.perf_counter() - began) * 1000, pss_mib(gateway.pid)
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.communicate()


def main(program, secrets, at_most=None):
    starts = [start(program, secrets) for _ in range(TIMES)]
    times = [milliseconds for milliseconds, _ in starts]
    median, memory = statistics.median(times), statistics.median(mib for _, mib in starts)
    size = os.path.getsize(program) / 1024**2
    print("| date | start to ready, median (slowest) of 11 | memory then (PSS) | program |\n|---|---|---|---|")
    print(f"| {datetime.date.today()} | {median:.0f} ms ({max(times):.0f} ms) | {memory:.1f} MiB | {size:.1f} MiB |")
    if at_most and median > float(at_most):
        sys.exit(f"more than {at_most} ms")


if __name__ == "__main__":
    main(*sys.argv[1:])

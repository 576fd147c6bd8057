"""Passes on what comes to the port of the first argument to that of the second."""

import asyncio
import sys

here, there = (int(port) for port in sys.argv[1:])


async def pass_on(reader, writer):
    try:
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    finally:
        writer.close()


async def connected(reader, writer):
    upstream, downstream = await asyncio.open_connection("127.0.0.1", there)
    await asyncio.gather(pass_on(reader, downstream), pass_on(upstream, writer), return_exceptions=True)


async def main():
    server = await asyncio.start_server(connected, "127.0.0.1", here)
    await server.serve_forever()


asyncio.run(main())

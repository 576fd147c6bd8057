// An endpoint's other end: what is told to it, it answers as its path says.

import { createServer } from 'node:http';
import { once } from 'node:events';

// Text that would run if a page took it for HTML.
export const SCRIPT = '"\'><img src=x onerror="alert(1)"><script>alert(2)</script>';

const ANSWERS = {
  '/hook': [204, ''],
  '/broken': [500, 'the till is closed'],
  '/script': [500, SCRIPT],
};

// A small server of this machine, which `close` ends.
export async function serve(handler) {
  const server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

export const receiver = () => serve((request, response) => {
  const [status, text] = ANSWERS[request.url] ?? [404, ''];
  request.resume().on('end', () => response.writeHead(status, { 'content-type': 'text/html' }).end(text));
});

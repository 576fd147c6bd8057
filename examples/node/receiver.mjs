// Receives groupgate's events: verifies each, answers at once, then handles it once. See ../README.md.

import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const seen = new Set();
const newest = new Map();

function verified(body, headers) {
  try {
    return webhook.verify(body, headers);
  } catch {
    return undefined;
  }
}

function handle(webhookId, event) {
  if (seen.has(webhookId)) return; // delivered again
  seen.add(webhookId);
  const group = `${event.CustSpaceId} ${event.GroupId}`;
  const known = newest.get(group) ?? 0;
  const sequence = event.Sequence ?? known; // our own events have none
  console.log(webhookId, event.Type, sequence < known ? "late" : "in order");
  newest.set(group, Math.max(sequence, known));
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const event = verified(Buffer.concat(chunks), request.headers);
  response.writeHead(event ? 204 : 401).end();
  if (event) setImmediate(handle, request.headers["webhook-id"], event);
}).listen(Number(process.env.PORT), "127.0.0.1");

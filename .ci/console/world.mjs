// What stands around the console: the administrator's API, the API of the tenants, the sandbox in Meta's place.

import assert from 'node:assert/strict';

const env = process.env;
export const GATEWAY = env.GROUPGATE_URL;
export const SANDBOX = env.GROUPGATE_SANDBOX_URL;
export const ADMINISTRATOR = { id: env.GROUPGATE_ADMIN_KEY_ID, secret: env.GROUPGATE_ADMIN_KEY_SECRET };
export const TENANTS_KEY = { id: env.GROUPGATE_ACCESS_KEY_ID, secret: env.GROUPGATE_ACCESS_KEY_SECRET };

const basic = ({ id, secret }) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

async function call(key, method, url, body, headers = {}) {
  const answer = await fetch(url, {
    method,
    headers: { ...(key && { authorization: basic(key) }), ...(body && { 'content-type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${url}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

// One call of the administrator's API, whatever stood there before.
export const admin = (method, path, body) =>
  call(ADMINISTRATOR, method, `${GATEWAY}/admin/v1${path}`, body, { 'if-match': '*' });

// One operation of the API, by a tenant's key.
export const operation = (name, body, key = TENANTS_KEY) => call(key, 'POST', `${GATEWAY}/v1/${name}`, body);

// What somebody does with a phone, or Meta for itself.
export const sandbox = (method, path, body) => call(null, method, `${SANDBOX}/_sandbox/${path}`, body);

// An access key with these grants.
export async function key(name, grants) {
  const made = await admin('POST', '/keys', { name, grants });
  return { id: made.access_key_id, secret: made.access_key_secret };
}

export const administratorOf = (name, scopes, custSpaceIds = ['*']) =>
  key(name, [{ cust_space_ids: custSpaceIds, scopes }]);

// What `look` gives as soon as it gives anything.
export async function eventually(what, look, patience = 20_000) {
  const deadline = Date.now() + patience;
  while (Date.now() < deadline) {
    const found = await look();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${patience} ms`);
}

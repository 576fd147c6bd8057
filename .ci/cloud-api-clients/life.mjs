// A group's life through @kapso/whatsapp-cloud-api as it is on npm, with its base URL and its token changed and nothing
// else. It has no methods of its own for groups, so those calls go by its `request`, which is what its own methods use.
//
// Runs below .ci/with-demo. GROUPGATE_GRAPH_FACE_URL may be any address that answers Meta's own paths.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GraphApiError, WhatsAppClient } from '@kapso/whatsapp-cloud-api';

const { GROUPGATE_GRAPH_FACE_URL: FACE, GROUPGATE_SANDBOX_URL: SANDBOX, GROUPGATE_PHONE_NUMBER_ID: NUMBER,
  GROUPGATE_WABA_ID: WABA, GROUPGATE_ACCESS_KEY_ID, GROUPGATE_ACCESS_KEY_SECRET,
  GROUPGATE_GROUP_ID_2: ANOTHER_TENANTS_GROUP, GROUPGATE_WABA_ID_2: ANOTHER_TENANTS_WABA, PICTURES } = process.env;
const CREDENTIAL = `${GROUPGATE_ACCESS_KEY_ID}:${GROUPGATE_ACCESS_KEY_SECRET}`;
const CASEY = '16505559811';
const ROBIN = '16505559812';

// What Meta does in its own time takes at most so many milliseconds here.
const PATIENCE = 30_000;

const connect = accessToken => new WhatsAppClient({ baseUrl: FACE, accessToken });
const client = connect(CREDENTIAL);

// One call of Meta's. The client turns names into camel case on their way in and back on their way out.
function call(method, path, body, query) {
  const sent = body && !(body instanceof FormData) ? { messagingProduct: 'whatsapp', ...body } : body;
  return client.request(method, path, { body: sent, query, responseType: 'json' });
}

function picture(name) {
  return new Blob([readFileSync(`${PICTURES}/${name}`)], { type: 'image/jpeg' });
}

// What a user does on a phone.
async function phone(user, path, body) {
  const answer = await fetch(`${SANDBOX}/_sandbox/users/${user}/${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

// What `look` gives as soon as it gives anything.
async function eventually(what, look) {
  const deadline = Date.now() + PATIENCE;
  while (Date.now() < deadline) {
    const found = await look();
    if (found) {
      console.log(`${what}: seen`);
      return found;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${PATIENCE} ms`);
}

// The call is refused with this code, in the client's own error and category.
async function refused(what, code, category, promise) {
  const error = await promise.then(() => assert.fail(`${what}: was not refused`), error => error);
  assert.ok(error instanceof GraphApiError, `${what}: ${error}`);
  assert.deepEqual([error.code, error.category], [code, category], what);
  assert.ok(error.message && error.fbtraceId, what);
  console.log(`${what}: GraphApiError ${code} ${error.category}`);
  return error;
}

// Every group of the number, page by page, as Meta's `paging.next` leads.
async function listed() {
  const groups = [];
  let page = await call('GET', `${NUMBER}/groups`, undefined, { limit: 2 });
  for (;;) {
    groups.push(...page.data.groups);
    const next = page.paging?.next;
    if (!next) return groups;
    assert.ok(next.startsWith(`${FACE}/`) && !next.includes('access_token'), 'the next page is elsewhere');
    page = await (await client.fetch(next)).json();
  }
}

async function create(subject, joinApprovalMode = 'auto_approve') {
  const made = await call('POST', `${NUMBER}/groups`, { subject, description: 'made on Node', joinApprovalMode });
  assert.ok(made.requestId);
  const its = async () => (await listed()).find(group => group.subject === subject);
  return (await eventually(`${subject} was created`, its)).id;
}

async function info(group) {
  const fields = 'subject,description,suspended,total_participant_count,participants,join_approval_mode';
  return call('GET', group, undefined, { fields });
}

async function members(group) {
  return (await info(group)).participants.map(each => each.waId).sort();
}

async function talk(group) {
  const sent = await client.messages.sendText({
    phoneNumberId: NUMBER, recipientType: 'group', to: group, body: 'Your watch is ready.',
  });
  const [{ id }] = sent.messages;
  assert.match(id, /^wamid\./);
  const pin = { recipientType: 'group', to: group, type: 'pin' };
  await call('POST', `${NUMBER}/messages`, { ...pin, pin: { type: 'pin', messageId: id, expirationDays: 7 } });
  await call('POST', `${NUMBER}/messages`, { ...pin, pin: { type: 'unpin', messageId: id } });
  console.log('a message: sent, pinned, unpinned');
}

function update(group, changed, file) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ messaging_product: 'whatsapp', ...changed })) form.set(name, value);
  if (file) form.set('file', picture(file), file);
  return call('POST', group, form);
}

// A group that lets everybody in.
async function live() {
  const subject = `Order ${randomUUID()}`;
  const group = await create(subject);
  assert.equal((await info(group)).description, 'made on Node');

  const first = (await call('GET', `${group}/invite_link`)).inviteLink;
  const { inviteLink } = await call('POST', `${group}/invite_link`, {});
  assert.notEqual(inviteLink, first, 'the reset gave the same link');
  assert.equal((await phone(CASEY, 'join', { invite_link: inviteLink })).result, 'joined');
  assert.deepEqual(await members(group), [CASEY]);
  await talk(group);

  assert.ok((await update(group, { subject: `${subject}, done` }, 'baseline.jpg')).requestId);
  await eventually('the new subject', async () => (await info(group)).subject === `${subject}, done`);
  assert.ok((await call('POST', group, { description: 'by JSON' })).requestId);
  await eventually('the new description', async () => (await info(group)).description === 'by JSON');
  await refused('a picture that is not square', 131209, 'parameter', update(group, {}, '192x193.jpg'));

  const out = { participants: [{ user: CASEY }] };
  assert.ok((await call('DELETE', `${group}/participants`, out)).requestId);
  await eventually('nobody is left', async () => (await members(group)).length === 0);
  await end(group);
}

// A group that lets nobody in unasked.
async function approve() {
  const group = await create(`Inquiry ${randomUUID()}`, 'approval_required');
  const { inviteLink } = await call('GET', `${group}/invite_link`);
  for (const user of [CASEY, ROBIN]) {
    assert.equal((await phone(user, 'join', { invite_link: inviteLink })).result, 'requested');
  }
  const { data } = await call('GET', `${group}/join_requests`);
  const [ofCasey, ofRobin] = [CASEY, ROBIN].map(user => data.find(each => each.waId === user).joinRequestId);
  const approved = await call('POST', `${group}/join_requests`, { joinRequests: [ofCasey, 'bm9uZQ'] });
  assert.deepEqual(approved.approvedJoinRequests, [ofCasey]);
  assert.equal(approved.failedJoinRequests[0].errors[0].code, 131213, 'the part that failed is told');
  assert.equal(approved.requestId, undefined, 'an answer in part passes as Meta wrote it');
  const rejected = await call('DELETE', `${group}/join_requests`, { joinRequests: [ofRobin] });
  assert.deepEqual(rejected.rejectedJoinRequests, [ofRobin]);
  assert.ok(rejected.requestId);
  await eventually('one is in', async () => (await members(group)).join() === CASEY);
  const again = call('POST', `${group}/join_requests`, { joinRequests: [ofRobin] });
  await refused('a request that was answered', 131213, 'parameter', again);
  await end(group);
}

async function end(group) {
  assert.equal((await call('DELETE', group)).success, true);
  await eventually('it is gone', async () => (await listed()).every(each => each.id !== group));
}

// What is not about groups: a file, the number, templates.
async function lookAround() {
  const media = await client.media.upload({
    phoneNumberId: NUMBER, type: 'image', file: picture('baseline.jpg'), fileName: 'baseline.jpg',
  });
  const { url } = await client.media.get({ mediaId: media.id });
  assert.ok(url.startsWith(`${FACE}/`), 'the file lies elsewhere');
  const back = Buffer.from(await (await client.fetch(url)).arrayBuffer());
  assert.ok(back.equals(readFileSync(`${PICTURES}/baseline.jpg`)), 'the file came back changed');
  await client.media.delete({ mediaId: media.id });
  console.log('a file: uploaded, read, deleted');
  assert.equal((await call('GET', NUMBER, undefined, { fields: 'id' })).id, NUMBER);
  assert.ok(Array.isArray((await client.templates.list({ businessAccountId: WABA })).data));
}

async function errors() {
  const foreign = await refused('another tenant\'s group', 100, 'parameter', info(ANOTHER_TENANTS_GROUP));
  const unknown = await refused('no group at all', 100, 'parameter', info('Y2FwaV9ncm91cDpub25l'));
  assert.deepEqual([foreign.errorSubcode, unknown.errorSubcode], [33, 33], 'one can tell another tenant\'s from none');
  const templates = client.templates.list({ businessAccountId: ANOTHER_TENANTS_WABA });
  await refused('another tenant\'s account', 100, 'parameter', templates);
  await refused('a path that is not served', 2500, 'parameter', call('GET', `${WABA}/subscribed_apps`));
  const stranger = connect(`${CREDENTIAL}x`).request('GET', NUMBER, { responseType: 'json' });
  const error = await refused('a wrong secret', 190, 'authorization', stranger);
  assert.ok(error.isAuthError() && error.httpStatus === 401);
}

await live();
await approve();
await lookAround();
await errors();

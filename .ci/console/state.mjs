// Fills a fresh demo, so that no list of the console is empty: by the interfaces that others use, never past them.

import { SCRIPT } from './receiver.mjs';
import { admin, eventually, key, operation, sandbox } from './world.mjs';

// The tenants: one with everything, one with nothing, one with a dead token, one whose every text is script.
export const FULL = 'cams-demo1';
export const EMPTY = 'cams-empty';
export const EMPTYS_NAME = 'Nobody yet';
export const DEAD = 'cams-dead';
export const HOSTILE = 'cams-hostile';

const OF_FULL = { CustSpaceId: FULL, BusinessNumber: '15550000001' };

// A customer at Meta with one number, whose digits are `digits`; gives its token.
export async function customer(wabaId, digits) {
  const number = { phone_number_id: `1${wabaId.slice(1)}`, display_phone_number: `+${digits}` };
  const { token } = await sandbox('POST', 'wabas', { waba_id: wabaId, subscribed: false, numbers: [number] });
  return token;
}

// The code that Embedded Signup hands out, which is good for half a minute.
export const signup = async wabaId => (await sandbox('POST', 'signup', { waba_id: wabaId })).code;

async function onboard(custSpaceId, tenant, wabaId, digits) {
  const access_token = await customer(wabaId, digits);
  await admin('POST', '/tenants', { cust_space_id: custSpaceId, ...tenant });
  const { is_done } = await admin('POST', `/tenants/${custSpaceId}/onboarding`, { access_token });
  if (!is_done) throw new Error(`${custSpaceId} is not onboarded`);
  return access_token;
}

const join = (user, invite_link) => sandbox('POST', `users/${user}/join`, { invite_link });

// A group with people in it, one that people ask to enter, and calls that failed.
async function groups() {
  const order = await operation('AddChatGroup', { ...OF_FULL, Subject: 'Order 1042', WaitSeconds: 30 });
  for (const user of ['16505559999', '16505558888']) await join(user, order.InviteLink);
  const asking = { ...OF_FULL, Subject: 'Watch enthusiasts', JoinApprovalMode: 'approval_required', WaitSeconds: 30 };
  await join('16505557777', (await operation('AddChatGroup', asking)).InviteLink);
  const nowhere = { ...OF_FULL, GroupId: 'Y2FwaV9ncm91cDpub3doZXJl' };
  await operation('AddChatGroupInviteLink', nowhere).catch(() => {});
  await operation('AddChatGroupInviteLink', { ...OF_FULL, GroupId: order.GroupId });
  return order.GroupId;
}

// Endpoints, the tenant's and the ISV's: one that takes everything, one that fails, one that is off.
async function endpoints(receiver) {
  const of = `/tenants/${FULL}/endpoints`;
  const takes = await admin('POST', of, { url: `${receiver}/hook`, types: [], description: 'The till' });
  const fails = await admin('POST', of, { url: `${receiver}/broken`, types: ['group.*'] });
  const off = await admin('POST', of, { url: `${receiver}/hook`, types: ['group.*'], description: 'Not yet' });
  await admin('POST', `${of}/${off.endpoint_id}/disable`, { reason: 'until the till is open' });
  const ours = await admin('POST', '/endpoints', { url: `${receiver}/hook`, types: [], description: 'Our own desk' });
  return { takes: takes.endpoint_id, fails: fails.endpoint_id, ours: ours.endpoint_id };
}

async function keys() {
  const grants = [{ cust_space_ids: [FULL], scopes: ['groups.read', 'groups.write'] }];
  const rotated = await key('till', grants);
  await admin('POST', `/keys/${rotated.id}/rotate`, { overlap_seconds: 3_600 });
  await admin('POST', `/keys/${(await key('lost laptop', grants)).id}/revoke`);
}

// Meta tells of a number that no tenant has.
const unrouted = () => sandbox('POST', 'webhooks/send', {
  field: 'group_lifecycle_update', waba_id: '299999999999999',
  value: {
    messaging_product: 'whatsapp', metadata: { display_phone_number: '15559999999', phone_number_id: '199999999999999' },
    groups: [{ timestamp: '1763712000', group_id: 'Y2FwaV9ncm91cDplbHNld2hlcmU', type: 'group_create', request_id: 'R1',
      subject: SCRIPT, invite_link: 'https://chat.whatsapp.com/X', join_approval_mode: 'auto_approve' }],
  },
});

async function dead() {
  const token = await onboard(DEAD, { name: 'Mill Brothers' }, '200000000000008', '15550000008');
  await sandbox('POST', `tokens/${token}/expire`);
  await admin('POST', `/tenants/${DEAD}/credential/check`);
}

// Whatever can be named by others is named so that it runs where a page forgets to escape it.
async function hostile(receiver) {
  const tenant = { name: SCRIPT, notes: SCRIPT, labels: { customer: SCRIPT } };
  await onboard(HOSTILE, tenant, '200000000000009', '15550000009');
  const grants = [{ cust_space_ids: [HOSTILE], scopes: ['groups.read', 'groups.write'] }];
  const theirs = await key(SCRIPT, grants);
  const { endpoint_id } = await admin('POST', `/tenants/${HOSTILE}/endpoints`,
    { url: `${receiver}/script`, types: [], description: SCRIPT });
  const group = { CustSpaceId: HOSTILE, BusinessNumber: '15550000009', Subject: SCRIPT, Description: SCRIPT, WaitSeconds: 30 };
  const { GroupId } = await operation('AddChatGroup', group, theirs);
  return { endpoint: endpoint_id, group: GroupId, key: theirs.id };
}

// What is counted and tried in the background has been.
async function settled({ fails }) {
  const tries = `/tenants/${FULL}/endpoints/${fails}/deliveries`;
  await eventually('a try that failed', async () => (await admin('GET', tries)).data.length > 0);
  await eventually('calls', async () => (await admin('GET', `/tenants/${FULL}/calls`)).data.length > 3);
  await eventually('unrouted events', async () => (await admin('GET', '/events/unrouted')).data.length > 0);
}

// What an administrator of a good day sees; gives the IDs that stories need.
export async function fill(receiver) {
  await admin('POST', '/tenants', { cust_space_id: EMPTY, name: EMPTYS_NAME });
  await admin('PATCH', `/tenants/${FULL}`, { notes: 'Calls on Mondays.', labels: { customer: '4711' } });
  await admin('PUT', `/tenants/${FULL}/limits`, { per_tenant: '20/s;burst=40', in_flight: 10 });
  await keys();
  const ids = { receiver, ...await endpoints(receiver) };
  ids.group = await groups();
  await dead();
  await unrouted();
  await settled(ids);
  return ids;
}

// The same, and what somebody of ill will would add.
export async function fillWithScript(receiver) {
  return { hostile: await hostile(receiver), ...await fill(receiver) };
}

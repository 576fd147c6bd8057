// Forms of somebody whose session has ended in between.

import assert from 'node:assert/strict';
import { visited } from '../browser.mjs';
import { EMPTY } from '../state.mjs';
import { ADMINISTRATOR, GATEWAY, admin, administratorOf, eventually } from '../world.mjs';

const LIMITS = `/console/tenants/${EMPTY}/limits`;
const limitsNow = () => admin('GET', `/tenants/${EMPTY}/limits`);

// Types a change, lets something happen, and sends it.
async function changeAfter(person, happens) {
  await person.open(LIMITS);
  const before = await limitsNow();
  await person.fill('Calls at the same time', '3');
  await happens();
  await person.press('Save the limits');
  assert.equal(new URL(person.page.url()).pathname, '/console/sign-in', 'who is not signed in is asked to');
  assert.deepEqual(await limitsNow(), before, 'nothing was changed');
}

async function signOutInAnotherTab(person) {
  await person.signIn(ADMINISTRATOR);
  await changeAfter(person, async () => {
    const tab = await person.newTab();
    await tab.goto(`${GATEWAY}/console`);
    await tab.getByRole('button', { name: 'Sign out' }).click();
    await tab.waitForURL(/sign-in/);
  });
}

async function revokedKey(person) {
  const key = await administratorOf('leaving today', ['admin.read', 'admin.write']);
  await person.signIn(key);
  const isSignedIn = async () => (await person.context.request.get(`${GATEWAY}/console`, { maxRedirects: 0 })).status() === 200;
  await changeAfter(person, async () => {
    await admin('POST', `/keys/${key.id}/revoke`);
    await eventually('the session ends with its key', async () => !await isSignedIn());
  });
}

export async function endedSessions(t, browser) {
  await t.test('signed out in another tab', () => visited(browser, {}, signOutInAnotherTab));
  await t.test('by a key that was revoked', () => visited(browser, {}, revokedKey));
}

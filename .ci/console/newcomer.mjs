// A new administrator: from a fresh demo to another tenant's first invite link, in the browser alone. The sandbox plays the
// customer, who has gone through Meta's sign-up; what the last page shows is pasted into a shell.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { visited } from './browser.mjs';
import { lookAtAnswer } from './looks.mjs';
import { customer, signup } from './state.mjs';
import { ADMINISTRATOR, admin } from './world.mjs';

const LONGEST = 60_000;

async function inAShell(command) {
  const { stdout } = await promisify(execFile)('bash', ['-c', command]);
  return JSON.parse(stdout);
}

// Looks again, as the page says to where it cannot do so by itself, until the button is there.
async function untilThereIs(person, button) {
  const deadline = Date.now() + LONGEST;
  while (await person.page.getByRole('button', { name: button }).count() === 0) {
    assert.ok(Date.now() < deadline, await person.text());
    await person.page.waitForTimeout(200);
    await person.page.reload();
  }
}

async function onboard(person, { name, custSpaceId, code }) {
  await person.follow('Onboard');
  await person.fill('Tenant\'s name', name);
  await person.fill('CustSpaceId', custSpaceId);
  await person.fill('Code of Embedded Signup', code);
  await person.press('Onboard the tenant');
  await untilThereIs(person, 'Make a key for this tenant');
}

// The way as it is printed, with how long it took.
async function way(person, t, { name, custSpaceId, wabaId, digits }) {
  await customer(wabaId, digits);
  const began = performance.now();
  await person.signIn(ADMINISTRATOR);
  await onboard(person, { name, custSpaceId, code: await signup(wabaId) });
  const made = await person.press('Make a key for this tenant');
  const curl = await person.page.locator('figure.code code').innerText();
  const { InviteLink } = await inAShell(curl);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  assert.match(InviteLink, /^https:\/\/chat\.whatsapp\.com\/\w+/, 'the pasted call answers an invite link');
  assert.equal((await admin('GET', `/tenants/${custSpaceId}`)).status, 'active');
  t.diagnostic(`from the sign-in to the first invite link: ${seconds} s`);
  return made;
}

// What is wrong is said beside its field; a code that was used up is told with its cure.
async function mistakes(person) {
  await person.signIn(ADMINISTRATOR);
  await person.open('/console/onboarding/new');
  const empty = await person.press('Onboard the tenant');
  assert.equal(empty.status(), 400);
  await lookAtAnswer(person, empty, 'onboarding-refused');
  await person.fill('Tenant\'s name', 'Too late');
  await person.fill('CustSpaceId', 'cams-demo1');
  await person.fill('Code of Embedded Signup', 'used-up');
  const taken = await person.press('Onboard the tenant');
  assert.equal(taken.status(), 409);
  await lookAtAnswer(person, taken, 'onboarding-taken');
  assert.equal(await person.field('Tenant\'s name').inputValue(), 'Too late');
  assert.equal(await person.field('Code of Embedded Signup').inputValue(), '', 'a secret is not shown again');
  await person.fill('CustSpaceId', 'cams-late');
  await person.fill('Code of Embedded Signup', 'used-up');
  const begun = await person.press('Onboard the tenant');
  assert.equal(begun.status(), 303);
  await untilThereIs(person, 'Begin anew');
  assert.match(await person.text(), /What to do:/, 'a step that failed says its cure');
}

export async function newcomer(t, browser) {
  const third = { name: 'Bakery Miller', custSpaceId: 'cams-third', wabaId: '200000000000010', digits: '15550000010' };
  const fourth = { name: 'Mill Brothers', custSpaceId: 'cams-fourth', wabaId: '200000000000011', digits: '15550000011' };
  await t.test('to a third tenant\'s first invite link', { timeout: LONGEST }, t =>
    visited(browser, {}, async person => lookAtAnswer(person, await way(person, t, third), 'onboarding-key')));
  await t.test('the same without script', { timeout: LONGEST }, t =>
    visited(browser, { javaScriptEnabled: false }, person => way(person, t, fourth)));
  await t.test('and with what can go wrong', { timeout: LONGEST }, () => visited(browser, {}, mistakes));
}

// A tenant's own forms: name and notes, suspending, limits, numbers, token, erasing.

import assert from 'node:assert/strict';
import { asAdministrator } from '../browser.mjs';
import { lookAtAnswer } from '../looks.mjs';
import { customer } from '../state.mjs';
import { admin } from '../world.mjs';

const ID = 'cams-forms';
const HOME = `/console/tenants/${ID}`;
const stands = (path = '') => admin('GET', `/tenants/${ID}${path}`);

// Sends the form, which is refused with this status and these words.
async function refused(person, button, status, words) {
  const answer = await person.press(button);
  assert.equal(answer.status(), status, await person.text());
  assert.match(await person.page.getByRole('alert').innerText(), words);
  return answer;
}

// Sends the form, which does what it says.
async function done(person, button, words = /Saved/) {
  const answer = await person.press(button);
  assert.equal(answer.status(), 303, await person.text());
  assert.match(await person.page.getByRole('status').first().innerText(), words);
}

async function details(person) {
  await person.open(`${HOME}/edit`);
  await person.fill('Name', '');
  await person.fill('Notes', 'kept');
  await person.fill('Labels', 'no label at all');
  await lookAtAnswer(person, await refused(person, 'Save', 400, /Name|name/), 'tenant-edit-refused');
  assert.equal(await person.field('Notes').inputValue(), 'kept', 'what was typed is not lost');
  await person.fill('Name', 'Bakery Miller');
  await person.fill('Labels', 'customer=4711');
  await done(person, 'Save');
  const { name, notes, labels } = await stands();
  assert.deepEqual({ name, notes, labels }, { name: 'Bakery Miller', notes: 'kept', labels: { customer: '4711' } });
}

// Another administrator has changed it since the page was opened.
async function staleDetails(person) {
  await person.open(`${HOME}/edit`);
  await admin('PATCH', `/tenants/${ID}`, { name: 'Miller & Sons' });
  await person.fill('Name', 'Bakery Miller, Berlin');
  await lookAtAnswer(person, await refused(person, 'Save', 412, /changed/), 'tenant-edit-stale');
  assert.match(await person.text(), /Miller & Sons/, 'what stands now is shown');
  assert.equal(await person.field('Name').inputValue(), 'Bakery Miller, Berlin', 'and so is what was typed');
  assert.equal((await stands()).name, 'Miller & Sons', 'nobody\'s work is undone');
  await done(person, 'Save');
  assert.equal((await stands()).name, 'Bakery Miller, Berlin');
}

async function suspension(person) {
  const { name } = await stands();
  await person.open(`${HOME}/suspend`);
  await lookAtAnswer(person, await refused(person, `Suspend ${name}`, 400, /reason|Reason/), 'tenant-suspend-refused');
  await person.fill('Reason', 'unpaid since May');
  await done(person, `Suspend ${name}`, /[Ss]uspended/);
  assert.deepEqual((await stands()).suspended_reason, 'unpaid since May');
  await done(person, 'Resume', /[Rr]esumed|goes on/);
  assert.equal((await stands()).suspended_reason, null);
}

async function limits(person) {
  await person.open(`${HOME}/limits`);
  await person.fill('Calls', 'many');
  await person.fill('Calls at the same time', '0');
  await lookAtAnswer(person, await refused(person, 'Save the limits', 400, /./), 'limits-refused');
  assert.equal(await person.field('Calls').getAttribute('aria-invalid'), 'true');
  await person.fill('Calls', '20/s;burst=40');
  await person.fill('Calls at the same time', '10');
  await done(person, 'Save the limits');
  await person.open(`${HOME}/limits`);
  await admin('PUT', `/tenants/${ID}/limits`, { in_flight: 3 });
  await person.fill('Calls at the same time', '11');
  await lookAtAnswer(person, await refused(person, 'Save the limits', 412, /changed/), 'limits-stale');
  assert.equal((await stands('/limits')).in_flight, 3);
}

async function numbers(person) {
  await person.open(`${HOME}/numbers`);
  await lookAtAnswer(person, await refused(person, 'Add the number', 400, /./), 'numbers-refused');
  await person.fill('Number', '+1 555-000-0001');
  await person.fill('Phone number ID', '100000000000001');
  await person.fill('WABA', '200000000000001');
  await lookAtAnswer(person, await refused(person, 'Add the number', 409, /./), 'numbers-taken');
  await person.fill('Number', '+1 555-000-0006');
  await person.fill('Phone number ID', '100000000000006');
  await person.fill('WABA', '200000000000006');
  await done(person, 'Add the number', /[Aa]dded/);
  await person.open(`${HOME}/numbers/15550000006`);
  await person.fill('WABA', '200000000000007');
  await done(person, 'Save the account');
  await person.open(`${HOME}/numbers/15550000006/remove`);
  await person.press('Remove 15550000006');
  assert.deepEqual((await stands('/numbers')).data, []);
}

async function token(person) {
  await person.open(`${HOME}/credential`);
  await person.fill('Access token', 'EAAnobody');
  const answer = await person.press('Store the token');
  assert.ok([400, 409, 422].includes(answer.status()), `${answer.status()}`);
  await lookAtAnswer(person, answer, 'credential-refused');
  assert.equal(await person.field('Access token').inputValue(), '', 'a secret is not shown again');
  await person.fill('Access token', await customer('200000000000006', '15550000006'));
  await done(person, 'Store the token', /[Ss]tored|Saved/);
  assert.equal((await person.press('Ask Meta now')).status(), 303);
  assert.equal((await stands('/credential')).state, 'valid');
  await person.open(`${HOME}/credential/remove`);
  await person.press(await person.page.locator('form.confirm button').innerText());
  assert.equal((await stands('/credential')).state, 'missing');
}

async function erasing(person) {
  const { name } = await stands();
  await person.open(`${HOME}/erase`);
  await person.fill('CustSpaceId', 'cams-demo1');
  await lookAtAnswer(person, await refused(person, `Erase ${name}`, 400, /./), 'tenant-erase-refused');
  await person.fill('CustSpaceId', ID);
  assert.equal((await person.press(`Erase ${name}`)).status(), 303);
  assert.equal(person.path().split('?')[0], '/console/tenants');
  await person.open(HOME, 404);
}

export async function tenantForms(t, browser) {
  await admin('POST', '/tenants', { cust_space_id: ID, name: 'Forms' });
  const told = asAdministrator(t, browser);
  await told('name, notes and labels', {}, details);
  await told('somebody else was quicker', {}, staleDetails);
  await told('suspend and resume', {}, suspension);
  await told('suspend and resume, without script', { javaScriptEnabled: false }, suspension);
  await told('limits', {}, limits);
  await told('numbers', {}, numbers);
  await told('the token', {}, token);
  await told('erasing', {}, erasing);
}

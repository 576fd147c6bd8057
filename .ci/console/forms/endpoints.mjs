// Endpoints and what is delivered to them.

import assert from 'node:assert/strict';
import { asAdministrator } from '../browser.mjs';
import { lookAtAnswer } from '../looks.mjs';
import { FULL } from '../state.mjs';
import { admin, eventually } from '../world.mjs';

// Sends the form, which leads on to another page.
async function done(person, button) {
  const answer = await person.press(button);
  assert.equal(answer.status(), 303, await person.text());
}

async function add(person, root, url) {
  await person.open(`${root}/new`);
  await person.fill('Address', 'ftp://example.com');
  const refused = await person.press('Add the endpoint');
  assert.equal(refused.status(), 400);
  await lookAtAnswer(person, refused, 'endpoint-refused');
  await person.fill('Address', url);
  await person.fill('Description', 'made in a browser');
  await person.page.getByRole('checkbox', { name: /group\.\*/ }).check();
  const made = await person.press('Add the endpoint');
  assert.match(await person.page.locator('.secret code').innerText(), /^whsec_/);
  await lookAtAnswer(person, made, 'endpoint-made');
  await person.follow('To the endpoint');
  return person.path().split('/').at(-1);
}

async function change(person, at, api) {
  await person.open(`${at}/change`);
  await person.fill('Description', 'changed');
  await done(person, 'Save');
  assert.equal((await admin('GET', api)).description, 'changed');
  await person.open(`${at}/change`);
  await admin('PATCH', api, { description: 'by another' });
  await person.fill('Description', 'by me');
  const stale = await person.press('Save');
  assert.equal(stale.status(), 412);
  await lookAtAnswer(person, stale, 'endpoint-stale');
  assert.equal(await person.field('Description').inputValue(), 'by me');
}

async function rotateAndSwitch(person, at, api) {
  await person.open(`${at}/rotate-secret`);
  const rotated = await person.press('Rotate the secret');
  assert.match(await person.page.locator('.secret code').innerText(), /^whsec_/);
  await lookAtAnswer(person, rotated, 'endpoint-rotated');
  await person.open(`${at}/disable`);
  const refused = await person.press('Disable the endpoint');
  assert.equal(refused.status(), 400);
  await lookAtAnswer(person, refused, 'endpoint-disable-refused');
  await person.fill('Reason', 'the till is closed');
  await done(person, 'Disable the endpoint');
  assert.equal((await admin('GET', api)).state, 'disabled');
  await person.open(at);
  await done(person, 'Enable');
  assert.equal((await admin('GET', api)).state, 'enabled');
}

async function remove(person, at) {
  await person.open(`${at}/remove`);
  assert.match(await person.text(), /What stops working/);
  await done(person, 'Remove the endpoint');
  await person.open(at, 404);
}

async function life(person, root, api, url) {
  const id = await add(person, root, url);
  const [at, of] = [`${root}/${id}`, `${api}/${id}`];
  await change(person, at, of);
  await rotateAndSwitch(person, at, of);
  await remove(person, at);
}

// A test event is seen to arrive, and one that failed is sent again.
async function deliveries(person, { takes, fails }) {
  const root = `/console/tenants/${FULL}/endpoints`;
  await person.open(`${root}/${takes}`);
  await done(person, 'Send a test event');
  await eventually('the test event', async () => {
    await person.page.reload();
    return /204/.test(await person.text());
  });
  const tries = `/tenants/${FULL}/endpoints/${fails}/deliveries`;
  const { data: [delivery] } = await admin('GET', tries);
  await person.open(`${root}/${fails}/deliveries/${delivery.delivery_id}`);
  assert.match(await person.text(), /the till is closed/, 'what the endpoint answered is shown');
  await done(person, 'Send again');
  const once = async () => (await admin('GET', `${tries}?event_id=${delivery.event_id}`)).data;
  await eventually('one more try', async () => {
    const found = await once();
    return found.length > 1 || found[0].tries.length > delivery.tries.length;
  });
}

async function replay(person, { takes }) {
  await person.open(`/console/tenants/${FULL}/endpoints/${takes}/replay`);
  await person.fill('From', '1');
  await person.page.getByRole('radio', { name: /^all/ }).check();
  const asked = await person.press('See how much that is');
  assert.match(await person.text(), /would be delivered/);
  await lookAtAnswer(person, asked, 'replay-asked');
  await done(person, await person.page.getByRole('button', { name: /once more/ }).innerText());
}

export async function endpointForms(t, browser, ids) {
  const told = asAdministrator(t, browser);
  const url = `${ids.receiver}/hook`;
  await told('a tenant\'s, from its making to its end', {}, person =>
    life(person, `/console/tenants/${FULL}/endpoints`, `/tenants/${FULL}/endpoints`, url));
  await told('our own, without script', { javaScriptEnabled: false }, person =>
    life(person, '/console/endpoints', '/endpoints', url));
  await told('a test event, and one sent again', {}, person => deliveries(person, ids));
  await told('events once more', {}, person => replay(person, ids));
}

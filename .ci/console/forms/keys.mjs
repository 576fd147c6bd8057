// Access keys: made, shown once, rotated with an overlap, revoked, removed.

import assert from 'node:assert/strict';
import { asAdministrator } from '../browser.mjs';
import { lookAtAnswer } from '../looks.mjs';
import { FULL } from '../state.mjs';
import { GATEWAY, admin, key } from '../world.mjs';

const named = async name => (await admin('GET', `/keys?name=${encodeURIComponent(name)}`)).data
  .filter(key => key.name === name);

// Whether the API takes them; `operation` needs no grant beyond the tenant.
async function works(id, secret) {
  const answer = await fetch(`${GATEWAY}/v1/ListBusinessNumbers`, {
    method: 'POST', body: JSON.stringify({ CustSpaceId: FULL }),
    headers: { 'content-type': 'application/json', authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
  });
  return answer.status === 200;
}

// What a page shows this once, by what stands above it.
const shown = (person, label) => person.page.locator('.secret', { hasText: label }).locator('code').innerText();

async function fillNewKey(person, name) {
  await person.open(`/console/keys/new?cust_space_id=${FULL}`);
  await person.fill('Name', name);
  await person.page.getByRole('checkbox', { name: /groups\.read/ }).first().check();
}

async function life(person, name) {
  await fillNewKey(person, '');
  await lookAtAnswer(person, await person.press('Make the key'), 'key-refused');
  assert.ok(await person.page.getByRole('checkbox', { name: /groups\.read/ }).first().isChecked(), 'what was chosen is not lost');
  await person.fill('Name', name);
  const made = await person.press('Make the key');
  const [id, first] = [await shown(person, 'AccessKeyId'), await shown(person, 'AccessKeySecret')];
  await lookAtAnswer(person, made, 'key-made');
  assert.ok(await works(id, first), 'the secret that is shown is the key\'s');

  await person.open(`/console/keys/${id}/rotate`);
  await person.page.getByRole('radio').nth(1).check();
  const rotated = await person.press('Make the new secret');
  const second = await shown(person, 'AccessKeySecret');
  await lookAtAnswer(person, rotated, 'key-rotated');
  assert.deepEqual([await works(id, first), await works(id, second)], [true, true], 'both work for a while');

  await person.open(`/console/keys/${id}/revoke`);
  assert.match(await person.text(), new RegExp(`What stops working[^]*${id}`));
  assert.equal((await person.press(`Revoke ${name}`)).status(), 303);
  assert.equal((await admin('GET', `/keys/${id}`)).state, 'revoked');
  await person.open(`/console/keys/${id}/remove`);
  assert.equal((await person.press(`Remove ${name}`)).status(), 303);
  await person.open(`/console/keys/${id}`, 404);
}

async function doubleClick(person) {
  await fillNewKey(person, 'clicked twice');
  await person.page.getByRole('button', { name: 'Make the key' }).dblclick();
  await person.page.waitForURL(`${GATEWAY}/console/keys/new`);
  await person.page.getByRole('heading', { level: 1 }).waitFor();
  await person.page.locator('.secret', { hasText: 'AccessKeyId' }).waitFor();
  assert.equal((await named('clicked twice')).length, 1, 'one key was made');
}

// Reloading the page that shows a secret sends its form once more.
async function reloading(person) {
  await fillNewKey(person, 'reloaded');
  await person.press('Make the key');
  const secret = await shown(person, 'AccessKeySecret');
  await person.page.reload();
  assert.ok(!(await person.page.content()).includes(secret), 'the secret is shown once');
  assert.match(await person.text(), /not shown again/);
  assert.equal((await named('reloaded')).length, 1);
}

// Another administrator has changed the key since the page was opened.
async function stale(person) {
  const { id } = await key('narrowed', [{ cust_space_ids: [FULL], scopes: ['groups.read', 'groups.write'] }]);
  await person.open(`/console/keys/${id}`);
  await admin('PATCH', `/keys/${id}`, { name: 'narrowed by another' });
  await person.fill('Name', 'narrowed by me');
  const answer = await person.press('Save');
  assert.equal(answer.status(), 412);
  await lookAtAnswer(person, answer, 'key-stale');
  assert.equal(await person.field('Name').inputValue(), 'narrowed by me');
  assert.equal((await admin('GET', `/keys/${id}`)).name, 'narrowed by another');
}

export async function keyForms(t, browser) {
  const told = asAdministrator(t, browser);
  await told('from its making to its end', {}, person => life(person, 'till 2'));
  await told('the same without script', { javaScriptEnabled: false }, person => life(person, 'till 3'));
  await told('a double click makes one key', {}, doubleClick);
  await told('a double click makes one key, without script', { javaScriptEnabled: false }, async person => {
    await fillNewKey(person, 'clicked twice, plainly');
    await person.page.getByRole('button', { name: 'Make the key' }).dblclick();
    await person.page.locator('.secret', { hasText: 'AccessKeyId' }).waitFor();
    assert.equal((await named('clicked twice, plainly')).length, 1);
  });
  await told('a page that is loaded again shows no secret', {}, reloading);
  await told('somebody else was quicker', {}, stale);
}

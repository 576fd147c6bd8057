// What others try: pages that frame the console or send its forms, planted sessions, text that would be script.

import assert from 'node:assert/strict';
import { visited } from './browser.mjs';
import { SCRIPT, serve } from './receiver.mjs';
import { FULL, HOSTILE } from './state.mjs';
import { ADMINISTRATOR, GATEWAY, admin } from './world.mjs';

const SESSION = 'groupgate';

// Sends itself as soon as it is open, with whatever the browser adds by itself.
const FORM = `<!DOCTYPE html><form method="post" action="${GATEWAY}/console/tenants/${FULL}/suspend">
<input name="reason" value="because"><input name="form_token" value=""></form>
<script>document.forms[0].submit()</script>`;
const FRAME = `<!DOCTYPE html><iframe src="${GATEWAY}/console"></iframe>`;

const elsewhere = () => serve((request, response) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end(request.url === '/frame' ? FRAME : FORM));

// Its pages by a name that browsers take for the same site, and by one that they take for another.
const origins = url => [url, url.replace('127.0.0.1', 'localhost')];

async function framed(person, origin) {
  const page = await person.context.newPage();
  await page.goto(`${origin}/frame`);
  const shown = await page.frames()[1].locator('body').innerText();
  assert.doesNotMatch(shown, /groupgate|Sign in/, `${origin} shows the console in a frame`);
  await page.close();
}

async function formOfAnotherPage(person, origin) {
  const page = await person.context.newPage();
  const answered = page.waitForResponse(answer => answer.request().method() === 'POST');
  await page.goto(`${origin}/form`);
  const { url, status } = await answered.then(answer => ({ url: answer.url(), status: answer.status() }));
  assert.ok(url.endsWith('/suspend'));
  assert.ok(status === 403 || status === 303, `a form of ${origin} was answered with ${status}`);
  await page.close();
  assert.equal((await admin('GET', `/tenants/${FULL}`)).status, 'active');
}

async function otherOrigins(person) {
  const other = await elsewhere();
  try {
    await person.signIn(ADMINISTRATOR);
    for (const origin of origins(other.url)) {
      await framed(person, origin);
      await formOfAnotherPage(person, origin);
    }
    await person.open('/console');
    assert.equal(person.path(), '/console', 'the session is as it was');
  } finally {
    other.close();
  }
}

async function plantedSession(person) {
  const planted = '0'.repeat(64);
  await person.context.addCookies([{ name: SESSION, value: planted, url: GATEWAY }]);
  await person.signIn(ADMINISTRATOR);
  const cookies = await person.context.cookies();
  const [session] = cookies.filter(({ name }) => name === SESSION);
  assert.notEqual(session.value, planted);
  assert.deepEqual([session.httpOnly, session.sameSite], [true, 'Strict']);
  assert.equal(await person.page.evaluate(() => document.cookie), '', 'script reads no cookie');
}

// The page shows it as the text that it is. That nothing of it ran is what every visit is watched for.
async function shownAsText(person, path) {
  await person.open(path);
  const shown = await person.page.locator('body').evaluate(body => body.innerText +
    [...body.querySelectorAll('input, textarea')].map(field => field.value).join('\n'));
  assert.ok(shown.includes(SCRIPT), `${path} does not show the text`);
  assert.equal(await person.page.locator('img[src="x"]').count(), 0, path);
}

async function storedScript(person, { endpoint, group, key }) {
  await person.signIn(ADMINISTRATOR);
  const tenant = `/console/tenants/${HOSTILE}`;
  const { data: [delivery] } = await admin('GET', `/tenants/${HOSTILE}/endpoints/${endpoint}/deliveries`);
  const pages = ['/console/tenants', tenant, `${tenant}/keys`, `${tenant}/endpoints`, `${tenant}/endpoints/${endpoint}`,
    `${tenant}/endpoints/${endpoint}/deliveries/${delivery.delivery_id}`, `${tenant}/groups`,
    `${tenant}/groups/${encodeURIComponent(group)}`, '/console/keys', `/console/keys/${key}`];
  for (const path of pages) await shownAsText(person, path);
}

export async function attacks(t, browser, ids) {
  await t.test('a page of another origin neither frames the console nor sends its forms', () =>
    visited(browser, {}, otherOrigins));
  await t.test('a session that was planted before the sign-in is not taken over', () => visited(browser, {}, plantedSession));
  await t.test('script in names, notes, labels, subjects and answers is text', () =>
    visited(browser, {}, person => storedScript(person, ids.hostile)));
}

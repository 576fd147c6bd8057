// Administrators who may look, and not change: they see the pages, and no form.

import assert from 'node:assert/strict';
import { visited } from './browser.mjs';
import { crawl, kindOf } from './pages.mjs';
import { EMPTY, FULL } from './state.mjs';
import { ADMINISTRATOR, GATEWAY, administratorOf } from './world.mjs';

const CHANGES = /\/(new|edit|change|suspend|erase|remove|revoke|rotate|rotate-secret|disable|replay)$/;

const formsOf = html => [...html.matchAll(/<form\s[^>]*method="post"[^>]*>/g)].map(([form]) => form.match(/action="([^"]*)"/)?.[1]);

async function pagesOf(browser, key) {
  let pages;
  await visited(browser, {}, async person => {
    await person.signIn(key);
    pages = new Map([...await crawl(person.context)].filter(([, { isHtml }]) => isHtml));
  });
  return pages;
}

function seesNoForm(pages) {
  for (const [path, { status, html }] of pages) {
    assert.equal(status, 200, `${path}: a link leads to what this reader may not see`);
    assert.deepEqual(formsOf(html), ['/console/sign-out'], path);
  }
}

// What a reader misses of an administrator's kinds of pages are those that change something, and nothing else.
function missesOnlyForms(pages, everyPage) {
  const kinds = paths => new Set([...paths].filter(path => !path.includes('?')).map(kindOf));
  const seen = kinds(pages.keys());
  const missing = [...kinds(everyPage.keys())].filter(kind => !seen.has(kind));
  assert.deepEqual(missing.filter(kind => !CHANGES.test(kind)), []);
}

// The administrator's forms, sent by the reader with a token of the reader's own.
async function isRefused(person, path, fields) {
  const html = await (await person.context.request.get(`${GATEWAY}/console`)).text();
  const [, form_token] = html.match(/name="form_token" value="([^"]*)"/);
  const form = { form_token, form_id: crypto.randomUUID(), ...fields };
  const answer = await person.context.request.post(GATEWAY + path, { form, maxRedirects: 0 });
  assert.equal(answer.status(), 403, `POST ${path}`);
}

export async function readOnly(t, browser) {
  const everything = await pagesOf(browser, ADMINISTRATOR);

  await t.test('a read-only administrator sees every page and no form', async () => {
    const pages = await pagesOf(browser, await administratorOf('auditor', ['admin.read']));
    seesNoForm(pages);
    missesOnlyForms(pages, everything);
  });

  await t.test('and what he sends all the same is refused', async () => {
    const key = await administratorOf('auditor with a tool', ['admin.read']);
    await visited(browser, {}, async person => {
      await person.signIn(key);
      await isRefused(person, `/console/tenants/${EMPTY}/suspend`, { reason: 'because' });
      await isRefused(person, `/console/tenants/${EMPTY}/limits`, { in_flight: '1' });
      await isRefused(person, '/console/onboarding/new', { name: 'Mine' });
      await isRefused(person, '/console/keys/new', { name: 'mine' });
    });
  });

  await t.test('who administers one tenant alone sees nothing of the others', async () => {
    const pages = await pagesOf(browser, await administratorOf('desk of one', ['admin.read', 'admin.write'], [FULL]));
    for (const [path, { status, html }] of pages) {
      assert.equal(status, 200, `${path}: a link leads to what this reader may not see`);
      assert.ok(!html.includes(EMPTY) && !html.includes('cams-demo2'), `${path} tells of another tenant`);
    }
  });
}

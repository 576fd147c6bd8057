// What holds for every form there is: each is found on the pages that a crawl comes to, so that a new one cannot be forgotten.

import assert from 'node:assert/strict';
import { visited } from '../browser.mjs';
import { htmlFindings } from '../checks.mjs';
import { crawl, kindOf } from '../pages.mjs';
import { GATEWAY, ADMINISTRATOR } from '../world.mjs';

const SIGN_OUT = '/console/sign-out';

// The forms of a page that change something, as a browser reads them.
const formsOf = (page, path, html) => page.evaluate(([path, html]) => {
  const forms = [...new DOMParser().parseFromString(html, 'text/html').forms];
  return forms.filter(form => form.method === 'post').map(form => ({
    action: form.getAttribute('action') ?? path,
    fields: [...new FormData(form)],
    hidden: [...form.elements].filter(field => field.type === 'hidden').map(field => field.name),
    isRefusedEmpty: [...form.elements].some(field => field.required),
  }));
}, [path, html]);

// One form of each kind, with the pages that they stand on.
async function everyForm(person) {
  const forms = new Map();
  for (const [path, { html, isHtml }] of await crawl(person.context)) {
    if (!isHtml) continue;
    for (const form of await formsOf(person.page, path, html)) {
      if (form.action !== SIGN_OUT) forms.set(kindOf(form.action), { ...form, path });
    }
  }
  return forms;
}

// The answer to a form with these fields instead of its own.
function send(context, { action, fields }, others = {}) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, others[name] ?? value);
  const body = new URLSearchParams([...form]).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return context.request.post(GATEWAY + action, { data: body, headers, maxRedirects: 0 });
}

async function carriesWhatGuardsIt(forms) {
  for (const [shape, { fields, path }] of forms) {
    const names = fields.map(([name]) => name);
    assert.ok(names.includes('form_token') && names.includes('form_id'), `${shape} of ${path}`);
  }
}

// Forms with a token of another session, with none, and of somebody who has signed out.
async function refusesOthers(person, browser, forms) {
  await visited(browser, {}, async other => {
    await other.signIn(ADMINISTRATOR);
    for (const [shape, form] of forms) {
      assert.equal((await send(other.context, form)).status(), 403, `${shape} takes another session's token`);
      assert.equal((await send(person.context, form, { form_token: '' })).status(), 403, `${shape} takes none`);
    }
    await other.press('Sign out');
    for (const [shape, form] of forms) {
      const answer = await send(other.context, form);
      assert.deepEqual([answer.status(), answer.headers().location], [303, '/console/sign-in'], shape);
    }
  });
}

// What is missing is said beside its field, with a summary that leads there.
async function saysWhatIsMissing(person, form) {
  await person.page.setContent('');
  const none = Object.fromEntries(form.fields.map(([name]) => [name, '']));
  const kept = Object.fromEntries(form.fields.filter(([name]) => form.hidden.includes(name)));
  const answer = await send(person.context, form, { ...none, ...kept });
  const html = await answer.text();
  assert.ok([400, 422].includes(answer.status()), `${form.action} takes an empty form: ${answer.status()}`);
  assert.deepEqual(await htmlFindings(html), [], form.action);
  const wrong = await person.page.evaluate(html => {
    const page = new DOMParser().parseFromString(html, 'text/html');
    const links = [...page.querySelectorAll('[role=alert] a')].map(link => link.getAttribute('href').slice(1));
    return { links, isLeading: links.every(id => page.getElementById(id)?.getAttribute('aria-invalid') === 'true') };
  }, html);
  assert.ok(wrong.links.length > 0 && wrong.isLeading, `${form.action}: the summary names ${wrong.links}`);
}

export async function everyFormThereIs(t, browser) {
  await visited(browser, {}, async person => {
    await person.signIn(ADMINISTRATOR);
    const forms = await everyForm(person);
    await t.test(`${forms.size} forms carry what guards them`, () => carriesWhatGuardsIt(forms));
    await t.test('they are refused to other sessions and to who has signed out', () => refusesOthers(person, browser, forms));
    for (const [shape, form] of forms) {
      if (form.isRefusedEmpty) await t.test(`${shape} says what is missing`, () => saysWhatIsMissing(person, form));
    }
  });
}

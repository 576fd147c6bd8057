// Filters of lists: they stand in the address, and work without script.

import assert from 'node:assert/strict';
import { asAdministrator, visited } from '../browser.mjs';
import { htmlFindings } from '../checks.mjs';
import { crawl, kindOf } from '../pages.mjs';
import { DEAD, FULL } from '../state.mjs';
import { ADMINISTRATOR, GATEWAY } from '../world.mjs';

// The filters of a page, each with something that can be asked for by it.
const filtersOf = (page, html) => page.evaluate(html => {
  const samples = { 'datetime-local': '2026-01-01T00:00', date: '2026-01-01', number: '1' };
  const sample = field => field.options?.[1]?.value ?? samples[field.type] ?? 'nothing is called so';
  const forms = [...new DOMParser().parseFromString(html, 'text/html').forms].filter(form =>
    form.getAttribute('role') === 'search');
  return forms.map(form => ({
    action: form.getAttribute('action'),
    fields: [...form.elements].filter(field => field.name).map(field => [field.name, sample(field)]),
  }));
}, html);

async function everyFilter(person) {
  const filters = new Map();
  for (const { html, isHtml } of (await crawl(person.context)).values()) {
    if (!isHtml) continue;
    for (const filter of await filtersOf(person.page, html)) filters.set(kindOf(filter.action), filter);
  }
  return filters;
}

// One filter at a time: what was asked for is shown again, also where it is refused.
async function isKept(person, { action, fields }) {
  for (const [name, value] of fields) {
    const path = `${action}?${new URLSearchParams({ [name]: value })}`;
    const answer = await person.context.request.get(GATEWAY + path);
    const html = await answer.text();
    assert.ok([200, 400].includes(answer.status()), `${answer.status()} ${path}`);
    assert.deepEqual(await htmlFindings(html), [], path);
    const shown = await person.page.evaluate(([html, name]) =>
      new DOMParser().parseFromString(html, 'text/html').querySelector(`[role=search] [name="${name}"]`).value, [html, name]);
    assert.equal(shown, value, path);
  }
}

async function tenants(person) {
  await person.open('/console/tenants');
  await person.fill('Search', 'Mill');
  await person.press('Filter');
  assert.equal(new URL(person.page.url()).searchParams.get('q'), 'Mill');
  assert.ok((await person.text()).includes(DEAD) && !(await person.text()).includes(FULL));
  await person.follow('Clear');
  await person.field('Token').selectOption('invalid');
  await person.press('Filter');
  assert.ok((await person.text()).includes(DEAD) && !(await person.text()).includes(FULL));
  await person.follow('Clear');
  assert.ok((await person.text()).includes(FULL));
}

async function calls(person) {
  await person.open(`/console/tenants/${FULL}/calls`);
  await person.fill('Operation', 'AddChatGroup');
  await person.press('Filter');
  const rows = await person.page.locator('tbody tr').allInnerTexts();
  assert.ok(rows.length > 0 && rows.every(row => /AddChatGroup\b/.test(row)), rows.join('\n'));
}

export async function filters(t, browser) {
  const told = asAdministrator(t, browser);
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with script' : 'without script';
    await told(`of tenants, ${how}`, { javaScriptEnabled }, tenants);
    await told(`of calls, ${how}`, { javaScriptEnabled }, calls);
  }
  await visited(browser, {}, async person => {
    await person.signIn(ADMINISTRATOR);
    for (const [shape, filter] of await everyFilter(person)) {
      await t.test(`${shape} keeps what was asked for`, () => isKept(person, filter));
    }
  });
}

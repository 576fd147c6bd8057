// Times in the reader's zone, and in UTC where there is no script.

import assert from 'node:assert/strict';
import { visited } from './browser.mjs';
import { FULL } from './state.mjs';
import { ADMINISTRATOR } from './world.mjs';

const ZONE = 'Asia/Kolkata';

const clock = (date, timeZone) =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' }).format(date);

// The first time that a page of the tenant shows.
async function firstTime(person) {
  await person.signIn(ADMINISTRATOR);
  await person.open(`/console/tenants/${FULL}`);
  const time = person.page.locator('main time').first();
  const exact = await time.getAttribute('datetime');
  assert.match(exact, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/);
  return { exact, at: new Date(exact), text: await time.innerText(), title: await time.getAttribute('title') };
}

export async function times(t, browser) {
  await t.test('with script they are the reader\'s own, and the exact one is in the title', () =>
    visited(browser, { timezoneId: ZONE, locale: 'en-GB' }, async person => {
      const { exact, at, text, title } = await firstTime(person);
      assert.ok(text.includes(clock(at, ZONE)), `${text} is not ${exact} in ${ZONE}`);
      assert.ok(title.includes(exact), `the title is ${title}`);
    }));

  await t.test('without script they are in UTC, and say so', () =>
    visited(browser, { timezoneId: ZONE, javaScriptEnabled: false }, async person => {
      const { exact, at, text } = await firstTime(person);
      assert.ok(text.includes(clock(at, 'UTC')) && text.includes('UTC'), `${text} is not ${exact}`);
    }));
}

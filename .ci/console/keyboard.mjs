// The console by Tab, Enter and Space alone.

import assert from 'node:assert/strict';
import { visited } from './browser.mjs';
import { EMPTYS_NAME } from './state.mjs';
import { ADMINISTRATOR } from './world.mjs';

const LONGEST_WAY = 120;

// What has the focus: what it is called, and what is wrong with how that is shown.
const focused = page => page.evaluate(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const [box] = element.getClientRects();
  const [x, y] = box ? [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)] : [-1, -1];
  const onTop = document.elementFromPoint(x, y);
  const findings = [];
  if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) findings.push('it has no outline');
  if (!onTop || !(element.contains(onTop) || onTop.contains(element))) findings.push('it is out of sight');
  const name = element.labels?.[0]?.innerText ?? element.getAttribute('aria-label') ?? element.innerText ?? '';
  return { isPage: element === document.body, name: name.trim().replace(/\s+/g, ' '), findings };
});

// Moves on until what is called so has the focus, and is seen to have it at each step.
async function tabTo(page, name) {
  const passed = [];
  while (passed.length < LONGEST_WAY) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at.isPage) continue;
    assert.deepEqual(at.findings, [], `the focus at "${at.name}" of ${page.url()}`);
    if (at.name.replace(/ optional$/, '') === name) return;
    passed.push(at.name);
  }
  assert.fail(`Tab never came to "${name}", but to ${passed.join(', ')}`);
}

async function pressAndArrive(page, key) {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)]);
}

async function follow(page, name) {
  await tabTo(page, name);
  await pressAndArrive(page, 'Enter');
}

async function signIn(page, { id, secret }) {
  await tabTo(page, 'AccessKeyId');
  await page.keyboard.type(id);
  await tabTo(page, 'AccessKeySecret');
  await page.keyboard.type(secret);
  await pressAndArrive(page, 'Enter');
}

// From signing in to signing out, with one change on the way.
async function oneChange(person) {
  const { page } = person;
  await person.open('/console/sign-in');
  await signIn(page, ADMINISTRATOR);
  await follow(page, 'Tenants');
  await follow(page, EMPTYS_NAME);
  await follow(page, 'Limits');
  await tabTo(page, 'Calls at the same time');
  await page.keyboard.type('7');
  await tabTo(page, 'Save the limits');
  await pressAndArrive(page, 'Space');
  assert.match(await page.getByRole('status').innerText(), /Saved/);
  await tabTo(page, 'Sign out');
  await pressAndArrive(page, 'Enter');
  assert.equal(person.path(), '/console/sign-in');
}

// The first stop leads past the navigation.
async function skipLink(person) {
  const { page } = await person.signIn(ADMINISTRATOR);
  await person.open('/console/tenants');
  await page.keyboard.press('Tab');
  assert.match((await focused(page)).name, /^Skip to/);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)),
    'the focus is in the page itself');
}

export async function keyboard(t, browser) {
  await t.test('signs in, reaches a tenant, changes it and signs out', () => visited(browser, {}, oneChange));
  await t.test('the same on a phone\'s width', () =>
    visited(browser, { viewport: { width: 360, height: 740 } }, oneChange));
  await t.test('skips the navigation', () => visited(browser, {}, skipLink));
}

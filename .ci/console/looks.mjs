// Every page as an administrator sees it, in all widths and schemes.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { Person, visited } from './browser.mjs';
import { htmlFindings, lookFindings } from './checks.mjs';
import { crawl, fileName, oneOfEach } from './pages.mjs';
import { ADMINISTRATOR } from './world.mjs';

const SCREENSHOTS = `${process.cwd()}/screenshots`;
rmSync(SCREENSHOTS, { recursive: true, force: true });
mkdirSync(SCREENSHOTS, { recursive: true });
// As many as the machine has cores, mostly.
const LOOKING = 2;

// Looks at what is open now, and keeps it under that name. What is wrong with it is told when the person leaves. Where there
// is no script axe has none either.
export async function look(person, name) {
  if (!person.hasScript) return;
  const findings = await lookFindings(person.page, (width, scheme) => `${SCREENSHOTS}/${name}-${width}-${scheme}.png`);
  person.problems.push(...findings.map(finding => `${name}: ${finding}`));
}

// The same for a page that answers a form, whose HTML has not been looked at by a crawl.
export async function lookAtAnswer(person, answer, name) {
  const findings = await htmlFindings(await answer.text());
  person.problems.push(...findings.map(finding => `${name}: ${finding}`));
  await look(person, name);
}

async function crawled(browser, key) {
  let pages;
  await visited(browser, {}, async person => {
    await person.signIn(key);
    pages = await crawl(person.context);
  });
  return pages;
}

// Each in a test of its own, by so many people at a time.
async function lookAtEach(t, browser, shapes, prefix) {
  const arrivals = Array.from({ length: LOOKING }, async () => (await Person.arrive(browser)).signIn(ADMINISTRATOR));
  const idle = await Promise.all(arrivals);
  const lookAt = async (shape, path) => {
    const person = idle.pop();
    try {
      await person.open(path);
      await look(person, prefix + fileName(shape));
      person.sawNoProblem();
    } finally {
      idle.push(person);
    }
  };
  await t.test('in every width, light and dark', { concurrency: LOOKING }, t =>
    Promise.all([...shapes].map(([shape, path]) => t.test(shape, () => lookAt(shape, path)))));
  for (const person of idle) await person.leave();
}

// Whether a page is to be looked at: all that are no tenant's, all of these tenants, and of others what differs most.
const isWorthALook = tenants => path => {
  const [, tenant, page] = path.match(/^\/console\/tenants\/(cams-[^/]+)\/?([^/]*)/) ?? [];
  return !tenant || tenants.includes(tenant) || ['', 'credential', 'groups'].includes(page);
};

// Every page that links lead to, those of these tenants looked at; `prefix` tells the screenshots of one state from others.
export async function everyPage(t, browser, prefix, tenants) {
  const pages = await crawled(browser, ADMINISTRATOR);
  await t.test(`${pages.size} pages are there, and none of their links leads nowhere`, () => {
    const broken = [...pages].filter(([, { status }]) => status !== 200).map(([path, { status }]) => `${status} ${path}`);
    assert.deepEqual(broken, []);
  });
  const written = [...pages].filter(([, { isHtml }]) => isHtml);
  await t.test('their HTML is valid', async () => {
    const findings = [];
    for (const [path, { html }] of written) {
      findings.push(...(await htmlFindings(html)).map(finding => `${path}: ${finding}`));
    }
    assert.deepEqual(findings, []);
  });
  await lookAtEach(t, browser, oneOfEach(written.map(([path]) => path).filter(isWorthALook(tenants))), prefix);
}

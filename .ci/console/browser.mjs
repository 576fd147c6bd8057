// A Chromium, and people who sit at it. Each has a context of their own: cookies, zone, script or none.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { ADMINISTRATOR, GATEWAY } from './world.mjs';

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--no-first-run', '--disable-quic'];
// What happens here at all happens within so many milliseconds.
const PATIENCE = 10_000;
const LONGEST_STORY = 90_000;

export const launch = () => chromium.launch({ executablePath: BROWSER, args: FLAGS });

// One person at one browser, and what went wrong on the pages that they saw.
export class Person {
  static async arrive(browser, options = {}) {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    const person = new Person(context, options.javaScriptEnabled ?? true);
    person.page = await person.newTab();
    return person;
  }

  constructor(context, hasScript) {
    this.context = context;
    this.hasScript = hasScript;
    this.problems = [];
  }

  async newTab() {
    const page = await this.context.newPage();
    this.#watch(page);
    return page;
  }

  // What a page says on its console, asks of others, or fails to get. Answers to navigations are judged where they are asked
  // for.
  #watch(page) {
    const told = what => this.problems.push(`${new URL(page.url()).pathname}: ${what}`);
    page.on('console', message => {
      const isAnswer = message.text().startsWith('Failed to load resource: the server responded');
      if (['error', 'warning'].includes(message.type()) && !isAnswer) told(`the console says: ${message.text()}`);
    });
    page.on('pageerror', error => told(`error in the page: ${error.message}`));
    page.on('dialog', dialog => {
      told(`a dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on('request', request => {
      if (new URL(request.url()).origin !== GATEWAY) told(`asks another origin: ${request.url()}`);
    });
    page.on('response', response => {
      const isPage = response.request().isNavigationRequest();
      if (!isPage && response.status() >= 400) told(`${response.status()} for ${response.url()}`);
    });
  }

  // Opens a page of the console, which answers with this status.
  async open(path, status = 200) {
    const answer = await this.page.goto(GATEWAY + path);
    assert.equal(answer.status(), status, `${path}: ${await this.heading()}`);
    return answer;
  }

  async signIn({ id, secret }) {
    await this.open('/console/sign-in');
    await this.fill('AccessKeyId', id);
    await this.fill('AccessKeySecret', secret);
    await this.press('Sign in');
    await this.page.waitForURL(`${GATEWAY}/console`);
    return this;
  }

  // The control that is labelled so.
  field(label) {
    const words = label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return this.page.getByLabel(new RegExp(`^\\s*${words}(\\s+optional)?\\s*$`));
  }

  fill(label, text) {
    return this.field(label).fill(text);
  }

  // Presses the one button of that name, and waits for the page that follows.
  async press(name) {
    const button = this.page.getByRole('button', { name, exact: true });
    const [answer] = await Promise.all([
      this.page.waitForResponse(answer => answer.request().isNavigationRequest()),
      button.click(),
    ]);
    await this.page.waitForLoadState();
    return answer;
  }

  async follow(name) {
    await this.page.getByRole('link', { name, exact: true }).click();
    await this.page.waitForLoadState();
  }

  heading() {
    return this.page.getByRole('heading', { level: 1 }).innerText();
  }

  text() {
    return this.page.locator('main').innerText();
  }

  path() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  // Of the pages since the last look at them.
  sawNoProblem() {
    assert.deepEqual(this.problems.splice(0), [], 'what went wrong on the pages');
  }

  async leave() {
    await this.context.close();
    this.sawNoProblem();
  }
}

// Lets somebody in, and out again with all that was wrong on what they saw.
export async function visited(browser, options, story) {
  const person = await Person.arrive(browser, options);
  try {
    await story(person);
  } catch (error) {
    await person.context.close();
    if (person.problems.length > 0) error.message += `\n  on the pages: ${person.problems.join('\n  ')}`;
    throw error;
  }
  await person.leave();
}

// Tells stories of the administrator who has signed in, each in a test of its own.
export const asAdministrator = (t, browser) => (name, options, story) =>
  t.test(name, { timeout: LONGEST_STORY }, () => visited(browser, options, async person => {
    await person.signIn(ADMINISTRATOR);
    await story(person);
  }));

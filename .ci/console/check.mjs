// Uses the console as administrators do, in a real browser. The stories share one demo and come in the order that stands here:
// first on what a fresh demo has, then with every list filled.
//
//   node check.mjs [WORD]      below .ci/with-demo; with WORD, the stories alone whose names have it

import { test } from 'node:test';
import { attacks } from './attacks.mjs';
import { launch } from './browser.mjs';
import { endpointForms } from './forms/endpoints.mjs';
import { everyFormThereIs } from './forms/every.mjs';
import { filters } from './forms/filters.mjs';
import { keyForms } from './forms/keys.mjs';
import { endedSessions } from './forms/sessions.mjs';
import { signingIn } from './forms/sign_in.mjs';
import { tenantForms } from './forms/tenants.mjs';
import { keyboard } from './keyboard.mjs';
import { everyPage } from './looks.mjs';
import { newcomer } from './newcomer.mjs';
import { readOnly } from './read_only.mjs';
import { receiver } from './receiver.mjs';
import { EMPTY, FULL, fillWithScript } from './state.mjs';
import { times } from './times.mjs';

// Each takes the test, the browser, and what the demo is filled with.
const ON_A_FRESH_DEMO = {
  'signing in': signingIn,
  'every page, empty': (t, browser) => everyPage(t, browser, 'empty-', []),
  'a new administrator': newcomer,
};
const ON_A_FULL_ONE = {
  'every page, full': (t, browser) => everyPage(t, browser, 'full-', [FULL, EMPTY]),
  'every form there is': everyFormThereIs,
  'forms of tenants': tenantForms,
  'forms of keys': keyForms,
  'forms of endpoints': endpointForms,
  'filters': filters,
  'forms after the session': endedSessions,
  'by keyboard alone': keyboard,
  'times': times,
  'attacks': attacks,
  'who may only look': readOnly,
};

const askedFor = stories => Object.entries(stories).filter(([name]) => name.includes(process.argv[2] ?? ''));

async function tell(t, browser) {
  for (const [name, story] of askedFor(ON_A_FRESH_DEMO)) await t.test(name, t => story(t, browser));
  const endpoint = await receiver();
  try {
    const ids = await fillWithScript(endpoint.url);
    for (const [name, story] of askedFor(ON_A_FULL_ONE)) await t.test(name, t => story(t, browser, ids));
  } finally {
    endpoint.close();
  }
}

test('the console', async t => {
  const browser = await launch();
  try {
    await tell(t, browser);
  } finally {
    await browser.close();
  }
});

// Uses Swagger UI as a partner does: Authorize, then Try it out on every operation with the example that stands there.
// Any error in the browser's console, any request that fails, and any answer but 2xx ends this with 1; where an operation's
// page says "The example answers `Group.NotFound`", that is what must come. In the Graph-compatible face's document, whose
// calls undo each other, and in the administrator's, everything that only reads is tried; there, a tenant is made, too.
//
//   node check.mjs client-credentials|basic      below .ci/with-demo; leaves a screenshot in the current directory

import { chromium } from 'playwright-core';

const { GROUPGATE_URL, GROUPGATE_SANDBOX_URL, GROUPGATE_ACCESS_KEY_ID, GROUPGATE_ACCESS_KEY_SECRET,
  GROUPGATE_ADMIN_KEY_ID, GROUPGATE_ADMIN_KEY_SECRET } = process.env;
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--no-first-run', '--disable-quic'];

// Where each way of Authorize has its fields, and what stands in the headline of its box.
const WAYS = {
  'client-credentials': { headline: 'OAuth2', id: 'input[data-name=clientId], #client_id_clientCredentials',
    secret: 'input[data-name=clientSecret], #client_secret_clientCredentials' },
  basic: { headline: 'Basic', id: 'input[name=username]', secret: 'input[name=password]' },
};

// Calls that no person makes from this page: they take Meta's signature, or its verify token, or have no end.
const NOT_FOR_PEOPLE = /^\/webhooks\/|^\/v1\/events\/stream$/;
// Takes the key itself, and so is for those who have entered it by HTTP Basic.
const TAKES_THE_KEY = '/v1/oauth/token';

// The other document's name, and the one path of it that takes a file of the caller's.
const FACE = '/openapi-graph.json';
const NEEDS_A_FILE = /\/content$/;

// The administrator's document, what in it names things whose IDs are random, or that are not there, and what is made.
const ADMIN = '/openapi-admin.json';
const NEEDS_AN_ID = /endpoint_id|event_id|group_id|issuer_id|onboarding/;
const TENANT = { cust_space_id: 'cams-from-swagger-ui', name: 'Bakery Miller' };

const problems = [];

function watch(page) {
  // The browser writes a line for each answer but 2xx, which are judged where they are asked for.
  const isAnswer = message => /^Failed to load resource: the server responded/.test(message.text());
  page.on('console', message =>
    message.type() === 'error' && !isAnswer(message) && problems.push(`console: ${message.text()}`));
  page.on('pageerror', error => problems.push(`error in the page: ${error.message}`));
  page.on('requestfailed', request => problems.push(`${request.url()} failed: ${request.failure().errorText}`));
}

async function authorize(page, headline, fields) {
  await page.click('.btn.authorize');
  const box = page.locator('.auth-container', { hasText: headline }).first();
  for (const [field, text] of fields) await box.locator(field).fill(text);
  await box.locator('button.authorize').click();
  await box.locator('button', { hasText: 'Logout' }).waitFor();
  await page.locator('.dialog-ux .btn-done').first().click();
}

async function execute(block, request) {
  await block.locator('.opblock-summary-control').click();
  if (request) await block.locator('textarea.body-param__text').fill(request);
  await block.locator('.execute').click();
  const answer = block.locator('.live-responses-table tbody tr').first();
  const status = (await answer.locator('.response-col_status').innerText()).split('\n')[0].trim();
  const body = await answer.locator('.response-col_description').innerText();
  const told = await block.locator('.opblock-description').allInnerTexts();
  // With all of them open the page would be so long that the browser can hardly move it.
  await block.locator('.opblock-summary-control').click();
  await block.locator('.opblock-body').waitFor({ state: 'detached' });
  const refusal = told.join(' ').match(/The example answers\s+([\w.]+\w)/)?.[1];
  return { status, body: body.replace(/\s+/g, ' '), refusal };
}

// What is wrong with an answer, if anything.
function wrong(status, body, refusal) {
  const expected = refusal ? body.includes(`"Code": "${refusal}"`) : /^2\d\d$/.test(status);
  return expected ? [] : [`${status}, not ${refusal ?? '2xx'}: ${body.slice(0, 400)}`];
}

async function tryAll(page, selector, isLeftOut) {
  const blocks = await page.locator(selector).all();
  let tried = 0;
  for (const block of blocks) {
    const path = await block.locator('.opblock-summary-path').getAttribute('data-path');
    if (isLeftOut(path)) continue;
    const { status, body, refusal } = await execute(block);
    console.log(`  ${status} ${path}`);
    problems.push(...wrong(status, body, refusal).map(what => `${path} gave ${what}`));
    tried += 1;
  }
  return tried;
}

async function open(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1300, height: 1500 } });
  page.setDefaultTimeout(30_000);
  watch(page);
  await page.goto(url);
  await page.waitForSelector('.opblock');
  return page;
}

async function tryTheFace(browser) {
  const page = await open(browser, `${GROUPGATE_URL}/docs`);
  await page.locator('.topbar select').selectOption(FACE);
  await page.locator('.opblock-summary-path[data-path^="/graph/"]').first().waitFor();
  const key = `${GROUPGATE_ACCESS_KEY_ID}:${GROUPGATE_ACCESS_KEY_SECRET}`;
  await authorize(page, 'Bearer', [['input', key]]);
  const tried = await tryAll(page, '.opblock-get', path => NEEDS_A_FILE.test(path));
  await page.screenshot({ path: `${process.cwd()}/graph-face.png` });
  console.log(`${tried} calls of the Graph-compatible face tried`);
}

async function tryAsAdministrator(browser, wayName) {
  const page = await open(browser, `${GROUPGATE_URL}/docs`);
  await page.locator('.topbar select').selectOption(ADMIN);
  await page.locator('.opblock-summary-path[data-path="/admin/v1/tenants"]').first().waitFor();
  const way = WAYS[wayName];
  await authorize(page, way.headline, [[way.id, GROUPGATE_ADMIN_KEY_ID], [way.secret, GROUPGATE_ADMIN_KEY_SECRET]]);
  const tenants = method => page.locator(`.opblock-${method}`, { has: page.locator('[data-path="/admin/v1/tenants"]') });
  const made = await execute(tenants('post'), JSON.stringify(TENANT));
  if (made.status !== '201' || !made.body.includes('"status": "pending"')) {
    problems.push(`making a tenant gave ${made.status}: ${made.body.slice(0, 400)}`);
  }
  const tried = await tryAll(page, '.opblock-get', path => NEEDS_AN_ID.test(path));
  await page.screenshot({ path: `${process.cwd()}/admin.png` });
  console.log(`${tried} calls of the administrator's API tried, and ${TENANT.cust_space_id} made`);
}

async function check(wayName) {
  const browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
  try {
    const page = await open(browser, `${GROUPGATE_URL}/docs`);
    const way = WAYS[wayName];
    const fields = [[way.id, GROUPGATE_ACCESS_KEY_ID], [way.secret, GROUPGATE_ACCESS_KEY_SECRET]];
    await authorize(page, way.headline, fields);
    const isLeftOut = path => NOT_FOR_PEOPLE.test(path) || (path === TAKES_THE_KEY && wayName !== 'basic');
    const tried = await tryAll(page, '.opblock', isLeftOut);
    const screenshot = `${process.cwd()}/${wayName}.png`;
    await page.screenshot({ path: screenshot });
    console.log(`${tried} operations tried with ${wayName}; the page as it looked then: ${screenshot}`);
    await tryTheFace(browser);
    await tryAsAdministrator(browser, wayName);
    // The sandbox's page has no keys, and what its calls name is often gone by then: that it opens is all.
    await open(browser, `${GROUPGATE_SANDBOX_URL}/_sandbox/docs/`);
    console.log('the sandbox\'s page opens');
  } finally {
    await browser.close();
  }
}

const wayName = process.argv[2];
if (!(wayName in WAYS)) throw new Error(`usage: node check.mjs ${Object.keys(WAYS).join('|')}`);
await check(wayName);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

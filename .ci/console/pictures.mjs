// Makes the pictures of docs/console.md, of a demo that has been filled for them.
//
//   node pictures.mjs      below .ci/with-demo; PICTURES names the folder

import { mkdirSync, writeFileSync } from 'node:fs';
import { launch, visited } from './browser.mjs';
import { receiver } from './receiver.mjs';
import { DEAD, FULL, fill } from './state.mjs';
import { ADMINISTRATOR } from './world.mjs';

const FOLDER = process.env.PICTURES;
const WIDE = { width: 1200, height: 800 };
const PHONE = { width: 360, height: 740 };

async function take(person, name) {
  const session = await person.context.newCDPSession(person.page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
  writeFileSync(`${FOLDER}/${name}.webp`, Buffer.from(data, 'base64'));
  await session.detach();
}

async function onADesk(person, ids) {
  await person.signIn(ADMINISTRATOR);
  const pages = {
    home: '/console',
    tenant: `/console/tenants/${FULL}`,
    onboarding: `/console/tenants/${DEAD}/onboarding`,
    deliveries: `/console/tenants/${FULL}/endpoints/${ids.fails}`,
  };
  for (const [name, path] of Object.entries(pages)) {
    await person.open(path);
    await take(person, name);
  }
}

async function onAPhone(person) {
  await person.signIn(ADMINISTRATOR);
  await person.open(`/console/tenants/${FULL}/groups`);
  await take(person, 'phone');
}

mkdirSync(FOLDER, { recursive: true });
const browser = await launch();
const endpoint = await receiver();
try {
  const ids = await fill(endpoint.url);
  await visited(browser, { viewport: WIDE }, person => onADesk(person, ids));
  await visited(browser, { viewport: PHONE, colorScheme: 'dark' }, onAPhone);
} finally {
  endpoint.close();
  await browser.close();
}

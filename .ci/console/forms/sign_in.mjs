// Signing in and out.

import assert from 'node:assert/strict';
import { visited } from '../browser.mjs';
import { lookAtAnswer } from '../looks.mjs';
import { ADMINISTRATOR, TENANTS_KEY } from '../world.mjs';

// The form as it is sent with this key, which is refused with this status and these words.
async function refused(person, key, status, words) {
  await person.open('/console/sign-in');
  await person.fill('AccessKeyId', key.id);
  await person.fill('AccessKeySecret', key.secret);
  const answer = await person.press('Sign in');
  assert.equal(answer.status(), status);
  assert.match(await person.page.getByRole('alert').innerText(), words);
  assert.equal(await person.page.getByLabel('AccessKeySecret').inputValue(), '', 'a secret is not shown again');
  assert.equal(await person.page.getByLabel('AccessKeyId').inputValue(), key.id, 'what was typed is not lost');
  return answer;
}

export async function signingIn(t, browser) {
  for (const javaScriptEnabled of [true, false]) {
    await t.test(`in and out, ${javaScriptEnabled ? 'with' : 'without'} script`, () =>
      visited(browser, { javaScriptEnabled }, async person => {
        await person.open('/console');
        assert.equal(person.path(), '/console/sign-in', 'who is not signed in is asked to');
        await person.signIn(ADMINISTRATOR);
        await person.press('Sign out');
        assert.equal(person.path(), '/console/sign-in');
        await person.open('/console');
        assert.equal(person.path(), '/console/sign-in');
      }));
  }

  await t.test('a wrong secret, an unknown key and nothing at all are refused in the same words', () =>
    visited(browser, {}, async person => {
      await refused(person, { ...ADMINISTRATOR, secret: 'wrong' }, 401, /AccessKeyId or the AccessKeySecret is wrong/);
      await refused(person, { id: 'LTAI5tNobody', secret: 'wrong' }, 401, /AccessKeyId or the AccessKeySecret is wrong/);
    }));

  await t.test('a tenant\'s key is told that this is for administrators', () => visited(browser, {}, async person => {
    const answer = await refused(person, TENANTS_KEY, 403, /This is for administrators/);
    await lookAtAnswer(person, answer, 'sign-in-refused');
    assert.deepEqual(await person.context.cookies(), []);
  }));
}

// Sends every request of the collection as a person does who has filled in the three variables, in the collection's order:
// with the key, and what has a token with that. Every answer must be 2xx; where a request's page says "The example answers
// `Group.NotFound`", that is what must come.
//
//   node check.mjs COLLECTION      below .ci/with-demo

import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import newman from 'newman';

const { GROUPGATE_URL, GROUPGATE_ACCESS_KEY_ID, GROUPGATE_ACCESS_KEY_SECRET } = process.env;
const FILLED_IN = { baseUrl: GROUPGATE_URL, accessKeyId: GROUPGATE_ACCESS_KEY_ID, accessKeySecret: GROUPGATE_ACCESS_KEY_SECRET };

// Has no end.
const STREAM = 'StreamEvents';
// What is sent again with a token, which GetToken, the first, has fetched.
const READS = new Set(['GetToken', 'WhoAmI', 'ListChatGroup', 'GetChatGroup', 'ListBusinessNumbers', 'ListEvents']);

const problems = [];

// The collection with the requests that are to be sent.
function only(collection, isWanted) {
  const item = collection.item.map(folder => ({ ...folder, item: folder.item.filter(each => isWanted(each.name)) }));
  return { ...collection, item: item.filter(folder => folder.item.length > 0) };
}

function wrong(status, body, description) {
  const refusal = description.match(/The example answers\s+`?([\w.]+\w)/)?.[1];
  const isExpected = refusal ? body.includes(`"${refusal}"`) : status >= 200 && status < 300;
  return isExpected ? [] : [`${status}, not ${refusal ?? '2xx'}: ${body.slice(0, 400)}`];
}

async function send(collection, way) {
  const envVar = Object.entries(FILLED_IN).map(([key, value]) => ({ key, value }));
  const { run } = await promisify(newman.run)({ collection, envVar, reporters: [], timeoutRequest: 60_000 });
  for (const { item, response, requestError } of run.executions) {
    const [status, body] = [response?.code, response?.stream?.toString() ?? ''];
    console.log(`  ${status} ${item.name}`);
    const told = requestError ? [String(requestError)] : wrong(status, body, item.request.description?.toString() ?? '');
    problems.push(...told.map(what => `${item.name} with ${way} gave ${what}`));
  }
  problems.push(...run.failures.map(({ source, error }) => `${source?.name ?? 'a script'}: ${error.message}`));
  return run.executions;
}

const collection = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const all = collection.item.flatMap(folder => folder.item.map(each => each.name));
if (new Set(all).size !== all.length) problems.push('two requests have the same name');

const reads = only(collection, name => READS.has(name));
const withToken = await send({ ...reads, auth: { ...collection.auth, type: 'oauth2' } }, 'a token');
const isBearer = ({ item, request }) =>
  item.name === 'GetToken' || request.headers.get('Authorization')?.startsWith('Bearer ey');
if (withToken.length !== READS.size || !withToken.every(isBearer)) problems.push('not all of them were sent with the token');

const withKey = await send(only(collection, name => name !== STREAM), 'the key');
if (withKey.length !== all.length - 1) problems.push(`${withKey.length} of ${all.length} requests were sent`);

console.log(`${withKey.length} requests sent with the key, ${withToken.length} with a token`);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

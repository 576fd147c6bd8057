// A group's life through Alibaba Cloud's generic client, which knows an operation by its name alone. The published Node
// package of CAMS has no group operations.
//
// Runs below .ci/with-demo. The sandbox's control API plays the phones.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import openapi from '@alicloud/openapi-client';
import util from '@alicloud/openapi-util';
import tea from '@alicloud/tea-util';

const { default: Client, Config, OpenApiRequest, Params } = openapi;
const OpenApiUtil = util.default;
const { RuntimeOptions } = tea;

const env = process.env;
const USER = '16505551298';
const SUBJECT = 'Köln Käufer 群 & co + 100% (Node)';
const PATIENCE = 20_000;

const [protocol, endpoint] = env.GROUPGATE_URL.split('://');
const client = (accessKeyId, accessKeySecret) =>
    new Client(new Config({ accessKeyId, accessKeySecret, endpoint, protocol }));
const cams = client(env.GROUPGATE_ACCESS_KEY_ID, env.GROUPGATE_ACCESS_KEY_SECRET);

/** Calls an operation; structures go out flattened, in the query or in a form. */
async function call(action, parameters, { by = cams, as = 'query', method = 'POST' } = {}) {
    const params = new Params({
        action,
        version: '2020-06-06',
        protocol: protocol.toUpperCase(),
        pathname: '/',
        method,
        authType: 'AK',
        style: 'RPC',
        reqBodyType: as === 'form' ? 'formData' : 'json',
        bodyType: 'json',
    });
    const tenant = { CustSpaceId: env.GROUPGATE_CUST_SPACE_ID, BusinessNumber: env.GROUPGATE_BUSINESS_NUMBER };
    const all = { ...tenant, ...parameters };
    const request = new OpenApiRequest(as === 'form' ? { body: all } : { query: OpenApiUtil.query(all) });
    const { statusCode, headers, body } = await by.callApi(params, request, new RuntimeOptions({}));
    assert.equal(statusCode, 200);
    assert.equal(body.Code, 'OK');
    assert.equal(headers['x-acs-request-id'], body.RequestId);
    console.log(`${action}: OK`);
    return body;
}

async function refused(code, status, action, parameters, options) {
    const error = await call(action, parameters, options).then(() => assert.fail('was not refused'), (error) => error);
    assert.deepEqual([error.code, error.data?.statusCode], [code, status], String(error));
    assert.ok(error.data.RequestId && error.data.HostId && error.data.Recommend, JSON.stringify(error.data));
    console.log(`${action}: ${code}`);
}

async function eventually(what, look) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(50)) {
        const found = await look();
        if (found) return found;
    }
    throw new Error(`waited in vain: ${what}`);
}

const listed = async (Subject) => {
    const { Data } = await call('ListChatGroup', { Subject, GroupStatus: 'ACTIVE', Page: { Index: 1, Size: 100 } });
    return Data.List[0];
};

async function phone(path, body) {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${env.GROUPGATE_SANDBOX_URL}/_sandbox${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
    });
    return answer.json();
}

const made = await call('AddChatGroup', { Subject: SUBJECT, WaitSeconds: 10, ClientToken: `node-${process.pid}` });
const group = { GroupId: made.GroupId };
assert.equal((await listed(SUBJECT)).GroupId, made.GroupId);

const { InviteLink } = await call('AddChatGroupInviteLink', group);
assert.equal((await phone(`/users/${USER}/join`, { invite_link: InviteLink })).result, 'joined');
const participants = async (options) => {
    const { Data } = await call('ListChatGroupParticipants', { ...group, Page: { Index: 1, Size: 8 } }, options);
    return Data.List.map((one) => one.ParticipantNumber);
};
assert.deepEqual(await participants({ method: 'GET' }), [USER]);
assert.deepEqual(await participants({ as: 'form' }), [USER]);

await call('UpdateChatGroup', { ...group, Subject: `${SUBJECT} 2`, WaitSeconds: 10 }, { as: 'form' });
assert.ok(await eventually('the new subject', () => listed(`${SUBJECT} 2`)));

const removal = await call('DeleteChatGroupParticipants', { ...group, List: [{ ParticipantNumber: USER }] });
assert.equal(removal.Result, 1);
await eventually('the participant has left', async () => (await participants()).length === 0);
assert.equal((await call('DeleteChatGroupInviteLink', group)).Result, 1);
assert.equal((await call('DeleteChatGroup', { ...group, WaitSeconds: 10 })).Result, 1);
await eventually('the group is gone', async () => !(await listed(SUBJECT)));

await refused('Group.NotFound', 404, 'DeleteChatGroup', { GroupId: 'bm9uZQ' });
await refused('Forbidden.Tenant', 403, 'AddChatGroup', { Subject: 'x', CustSpaceId: env.GROUPGATE_CUST_SPACE_ID_2 });
await refused('MissingSubject', 400, 'AddChatGroup', {});
await refused('InvalidAction.NotFound', 404, 'NoSuchOperation', {});
const wrong = client(env.GROUPGATE_ACCESS_KEY_ID, 'not the secret');
await refused('SignatureDoesNotMatch', 400, 'AddChatGroup', {}, { by: wrong });

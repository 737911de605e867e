import 'reflect-metadata';
import assert from 'node:assert/strict';
import {
  createHash,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { get } from 'node:http';
import { afterEach, describe, type TestContext, test } from 'node:test';
import { type AuthModuleOptions, Principal } from '@countersign/nest';
import { Controller, Get, Param, Sse } from '@nestjs/common';
import { BehaviorSubject } from 'rxjs';
import {
  adapterNames,
  audience,
  getStartError,
  type StartOptions,
  startApplication,
  type TestApplication,
} from '../start-application.js';

const lifetime = 60 * 86_400;

/** Nest sends the headers of an event stream with its first event. */
const events = new BehaviorSubject({ data: 'start' });

@Controller('items')
class ItemsController {
  @Sse('events')
  events() {
    return events;
  }

  @Get(':name')
  read(@Param('name') name: string, @Principal('sub') sub: string) {
    return { name, sub };
  }
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Creates a JWT with ES256. */
function createJwt(privateKey: KeyObject, header: object, claims: object): string {
  const text = `${encode({ alg: 'ES256', ...header })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function createKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

const hash = (text: string) => createHash('sha256').update(text).digest('base64url');

const createThumbprint = ({ crv, kty, x, y }: JsonWebKey) => hash(JSON.stringify({ crv, kty, x, y }));

/** The claims of RFC 9068 that other providers do not write. */
const none = { client_id: undefined, jti: undefined, scope: undefined, sub: undefined };

const adfsIssuer = 'http://adfs.example.test/adfs/services/trust';

type Claims = Readonly<Record<string, unknown>>;

/** The tokens of providers, the option that accepts them, and a claim that is not valid. */
const providerTokens: readonly (readonly [string, Partial<AuthModuleOptions>, Claims, Claims])[] = [
  [
    'Azure AD B2C with a nonce',
    { profile: 'entra-b2c' },
    {
      ...none,
      sub: 'alice',
      oid: 'alice',
      tfp: 'B2C_1_SignIn',
      nonce: 'n',
      scp: 'Items.Read',
      azp: 'web',
      ver: '1.0',
    },
    { nonce: 'n', scp: undefined },
  ],
  [
    'AD FS with an http issuer and auth_time as text',
    { profile: 'adfs', accessTokenIssuer: adfsIssuer },
    {
      ...none,
      iss: adfsIssuer,
      upn: 'alice',
      apptype: 'Confidential',
      appid: 'web',
      auth_time: '2020-03-24T07:30:55.566Z',
      ver: '1.0',
      scp: 'openid items:read',
    },
    { auth_time: 'yesterday' },
  ],
];

const issuer = 'https://login.example.test';
const jwks = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] };

/** The options that are invalid together, and a part of the message. */
const invalidOptions: readonly (readonly [string, object, RegExp])[] = [
  ['"issuer" and "issuers"', { issuers: [{ issuer, audience }] }, /cannot be combined with issuers/],
  ['"jwks" and "jwksUri"', { jwks, jwksUri: `${issuer}/keys` }, /jwks and jwksUri are both set/],
  ['symmetric keys only', { jwks }, /only symmetric keys/],
  ['an unknown "requireBinding"', { requireBinding: 'tls' }, /expected "dpop", "mtls" or "any"/],
];

/** Opens an event stream without `fetch`, whose timers a test replaces too. */
async function openEvents(url: string, token: string) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    get(`${url}/items/events`, { agent: false, headers }, resolve).once('error', reject);
  });
  let text = '';
  let onText = () => {};
  response.on('data', (chunk) => {
    text += String(chunk);
    onText();
  });
  const end = new Promise<string>((resolve) => {
    response.once('end', () => resolve('end'));
    response.once('error', () => resolve('closed'));
  });
  return {
    /** Sends an event, and waits until it or the end arrives. */
    send: async (data: string) => {
      const arrival = new Promise<string>((resolve) => {
        onText = () => {
          if (text.includes(`data: ${data}\n`)) resolve('event');
        };
      });
      events.next({ data });
      return Promise.race([arrival, end]);
    },
    end,
    stop: () => response.destroy(),
  };
}

/** Tests tokens, keys, metadata and options that are not those of a test. */
export function testTokens(): void {
  for (const adapter of adapterNames) {
    describe(`tokens and options on ${adapter}`, () => {
      const running: TestApplication[] = [];
      afterEach(async () => {
        for (const { close } of running.splice(0)) await close();
      });
      const start = async (options: Omit<StartOptions, 'adapter'> = {}) => {
        const application = await startApplication(
          { controllers: [ItemsController] },
          { adapter, ...options },
        );
        running.push(application);
        return application;
      };

      for (const [name, auth, claims, wrong] of providerTokens)
        test(`a token of ${name}`, async () => {
          const { getStatus, call, mint } = await start({ auth });
          const header = { typ: 'JWT' };
          const { status, text } = await call('/items/a', await mint(claims, { header }));
          assert.deepEqual([status, text], [200, '{"name":"a","sub":"alice"}']);
          assert.equal(await getStatus('/items/a', await mint({ ...claims, ...wrong }, { header })), 401);
          const strict = await start();
          assert.equal(await strict.getStatus('/items/a', await strict.mint(claims, { header })), 401);
        });

      test('members of the metadata that a resource server does not need', async () => {
        const metadata = {
          end_session_endpoint: null,
          registration_endpoint: 'http://login.example.test/register',
          userinfo_endpoint: 1,
        };
        const { getStatus, mint } = await start({ server: { metadata } });
        assert.equal(await getStatus('/items/a', await mint()), 200);
      });

      for (const [name, auth, message] of invalidOptions)
        test(`no start with ${name}`, async () => {
          const error = await getStartError({}, { adapter, auth: auth as StartOptions['auth'] & object });
          assert.match(error.message, message);
        });

      test('two keys with one kid, and a key without kid', async () => {
        const [one, two, three] = [createKey(), createKey(), createKey()];
        const keys = [{ ...one.jwk, kid: 'same' }, { ...two.jwk, kid: 'same' }, { ...three.jwk }];
        const { getStatus, server } = await start({ auth: { jwks: { keys } } as never });
        const now = Math.floor(server.clock.now() / 1000);
        const claims = {
          iss: server.issuer,
          aud: audience,
          sub: 'alice',
          client_id: 'app',
          iat: now,
          exp: now + 60,
        };
        const mint = ({ privateKey }: typeof one, kid?: string) =>
          createJwt(privateKey, { typ: 'at+jwt', ...(kid && { kid }) }, { ...claims, jti: randomUUID() });
        for (const token of [mint(one, 'same'), mint(two, 'same'), mint(three), mint(three, 'other')])
          assert.equal(await getStatus('/items/a', token), 200);
        assert.equal(await getStatus('/items/a', mint(three, 'same')), 401);
        assert.equal(await getStatus('/items/a', mint(createKey(), 'same')), 401);
      });

      test('a DPoP proof with another spelling of the URL', async () => {
        const origin = 'https://api.example.test';
        const { call, server, mint } = await start({ auth: { dpop: { origin } } as never });
        const { privateKey, jwk } = createKey();
        const token = await mint({ cnf: { jkt: createThumbprint(jwk) } });
        const send = async (htu: string, path: string) => {
          const iat = Math.floor(server.clock.now() / 1000);
          const claims = { jti: randomUUID(), htm: 'GET', htu: origin + htu, iat, ath: hash(token) };
          const dpop = createJwt(privateKey, { typ: 'dpop+jwt', jwk }, claims);
          const headers = { authorization: `DPoP ${token}`, dpop };
          return (await call(path, undefined, { headers })).status;
        };
        for (const [htu, path] of [
          ['/items/a%c3%a9', '/items/a%C3%A9'],
          ['/items/%7Eme', '/items/~me'],
          ['/items/%61', '/items/a'],
        ] as const)
          assert.equal(await send(htu, path), 200, htu);
        assert.equal(await send('/items/a%252Fb', '/items/a%2Fb'), 401);
      });

      test('a token of 60 days: an event stream continues, and ends with the token', async (context: TestContext) => {
        const { url, server, mint } = await start();
        server.clock.stop();
        const token = await mint({ exp: Math.floor(server.clock.now() / 1000) + lifetime });
        context.mock.timers.enable({ apis: ['setTimeout'] });
        const events = await openEvents(url, token);
        // Node calls a timer with a delay of more than 24.8 days after 1 ms. Its mocked timers do so too.
        context.mock.timers.tick(5);
        assert.equal(await events.send('first'), 'event');
        for (let day = 0; day < 59; day++) context.mock.timers.tick(86_400_000);
        assert.equal(await events.send('last'), 'event');
        context.mock.timers.tick(2 * 86_400_000);
        assert.equal(await events.end, 'end');
        context.mock.timers.reset();
      });
    });
  }
}

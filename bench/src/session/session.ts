import { randomBytes } from 'node:crypto';
import { createClient, type TokenSet } from '@countersign/core';
import { createWebSessions } from '@countersign/core/session';
import { decode as decodeAuthJs, encode as encodeAuthJs } from 'auth-js/jwt';
import { sealData, unsealData } from 'iron-session';
import { base64url, EncryptJWT, jwtDecrypt } from 'jose';
import { decode as decodeNextAuth, encode as encodeNextAuth } from 'next-auth/jwt';
import { createSealer } from '../../../packages/core/src/session/cookies/cookie-encryption.ts';
import { type Benchmark, type Limit, type Report, require, requireRejection } from '../benchmark.ts';
import { type Measured, measure, sequential } from '../harness.ts';
import { format, formatSpread } from '../statistics.ts';
import { loadAuth0Cookies } from './auth0-cookies.ts';

interface Session {
  readonly [name: string]: unknown;
}

interface Sealing {
  readonly name: string;
  /** Count of sessions that are decrypted in rotation. Default: 1. */
  readonly distinct?: number;
  seal(session: Session): Promise<string>;
  /** Rejects, or resolves with nothing, for an invalid value. */
  open(sealed: string): Promise<unknown>;
}

const secret = randomBytes(32).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const lifetime = 3600;

const countersign = (): Sealing => {
  const sealer = createSealer([secret], 'session');
  return {
    name: '@countersign/core/session',
    seal: (session) => sealer.encrypt(session, { issuedAt: now(), expiresAt: now() + lifetime }),
    open: (sealed) => sealer.decrypt(sealed, now()),
  };
};

/** A prepared key, as in the documentation. */
const jose = (): Sealing => {
  const key = base64url.decode(secret);
  return {
    name: 'jose',
    seal: (session) =>
      new EncryptJWT(session)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setIssuedAt()
        .setExpirationTime(now() + lifetime)
        .encrypt(key),
    open: async (sealed) => (await jwtDecrypt(sealed, key)).payload,
  };
};

const nextAuth: Sealing = {
  name: 'next-auth 4',
  seal: (session) => encodeNextAuth({ token: session, secret, maxAge: lifetime }),
  open: (token) => decodeNextAuth({ token, secret }),
};

const authJs: Sealing = {
  name: 'Auth.js (@auth/core)',
  seal: (session) => encodeAuthJs({ token: session, secret, salt: 'authjs.session-token', maxAge: lifetime }),
  open: (token) => decodeAuthJs({ token, secret, salt: 'authjs.session-token' }),
};

const ironSession: Sealing = {
  name: 'iron-session',
  seal: (session) => sealData(session, { password: secret, ttl: lifetime }),
  open: async (sealed) => {
    const session = await unsealData<Session>(sealed, { password: secret, ttl: lifetime });
    return Object.keys(session).length > 0 ? session : undefined;
  },
};

async function nextjsAuth0(): Promise<Sealing> {
  const { encrypt, decrypt } = await loadAuth0Cookies();
  return {
    name: '@auth0/nextjs-auth0',
    seal: (session) => encrypt(session, secret, now() + lifetime),
    open: async (sealed) => (await decrypt(sealed, secret))?.payload,
  };
}

/** A complete request: from the `Cookie` header to the session, and to the `Set-Cookie` values of a login. */
const countersignRequest = (which: string, distinct: number): Sealing => {
  const client = createClient({ issuer: 'https://id.example', clientId: 'web' });
  const sessions = createWebSessions(client, { baseUrl: 'https://app.example', secret });
  return {
    name: `@countersign/core/session, complete request, ${which}`,
    distinct,
    async seal(session) {
      const cookies = await sessions.create(undefined, { ...(session.tokens as TokenSet), claims });
      return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
    async open(cookie) {
      const requestSession = await sessions.open(cookie);
      return requestSession.session && { tokens: { accessTokens: [await requestSession.getAccessToken()] } };
    },
  };
};
const claims = { iss: 'https://id.example', sub: 'alice', aud: 'web', exp: 2e9, iat: 1 };

/** Creates a session of about 2.5 KB with an access token, a refresh token, an ID token and the user. */
function createSession(): Session {
  const random = (bytes: number) => randomBytes(bytes).toString('base64url');
  return {
    id: random(16),
    tokens: {
      accessTokens: [
        {
          accessToken: random(620),
          tokenType: 'Bearer',
          expiresAt: now() + 300,
          scopes: ['openid', 'items:read'],
        },
      ],
      refreshToken: random(48),
      idToken: random(900),
      scopes: ['openid', 'offline_access', 'items:read'],
      updatedAt: now(),
    },
    createdAt: now(),
    expiresAt: now() + 86_400,
    usedAt: now(),
  };
}

export const benchmark: Benchmark = {
  name: 'session',
  title: 'Encrypting and decrypting a session cookie',
  async run(options): Promise<Report> {
    const guardTitles = [
      countersign(),
      // More sessions than the cache holds, so that each is decrypted again.
      countersignRequest('different cookies', options.smoke ? 10 : 2_100),
      countersignRequest('the same cookie', 1),
      jose(),
      nextAuth,
      await nextjsAuth0(),
      authJs,
      ironSession,
    ];
    const session = createSession();
    const sealed = new Map<Sealing, string[]>();
    for (const each of guardTitles) {
      const texts = [await check(each, session)];
      while (texts.length < (each.distinct ?? 1)) texts.push(await each.seal(session));
      sealed.set(each, texts);
    }
    const getText = (each: Sealing) => (sealed.get(each) as string[])[0] as string;
    const decryptTimes = await measure(
      guardTitles.map((each) => {
        const texts = sealed.get(each) as string[];
        let at = 0;
        return { name: each.name, run: sequential(() => each.open(texts[at++ % texts.length] as string)) };
      }),
      options,
    );
    const encryptTimes = await measure(
      guardTitles.map((each) => ({ name: each.name, run: sequential(() => each.seal(session)) })),
      options,
    );
    const rows = guardTitles.map((each, index) => {
      const [open, seal] = [decryptTimes[index] as Measured, encryptTimes[index] as Measured];
      const characters = getText(each).length.toLocaleString('en-GB');
      const cpu = (measured: Measured) => format(measured.cpu.median);
      return [each.name, formatSpread(open.time), cpu(open), formatSpread(seal.time), cpu(seal), characters];
    });
    return {
      tables: [
        {
          title: `A session of ${JSON.stringify(session).length.toLocaleString('en-GB')} characters`,
          head: ['library', 'decrypt, us', 'CPU, us', 'encrypt, us', 'CPU, us', 'characters'],
          rows,
        },
      ],
      limits: [
        atMost('decrypt: at most 20 us', decryptTimes[0] as Measured, 20),
        atMost('encrypt: at most 30 us', encryptTimes[0] as Measured, 30),
      ],
      notes: [
        'Each library encrypts the same session and decrypts its own cookie. Each rejected a changed cookie and one encrypted with another secret. Only the rows with a complete request include splitting into chunks and the cache of the last 1,000 cookies, which one of them exceeds.',
      ],
      packages: ['jose', 'iron-session', 'next-auth', '@auth0/nextjs-auth0', 'auth-js'],
    };
  },
};

const atMost = (what: string, { time }: Measured, most: number): Limit => ({
  what,
  measured: `${format(time.median)} us`,
  holds: time.median <= most,
});

const getAccessToken = (session: Session | undefined): unknown =>
  (session?.tokens as TokenSet | undefined)?.accessTokens[0]?.accessToken;

async function check({ name, seal, open }: Sealing, session: Session): Promise<string> {
  const sealed = await seal(session);
  const decrypted = (await open(sealed)) as Session | undefined;
  require(getAccessToken(decrypted) === getAccessToken(session), `${name} decrypted a different session`);
  const at = Math.floor(sealed.length / 2);
  const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
  await requireRejection(() => open(changed), `${name}: a changed cookie`);
  await requireRejection(() => open(sealed.slice(0, -20)), `${name}: a cut cookie`);
  return sealed;
}

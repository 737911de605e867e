import { context, type Span, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import {
  createEndSessionUrl,
  exchangeAssertion,
  exchangeToken,
  type FetchTracer,
  introspectToken,
  pollDeviceAuthorization,
  requestClientCredentials,
  requestDeviceAuthorization,
  revokeToken,
  traceFetch,
  traceOperations,
  validateLogoutToken,
} from '../../index.ts';

interface RecordedSpan {
  readonly name: string;
  /** The name of the parent span. */
  readonly parent: string | undefined;
  readonly attributes: Record<string, string | number>;
  status?: number;
  ended: boolean;
}

/** Creates a tracer that records its spans. */
function createRecorder() {
  const spans: RecordedSpan[] = [];
  let active: RecordedSpan | undefined;
  const tracer: FetchTracer = {
    startActiveSpan(name, { attributes }, run) {
      const outer = active;
      const span: RecordedSpan = { name, parent: outer?.name, attributes: { ...attributes }, ended: false };
      spans.push(span);
      active = span;
      return run({
        setAttribute: (key, value) => {
          span.attributes[key] = value;
        },
        setStatus: ({ code }) => {
          span.status = code;
        },
        end: () => {
          span.ended = true;
          active = outer;
        },
      });
    },
  };
  return { spans, tracer };
}

async function createTracedHarness() {
  const { spans, tracer } = createRecorder();
  const harness = await createHarness({
    client: { traceOperation: traceOperations(tracer), fetch: (url, init) => send(url, init) },
  });
  const send = traceFetch(tracer, (url, init) => harness.server.fetch(url, init));
  return { harness, spans };
}

test('creates a span for each operation and child spans for its requests', async () => {
  const { harness, spans } = await createTracedHarness();
  const tokens = await harness.logIn();
  await harness.refresh();
  await revokeToken(harness.client, harness.stored?.refreshToken as string);
  expect(spans.map(({ name, parent }) => (parent === undefined ? name : `${parent} > ${name}`))).toEqual([
    'createAuthorizationRequest',
    'createAuthorizationRequest > discover',
    'discover > GET /.well-known/openid-configuration',
    'validateAuthorizationResponse',
    'exchangeCode',
    'exchangeCode > POST /token',
    'exchangeCode > GET /jwks',
    'fetchUserinfo',
    'fetchUserinfo > GET /userinfo',
    'refreshTokens',
    'refreshTokens > POST /token',
    'fetchUserinfo',
    'fetchUserinfo > GET /userinfo',
    'revokeToken',
    'revokeToken > POST /revoke',
  ]);
  expect(spans.every(({ ended, status }) => ended && status === undefined)).toBe(true);
  expect(spans.find(({ name }) => name === 'exchangeCode')?.attributes).toEqual({
    'countersign.issuer': harness.server.issuer,
    'countersign.client_id': 'web',
  });
  const text = JSON.stringify(spans);
  for (const secret of [tokens.accessToken, tokens.refreshToken, tokens.idToken, 'web-secret', 'alice']) {
    expect(text).not.toContain(secret);
  }
});

test('creates a span for each operation that calls the provider', async () => {
  const { harness, spans } = await createTracedHarness();
  const { client, server } = harness;
  const { accessToken } = await harness.logIn();
  const device = await requestDeviceAuthorization(client);
  server.answerDevice(device.userCode, { sub: 'alice' });
  await pollDeviceAuthorization(client, device, { wait: async () => {} });
  await requestClientCredentials(client);
  await introspectToken(client, accessToken);
  await exchangeToken(client, { subjectToken: accessToken });
  await exchangeAssertion(client, 'not.an.assertion').catch(() => {});
  await validateLogoutToken(client, await server.mintLogoutToken());
  await createEndSessionUrl(client);
  expect(spans.filter(({ parent }) => parent === undefined).map(({ name }) => name)).toEqual([
    'createAuthorizationRequest',
    'validateAuthorizationResponse',
    'exchangeCode',
    'fetchUserinfo',
    'requestDeviceAuthorization',
    'pollDeviceAuthorization',
    'requestClientCredentials',
    'introspectToken',
    'exchangeToken',
    'exchangeAssertion',
    'validateLogoutToken',
    'createEndSessionUrl',
  ]);
  // Each request to the provider is part of an operation.
  expect(spans.filter(({ name, parent }) => / /.test(name) && parent === undefined)).toEqual([]);
  expect(spans.filter(({ parent }) => parent === 'pollDeviceAuthorization').map(({ name }) => name)).toEqual([
    'POST /token',
  ]);
});

test('throws the error of an operation and records only its code', async () => {
  const { harness, spans } = await createTracedHarness();
  harness.server.faults.add('id_token_nonce_invalid');
  await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'nonce' });
  expect(spans.find(({ name }) => name === 'exchangeCode')).toEqual({
    name: 'exchangeCode',
    parent: undefined,
    attributes: {
      'countersign.issuer': harness.server.issuer,
      'countersign.client_id': 'web',
      'error.type': 'id_token_invalid',
    },
    status: 2,
    ended: true,
  });
});

test('accepts an OpenTelemetry tracer', async () => {
  const started: (Span | undefined)[] = [];
  const tracer = trace.getTracer('test');
  const harness = await createHarness({
    client: {
      traceOperation: (operation, run) =>
        traceOperations(tracer)(operation, () => {
          started.push(trace.getSpan(context.active()));
          return run();
        }),
    },
  });
  await harness.logIn();
  expect(harness.userinfo).toMatchObject({ sub: 'alice' });
  expect(started).toHaveLength(5);
});

import { trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { type FetchTracer, traceFetch } from '../../index.ts';

interface RecordedSpan {
  readonly name: string;
  readonly attributes: Record<string, string | number>;
  status?: number;
  ended: boolean;
}

function createRecorder() {
  const spans: RecordedSpan[] = [];
  const tracer: FetchTracer = {
    startActiveSpan(name, { attributes }, run) {
      const span: RecordedSpan = { name, attributes: { ...attributes }, ended: false };
      spans.push(span);
      return run({
        setAttribute: (key, value) => {
          span.attributes[key] = value;
        },
        setStatus: ({ code }) => {
          span.status = code;
        },
        end: () => {
          span.ended = true;
        },
      });
    },
  };
  return { spans, tracer };
}

test('creates a span for each request, without query, header and body', async () => {
  const { spans, tracer } = createRecorder();
  const harness = await createHarness({ client: { fetch: (url, init) => traced(url, init) } });
  const traced = traceFetch(tracer, (url, init) => harness.server.fetch(url, init));
  const tokens = await harness.logIn();
  expect(spans.map(({ name }) => name)).toEqual([
    'GET /.well-known/openid-configuration',
    'POST /token',
    'GET /jwks',
    'GET /userinfo',
  ]);
  expect(spans[1]).toEqual({
    name: 'POST /token',
    attributes: {
      'http.request.method': 'POST',
      'server.address': 'auth.example.test',
      'url.scheme': 'https',
      'url.path': '/token',
      'http.response.status_code': 200,
    },
    ended: true,
  });
  const text = JSON.stringify(spans);
  for (const secret of [tokens.accessToken, tokens.refreshToken, tokens.idToken, 'web-secret']) {
    expect(text).not.toContain(secret);
  }
});

test('ends the span of a 503 response or an exception as failed', async () => {
  const { spans, tracer } = createRecorder();
  await traceFetch(tracer, async () => new Response(null, { status: 503 }))('https://a.example/token', {
    method: 'POST',
  });
  const failing = traceFetch(tracer, async () => {
    throw new TypeError('secret in a message');
  });
  await expect(failing('https://a.example/token?code=secret', {})).rejects.toThrow(TypeError);
  expect(spans).toMatchObject([
    { status: 2, ended: true, attributes: { 'http.response.status_code': 503 } },
    { status: 2, ended: true, attributes: { 'error.type': 'TypeError' } },
  ]);
  expect(JSON.stringify(spans)).not.toContain('secret');
});

test('accepts an OpenTelemetry tracer', async () => {
  const traced = traceFetch(trace.getTracer('test'), async () => new Response('fine'));
  expect(await (await traced('https://a.example/', {})).text()).toBe('fine');
});

import { get, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { Controller, Get, Header, type MessageEvent, Res, Sse, StreamableFile } from '@nestjs/common';
import { finalize, interval, map, type Observable, startWith } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchLogs } from '../../tests/support/fault-points.ts';
import { adapters, startApp } from '../../tests/support/start/start-app.ts';
import { OptionalAuth, Public } from '../index.ts';

const finishedPaths: string[] = [];
/** Functions that send the rest of a file. */
const filesToFinish: (() => void)[] = [];

/** Emits events until the subscription ends. The first one is emitted immediately. */
const createEvents = (name: string): Observable<MessageEvent> =>
  interval(5).pipe(
    startWith(0),
    map((data) => ({ data: String(data) })),
    finalize(() => finishedPaths.push(name)),
  );

@Controller()
class StreamsController {
  @Sse('events')
  events() {
    return createEvents('events');
  }

  @Sse('silent')
  silent() {
    return new Promise<Observable<MessageEvent>>(() => {});
  }

  @OptionalAuth()
  @Sse('optional')
  optional() {
    return createEvents('optional');
  }

  @Public()
  @Sse('public')
  public() {
    return createEvents('public');
  }

  @Header('Content-Type', 'text/event-stream')
  @Get('manual')
  manual(@Res() response: { raw?: NodeResponse } & NodeResponse) {
    const node = response.raw ?? response;
    node.writeHead(200, { 'content-type': 'text/event-stream' });
    node.write('data: 0\n\n');
  }

  @Get('file')
  file() {
    const stream = new Readable({ read() {} });
    stream.push('begin ');
    filesToFinish.push(() => {
      stream.push('end');
      stream.push(null);
    });
    return new StreamableFile(stream);
  }
}

interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): void;
  write(text: string): void;
}

const { lines, listen } = watchLogs();
// Only these timers are faked, because sockets use others.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Sends a request. Returns its status, its first part, and the kind of its end. */
async function openStream(url: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).once('error', reject);
  });
  let text = '';
  const first = new Promise<void>((resolve) => {
    response.on('data', (chunk) => {
      text += String(chunk);
      // Events start after an empty line.
      if (text.trim() !== '') resolve();
    });
  });
  const done = new Promise<string>((resolve) => {
    response.once('end', () => resolve('end'));
    response.once('error', () => resolve('closed'));
  });
  return { status: response.statusCode, first, done, text: () => text, stop: () => response.destroy() };
}

describe.each(adapters)('N3: long responses of %s', (adapter) => {
  const start = async () => {
    finishedPaths.length = 0;
    const testApp = await startApp(
      { controllers: [StreamsController] },
      { adapter, before: (app) => listen(app) },
    );
    testApp.server.clock.stop();
    return testApp;
  };

  test.each(['events', 'optional'])(
    '%s end when the token expires, and the handler is unsubscribed',
    async (path) => {
      const { url, mint } = await start();
      const token = await mint();
      const { status, first, done } = await openStream(`${url}/${path}`, token);
      expect(status).toBe(200);
      await first;
      vi.advanceTimersByTime(3_599_000);
      expect(finishedPaths).toEqual([]);
      vi.advanceTimersByTime(2_000);
      expect(await done).toBe('end');
      await vi.waitFor(() => expect(finishedPaths).toEqual([path]));
      expect(lines).toEqual([]);
    },
  );

  test('A10: an event stream with a token of 60 days continues, and ends with the token', async () => {
    // Real timers first: Node calls a timer with a delay of more than 24.8 days at once.
    vi.useRealTimers();
    const { url, mint, server } = await start();
    const lifetime = 60 * 86_400;
    const token = await mint({ exp: Math.floor(server.clock.now() / 1000) + lifetime });
    const running = await openStream(`${url}/events`, token);
    await vi.waitUntil(() => running.text().includes('data: 10\n'));
    expect(finishedPaths).toEqual([]);
    running.stop();
    await vi.waitFor(() => expect(finishedPaths).toEqual(['events']));

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { first, done } = await openStream(`${url}/events`, token);
    await first;
    vi.advanceTimersByTime((lifetime - 2) * 1000);
    expect(finishedPaths).toEqual(['events']);
    vi.advanceTimersByTime(4000);
    expect(await done).toBe('end');
    await vi.waitFor(() => expect(finishedPaths).toEqual(['events', 'events']));
  });

  test('responds with 401 if the response has not started when the token expires', async () => {
    const { url, mint } = await start();
    const token = await mint();
    const response = openStream(`${url}/silent`, token);
    // The timer shows that the guard has allowed the request.
    await vi.waitUntil(() => vi.getTimerCount() > 0, { interval: 1 });
    vi.advanceTimersByTime(3_601_000);
    expect((await response).status).toBe(401);
  });

  test('an event stream that a handler writes to @Res() ends if the handler has the @Header()', async () => {
    const { url, mint } = await start();
    const { first, done, text } = await openStream(`${url}/manual`, await mint());
    await first;
    vi.advanceTimersByTime(3_601_000);
    expect(await done).toBe('end');
    expect(text()).toBe('data: 0\n\n');
  });

  test('does not end the stream of an anonymous request', async () => {
    const { url } = await start();
    for (const path of ['optional', 'public']) {
      const { first, stop } = await openStream(`${url}/${path}`);
      await first;
      vi.advanceTimersByTime(36_000_000);
      expect(finishedPaths).not.toContain(path);
      stop();
      await vi.waitFor(() => expect(finishedPaths).toContain(path));
    }
  });

  test('stops the timer when the client disconnects', async () => {
    const { url, mint } = await start();
    const [setTimer, clearTimer] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')];
    const { first, stop } = await openStream(`${url}/events`, await mint());
    await first;
    const index = setTimer.mock.calls.findIndex(([, delay]) => Number(delay) > 3_000_000);
    const timer = setTimer.mock.results[index]?.value;
    expect(timer).toBeDefined();
    stop();
    await vi.waitFor(() => expect(clearTimer).toHaveBeenCalledWith(timer));
    await vi.waitFor(() => expect(finishedPaths).toEqual(['events']));
  });

  test('sends a file completely', async () => {
    const { url, mint } = await start();
    const { first, done, text } = await openStream(`${url}/file`, await mint());
    await first;
    vi.advanceTimersByTime(3_601_000);
    filesToFinish.pop()?.();
    expect(await done).toBe('end');
    expect(text()).toBe('begin end');
  });
});

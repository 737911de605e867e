import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { holdConnection } from './hold-connection.ts';

class Socket {
  isPaused = false;

  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
  }
}

const createConnection = () => Object.assign(new EventEmitter(), { transport: { socket: new Socket() } });

test('a connection with many holds has one listener, and each of its sockets is paused until the last release', () => {
  const connection = createConnection();
  const releases = Array.from({ length: 20 }, () => holdConnection(connection));
  const next = new Socket();
  connection.emit('upgrade', { socket: next });
  expect(connection.listenerCount('upgrade')).toBe(1);
  for (const release of releases) {
    expect([connection.transport.socket.isPaused, next.isPaused]).toEqual([true, true]);
    release();
  }
  expect([connection.transport.socket.isPaused, next.isPaused]).toEqual([false, false]);
  expect(connection.listenerCount('upgrade')).toBe(0);
});

/** A request of HTTP polling. */
const createRequest = () => new EventEmitter() as never;

test('the next request of HTTP polling is read after the hold, and a second one at once, with the first', () => {
  const read: unknown[] = [];
  const onDataRequest = (request: unknown) => void read.push(request);
  const transport = { onDataRequest };
  const [first, second, third] = [createRequest(), createRequest(), createRequest()];
  const release = holdConnection({ transport });
  transport.onDataRequest(first);
  expect(read).toEqual([]);
  release();
  expect(read).toEqual([first]);
  expect(transport.onDataRequest).toBe(onDataRequest);

  holdConnection({ transport });
  transport.onDataRequest(second);
  transport.onDataRequest(third);
  expect(read).toEqual([first, second, third]);
});

test('a request of uWebSockets.js is read at once', () => {
  const read: unknown[] = [];
  const transport = { onDataRequest: (request: unknown) => void read.push(request) };
  const release = holdConnection({ transport });
  const request = {} as never;
  transport.onDataRequest(request);
  expect(read).toEqual([request]);
  release();
  expect(read).toEqual([request]);
});

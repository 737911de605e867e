import { expect, test, vi } from 'vitest';
import { holdSocket } from './hold-socket.ts';

class Socket {
  isPaused = false;

  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
  }
}

test('a socket is paused until its last hold was released', () => {
  const socket = new Socket();
  const releases = [holdSocket(socket), holdSocket(socket)];
  expect(socket.isPaused).toBe(true);
  releases[0]?.();
  expect(socket.isPaused).toBe(true);
  releases[1]?.();
  expect(socket.isPaused).toBe(false);
  expect(Object.keys(socket)).toEqual(['isPaused']);
});

test('a socket that the application pauses stays paused: before, during and after a hold', () => {
  const socket = new Socket();
  socket.pause();
  holdSocket(socket)();
  expect(socket.isPaused).toBe(true);
  socket.resume();

  const release = holdSocket(socket);
  socket.pause();
  release();
  expect(socket.isPaused).toBe(true);
  socket.resume();
  expect(socket.isPaused).toBe(false);
});

test('a socket that the application resumes during a hold is read afterwards', () => {
  const socket = new Socket();
  socket.pause();
  const release = holdSocket(socket);
  socket.resume();
  expect(socket.isPaused).toBe(true);
  release();
  expect(socket.isPaused).toBe(false);
});

test('a socket with its own methods keeps them', () => {
  const pause = () => {};
  const resume = vi.fn();
  const socket = { isPaused: false, pause, resume };
  holdSocket(socket)();
  expect(socket).toEqual({ isPaused: false, pause, resume });
  expect(resume).toHaveBeenCalledOnce();
});

test('two copies of the package share the holds of a socket', async () => {
  vi.resetModules();
  const copy = await import('./hold-socket.ts');
  expect(copy.holdSocket).not.toBe(holdSocket);
  const socket = new Socket();
  const releases = [holdSocket(socket), copy.holdSocket(socket)];
  releases[0]?.();
  expect(socket.isPaused).toBe(true);
  releases[1]?.();
  expect(socket.isPaused).toBe(false);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const programs = {
  redis: {
    command: process.env.REDIS_SERVER_PATH ?? 'redis-server',
    createArguments: (port: number) => ['--port', String(port), '--bind', '127.0.0.1', '--save', ''],
  },
  nats: {
    command: process.env.NATS_SERVER_PATH ?? 'nats-server',
    createArguments: (port: number) => ['--addr', '127.0.0.1', '--port', String(port)],
  },
};

/** Starts a broker on a free port. */
export async function startBroker(name: keyof typeof programs) {
  const { command, createArguments } = programs[name];
  const port = await findFreePort();
  const child = spawn(command, createArguments(port), { stdio: 'ignore' });
  const failure = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} exited with code ${code}`)));
  });
  failure.catch(() => {});
  await Promise.race([waitForPort(port), failure]);
  return {
    port,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** Connects until the program listens. */
async function waitForPort(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isListening = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isListening) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** One request as a stranger writes it: any header, `Host` included. */
export interface HostileRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Sends one request over a connection that is kept. */
export type Send = (hostile: HostileRequest) => Promise<Answer>;

export interface FloodOptions {
  readonly origin: string;
  readonly requests: number;
  /** Connections that send at the same time. */
  readonly connections: number;
  /** Sends one hostile request, or the few that belong together. */
  readonly attack: (send: Send, index: number) => Promise<Answer>;
}

/** Statuses by how many answers had them; `0` stands for a connection without an answer. */
export type Statuses = ReadonlyMap<number, number>;

/** Sends all requests, `connections` at a time. */
export async function flood({ origin, requests, connections, attack }: FloodOptions): Promise<Statuses> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map<number, number>();
  let next = 0;
  const attacker = async () => {
    for (let index = next++; index < requests; index = next++) {
      const { status } = await attack((hostile) => send(origin, agent, hostile), index).catch(() => ({
        status: 0,
      }));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, attacker));
  } finally {
    agent.destroy();
  }
  return statuses;
}

function send(origin: string, agent: Agent, hostile: HostileRequest): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body } = hostile;
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, { agent, method, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

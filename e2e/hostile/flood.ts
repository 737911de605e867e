import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** A request of an attacker, with any headers, including `Host`. */
export interface HostileRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HostileResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Sends one request over a persistent connection. */
export type Send = (hostile: HostileRequest) => Promise<HostileResponse>;

export interface FloodOptions {
  readonly origin: string;
  readonly requests: number;
  /** The count of parallel connections. */
  readonly connections: number;
  /** Sends one hostile request, or a short sequence of them. */
  readonly attack: (send: Send, index: number) => Promise<HostileResponse>;
}

/** Counts of responses by status. Status 0 means no response. */
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

function send(origin: string, agent: Agent, hostile: HostileRequest): Promise<HostileResponse> {
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

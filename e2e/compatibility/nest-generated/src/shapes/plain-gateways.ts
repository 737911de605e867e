import 'reflect-metadata';
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  ConnectionAuthenticator,
  Policy,
  type PolicyProvider,
  RequireScopes,
  type VerifiedAccessToken,
} from '@countersign/nest';
import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { findFreePort } from '../programs.js';
import {
  adapterNames,
  listReportLines,
  startApplication,
  type TestApplication,
} from '../start-application.js';
import { createPlainMessageCall, type SendMessage } from './plain-message-call.js';

@Injectable()
class Tenants {
  readonly owner = 'alice';
}

/** A class with a dependency. It reads the message. */
@Injectable()
class OwnerPolicy implements PolicyProvider {
  constructor(@Inject(Tenants) private readonly tenants: Tenants) {}

  allows({ sub }: VerifiedAccessToken, context: ExecutionContext): boolean {
    const { tenant } = context.switchToWs().getData<{ readonly tenant?: string }>();
    return tenant === 'acme' && sub === this.tenants.owner;
  }
}

const isEditor = ({ roles }: VerifiedAccessToken): boolean => roles.includes('editor');

/** A policy whose service is unavailable. */
const findPlan = (): never => {
  throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
};

/** The handlers that have run, with their callers. */
const handled: string[] = [];

function createGateway(port: number) {
  @WebSocketGateway(port)
  class PlainGateway {
    constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

    async handleConnection(client: object, request: never) {
      await this.connections.authenticate(client, request);
    }

    @Policy(OwnerPolicy)
    @SubscribeMessage('class')
    class() {
      return this.respond('class');
    }

    @Policy(isEditor)
    @SubscribeMessage('function')
    function() {
      return this.respond('function');
    }

    @Policy({ any: [OwnerPolicy, isEditor] })
    @SubscribeMessage('combination')
    combination() {
      return this.respond('combination');
    }

    @RequireScopes('items:write')
    @Policy(OwnerPolicy)
    @SubscribeMessage('scoped')
    scoped() {
      return this.respond('scoped');
    }

    @Policy(findPlan)
    @SubscribeMessage('unavailable')
    unavailable() {
      return this.respond('unavailable');
    }

    @SubscribeMessage('ping')
    ping() {
      return { event: 'pong', data: '' };
    }

    private respond(name: string) {
      handled.push(name);
      return { event: 'result', data: name };
    }
  }
  return PlainGateway;
}

const rows = [
  'websocket class PlainGateway.class protected, policies OwnerPolicy',
  'websocket combination PlainGateway.combination protected, policies any(OwnerPolicy, isEditor)',
  'websocket function PlainGateway.function protected, policies isEditor',
  'websocket ping PlainGateway.ping protected',
  'websocket scoped PlainGateway.scoped protected, scopes items:write, policies OwnerPolicy',
  'websocket unavailable PlainGateway.unavailable protected, policies findPlan',
];

/** Tests policies of gateways with plain WebSockets. */
export function testPlainGateways(): void {
  for (const adapter of adapterNames) {
    describe(`policies of plain WebSockets on ${adapter}`, () => {
      let application: TestApplication;
      let send: SendMessage;

      before(async () => {
        const port = await findFreePort();
        application = await startApplication(
          { providers: [Tenants, OwnerPolicy, createGateway(port)] },
          { adapter, before: (app) => app.useWebSocketAdapter(new WsAdapter(app)) },
        );
        send = createPlainMessageCall(port);
      });
      after(() => application?.close());
      beforeEach(() => {
        handled.length = 0;
      });

      const mint = (sub: string, claims: object = {}) => application.mint({ sub, ...claims });

      test('the access report names every handler and its policies', () => {
        assert.deepEqual(listReportLines(application.app).toSorted(), rows);
      });

      test('a policy allows', async () => {
        const alice = await mint('alice', { scope: 'items:write' });
        const editor = await mint('bob', { roles: ['editor'] });
        for (const name of ['class', 'combination', 'scoped'])
          assert.equal(await send(name, { token: alice, data: { tenant: 'acme' } }), name);
        for (const name of ['function', 'combination'])
          assert.equal(await send(name, { token: editor, data: {} }), name);
        assert.deepEqual(handled, ['class', 'combination', 'scoped', 'function', 'combination']);
      });

      test('a policy denies: no handler runs, and the connection stays open', async () => {
        const alice = await mint('alice', { scope: 'items:write' });
        const bob = await mint('bob', { scope: 'items:write' });
        const denied = async (name: string, token: string, tenant: string) => {
          const text = await send(name, { token, data: { tenant } });
          // Nest 11 sends no response to a rejected message.
          assert.ok(['Access is denied', 'no response'].includes(text), `${name}: ${text}`);
        };
        for (const name of ['class', 'function', 'combination', 'scoped']) await denied(name, bob, 'acme');
        for (const name of ['class', 'function', 'combination', 'scoped']) await denied(name, alice, 'other');
        assert.deepEqual(handled, []);
      });

      test('a policy whose service is unavailable runs no handler', async () => {
        const text = await send('unavailable', { token: await mint('alice'), data: {} });
        assert.ok(['Access tokens cannot be verified at the moment', 'no response'].includes(text), text);
        assert.deepEqual(handled, []);
      });

      test('a message without a token reaches no policy and no handler', async () => {
        assert.equal(await send('class', { data: { tenant: 'acme' } }), 'closed with 4401');
        assert.deepEqual(handled, []);
      });
    });
  }
}

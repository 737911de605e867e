import { createClient } from '@countersign/core';
import { createNodeFetch } from '@countersign/core/node';
import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import * as session from '@countersign/core/session';
import * as redis from '@countersign/redis';
import { createTestAuthorizationServer } from '@countersign/testing';
import { run } from './run.mjs';

if (typeof createNodeFetch() !== 'function') throw new Error('createNodeFetch() is not a function.');
if (Object.keys(session).length === 0 || Object.keys(redis).length === 0)
  throw new Error('An entry exports nothing.');
await run({ createClient, createAccessTokenVerifier, createTestAuthorizationServer });

import { createClient } from '@countersign/core';
import { createBrowserAuth } from '@countersign/core/browser';
import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createTestAuthorizationServer } from '@countersign/testing';
import { run } from './run.mjs';

if (typeof createBrowserAuth !== 'function') throw new Error('createBrowserAuth is not a function.');
await run({ createClient, createAccessTokenVerifier, createTestAuthorizationServer });

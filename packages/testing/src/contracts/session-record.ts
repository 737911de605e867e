import type { SessionRecord } from '@countersign/core/session';
import { createFreshKey } from './contract.ts';

/** Seconds since the epoch. */
export const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

export function createRecord(version: number, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    version,
    value: `sealed ${version}`,
    issuer: 'https://op.example',
    sub: createFreshKey(),
    expiresAt: inAnHour(),
    ...changes,
  };
}

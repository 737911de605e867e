import type { SessionMatch, SessionRecord, SessionStore } from '@countersign/core/session';
import type { BoundedDatabase } from '../bounded-database.ts';
import type { SqlRow } from '../database.ts';
import { hashKey } from '../key-hash.ts';
import { joinSql, rawSql, type Statement, sql } from '../statement.ts';
import { assignColumns, type Columns, insertRow } from './insert-row.ts';

/** What a session that has ended contains until its expiry. */
const endedColumns: Columns = { ended: 1, value: '', issuer: '', sub: '', sid: null, client_id: null };

/** Creates the session store. A write is one statement whose condition is the version that it replaces. */
export function createSessionStore(database: BoundedDatabase): SessionStore {
  const { execute, now } = database;
  const table = database.tables.sessions;
  const time = () => now() / 1000;
  const isLive = () => sql`ended = 0 and expires_at > ${time()}`;
  const end = (condition: Statement) =>
    execute(sql`update ${table} set ${assignColumns(endedColumns)} where ${condition} and ${isLive()}`);

  return {
    async get(key) {
      const rows = await database.select(
        sql`select version, value, issuer, sub, sid, client_id, expires_at from ${table}
          where key_hash = ${hashKey(key)} and ${isLive()}`,
      );
      return rows[0] && toRecord(rows[0]);
    },
    async set(key, record, expectedVersion) {
      const columns = toColumns(key, record);
      if (expectedVersion === 0)
        return insertRow(database, table, {
          columns,
          // An expired record is missing. The tombstone of a deleted one has its expiry.
          replaceIf: (column) => sql`${column('expires_at')} <= ${time()}`,
        });
      const changedRows = await execute(
        sql`update ${table} set ${assignColumns(columns)}
          where key_hash = ${hashKey(key)} and version = ${expectedVersion} and ${isLive()}`,
      );
      return changedRows > 0;
    },
    async delete(key) {
      await end(sql`key_hash = ${hashKey(key)}`);
    },
    deleteWhere: (match) => end(toCondition(match)),
  };
}

function toColumns(key: string, record: SessionRecord): Columns {
  const { version, value, issuer, sub, sid, clientId, expiresAt } = record;
  return {
    key_hash: hashKey(key),
    version,
    value,
    issuer,
    sub,
    sid: sid ?? null,
    client_id: clientId ?? null,
    user_hash: hashKey('sub', issuer, sub),
    sid_hash: sid === undefined ? null : hashKey('sid', issuer, sid),
    client_hash: clientId === undefined ? null : hashKey('client', clientId),
    expires_at: expiresAt,
    ended: 0,
  };
}

function toRecord({ version, value, issuer, sub, sid, client_id, expires_at }: SqlRow): SessionRecord {
  return {
    version: Number(version),
    value: String(value),
    issuer: String(issuer),
    sub: String(sub),
    ...(sid !== null && { sid: String(sid) }),
    ...(client_id !== null && { clientId: String(client_id) }),
    expiresAt: Number(expires_at),
  };
}

/** The condition for the sessions of a user, of a session at the provider, or of both. */
function toCondition({ issuer, sub, sid, clientId }: SessionMatch): Statement {
  const conditions: Statement[] = [];
  // `sid` first: it selects fewer rows.
  if (sid !== undefined) conditions.push(sql`sid_hash = ${hashKey('sid', issuer, sid)}`);
  if (sub !== undefined) conditions.push(sql`user_hash = ${hashKey('sub', issuer, sub)}`);
  if (clientId !== undefined)
    conditions.push(sql`(client_hash is null or client_hash = ${hashKey('client', clientId)})`);
  // Without a condition, a call that no compiler checks would end the sessions of all users.
  return sub === undefined && sid === undefined ? rawSql('1 = 0') : joinSql(conditions, ' and ');
}

create table if not exists countersign_sessions (
  key_hash text not null primary key,
  version integer not null,
  value text not null,
  issuer text not null,
  sub text not null,
  sid text,
  client_id text,
  user_hash text not null,
  sid_hash text,
  client_hash text,
  expires_at real not null,
  ended integer not null
) strict, without rowid;

create index if not exists countersign_sessions_user_hash on countersign_sessions (user_hash);

create index if not exists countersign_sessions_sid_hash on countersign_sessions (sid_hash);

create index if not exists countersign_sessions_expires_at on countersign_sessions (expires_at);

create table if not exists countersign_tombstones (
  key_hash text not null primary key,
  ended_at real not null,
  expires_at integer not null
) strict, without rowid;

create index if not exists countersign_tombstones_expires_at on countersign_tombstones (expires_at);

create table if not exists countersign_locks (
  key_hash text not null primary key,
  owner_hash text not null,
  expires_at integer not null,
  attempt text not null
) strict, without rowid;

create index if not exists countersign_locks_expires_at on countersign_locks (expires_at);

create table if not exists countersign_successors (
  key_hash text not null primary key,
  value text not null,
  expires_at integer not null
) strict, without rowid;

create index if not exists countersign_successors_expires_at on countersign_successors (expires_at);

create table if not exists countersign_replays (
  key_hash text not null primary key,
  expires_at integer not null
) strict, without rowid;

create index if not exists countersign_replays_expires_at on countersign_replays (expires_at);

create table if not exists countersign_sessions (
  key_hash char(43) character set ascii collate ascii_bin not null primary key,
  version bigint not null,
  value mediumtext not null,
  issuer mediumtext not null,
  sub mediumtext not null,
  sid mediumtext,
  client_id mediumtext,
  user_hash char(43) character set ascii collate ascii_bin not null,
  sid_hash char(43) character set ascii collate ascii_bin,
  client_hash char(43) character set ascii collate ascii_bin,
  expires_at double not null,
  ended bigint not null,
  index countersign_sessions_user_hash (user_hash),
  index countersign_sessions_sid_hash (sid_hash),
  index countersign_sessions_expires_at (expires_at)
) engine = InnoDB default character set utf8mb4;

create table if not exists countersign_tombstones (
  key_hash char(43) character set ascii collate ascii_bin not null primary key,
  ended_at double not null,
  expires_at bigint not null,
  index countersign_tombstones_expires_at (expires_at)
) engine = InnoDB default character set utf8mb4;

create table if not exists countersign_locks (
  key_hash char(43) character set ascii collate ascii_bin not null primary key,
  owner_hash char(43) character set ascii collate ascii_bin not null,
  expires_at bigint not null,
  attempt char(43) character set ascii collate ascii_bin not null,
  index countersign_locks_expires_at (expires_at)
) engine = InnoDB default character set utf8mb4;

create table if not exists countersign_successors (
  key_hash char(43) character set ascii collate ascii_bin not null primary key,
  value mediumtext not null,
  expires_at bigint not null,
  index countersign_successors_expires_at (expires_at)
) engine = InnoDB default character set utf8mb4;

create table if not exists countersign_replays (
  key_hash char(43) character set ascii collate ascii_bin not null primary key,
  expires_at bigint not null,
  index countersign_replays_expires_at (expires_at)
) engine = InnoDB default character set utf8mb4;

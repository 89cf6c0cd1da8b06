/** Names in the store. All share one hash tag; infra/redis/users.acl.template grants them by these names. */
export const VIEW_KEY = "{seb}:view";
/** Prefix of one sorted set per ceiling: takes by signed time. */
export const TAKES_PREFIX = "{seb}:takes:";
/** Open entries by certificate id. */
export const OPEN_KEY = "{seb}:open";
/** States of executions by certificate id. */
export const EXECUTIONS_KEY = "{seb}:executions";

/** KEYS of the brokers' script, in its order. */
export const BROKER_KEYS = [
  "{seb}:used",
  "{seb}:once",
  OPEN_KEY,
  "{seb}:busy",
  "{seb}:windows",
  EXECUTIONS_KEY,
  "{seb}:executions:times",
  "{seb}:marks",
] as const;

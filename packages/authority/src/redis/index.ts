export { endpointOf as redisEndpointOf, type RedisStoreOptions } from "./options.js";
export { openRedisStore, type RedisStore } from "./store.js";

export type { Appender, Disk } from "./disk.js";
export { openDisk } from "./disk.js";
export { createLocalFeed } from "./feed.js";
export { createFileFloor } from "./floor.js";
export { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore } from "./store.js";

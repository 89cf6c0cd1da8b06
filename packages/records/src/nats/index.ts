export { type NatsLink, openNatsLink } from "./link.js";
export type { MonitorFacts, StreamFacts } from "./monitor.js";
export { endpointOf as natsEndpointOf, type NatsLinkOptions } from "./options.js";
export { type JetStreamSink, type JetStreamSinkOptions, openJetStreamSink } from "./sink.js";

/** A server that can neither be found nor made here. `remedy` is the one thing that would change this. */
export class ServerUnavailable extends Error {
  constructor(server, reason, remedy) {
    super(`${server}: ${reason}\n  remedy: ${remedy}`);
    this.name = "ServerUnavailable";
    this.code = "server_unavailable";
    this.server = server;
    this.reason = reason;
    this.remedy = remedy;
  }
}

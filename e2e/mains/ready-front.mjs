// `ready-front.mjs URL LIST`: a process in front of a running service. It passes `/readyz` on, with LIST in the place of what the service
// lists under `wire` (`none`: without it, as services of commit f5082e2 answer). Prints {"url": ...}.
//
// A fake, because there is no build yet that opens less than the present one: it stands for an instance that was not upgraded. All
// that the command line asks of it is `/readyz`, whose other members are the real service's own.
import { createServer } from "node:http";

const [target, list] = process.argv.slice(2);

/** The members that say what is opened, exchanged: members of the answer, or facts of a problem. */
function changed(members) {
  const { wire: _wire, opens: _opens, ...rest } = members;
  return list === "none" ? rest : { ...rest, wire: JSON.parse(list), opens: {} };
}

const server = createServer(async (request, response) => {
  const answer = await fetch(target + request.url);
  const body = await answer.json();
  const said = answer.ok ? changed(body) : { ...body, facts: changed(body.facts ?? {}) };
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
  response.end(JSON.stringify(said));
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`);
});
process.on("SIGTERM", () => process.exit(0));

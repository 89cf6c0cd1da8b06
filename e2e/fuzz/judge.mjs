const REQUEST_ID = /^[rup]_[a-z2-7]{26}$/;
const TRACE = /\bat [^"]{1,200}\.(?:js|ts|mjs):\d+|node:internal|node_modules/;
const TOKEN_LIKE = /eyJ[A-Za-z0-9_-]{20,}/;
/** A step that threw is a bug, though the caller gets a code for it. */
const BUGS = new Set(["internal", "step_failed", "self_check_failed"]);

/** What is wrong with the answers to a request, in words; nothing when all is as it must be. */
export function judge(codes, request, { answers, rest, end }) {
  const wrong = [];
  if (end === "timeout") wrong.push("no end of the answer within 25 s");
  if (rest.length > 0 && end !== "reset")
    wrong.push(`bytes that are no whole answer: ${rest.subarray(0, 60).toString("latin1")}`);
  if (request.answers > 0 && answers.length === 0) wrong.push(`no answer (${end})`);
  // A request that is broken off gets an answer or none, but what is no HTTP gets one, unless nothing was said at all.
  if (request.kind === "parser" && answers.length === 0 && /[^\r\n]/.test(request.bytes.toString("latin1")))
    wrong.push(`no answer to what is no request (${end})`);
  for (const answer of answers) wrong.push(...judgeAnswer(codes, request, answer));
  return wrong;
}

function judgeAnswer(codes, request, { status, headers, body }) {
  const type = headers.get("content-type") ?? "";
  const isProblem = type === "application/problem+json";
  if (status >= 300 && status < 400) return [`a redirect: ${status}`];
  if (status < 300 && !isProblem) return judgeSuccess(type, body, request);
  if (!isProblem) return [`status ${status} with content type ${JSON.stringify(type)}`];
  return request.head ? judgeStatus(status) : judgeProblem(codes, request, status, body);
}

const judgeStatus = (status) => (status === 500 ? ["status 500"] : []);

function judgeSuccess(type, body, request) {
  if (request.head || type.startsWith("text/plain")) return [];
  try {
    JSON.parse(body);
    return [];
  } catch {
    return [`a success that is not JSON (${type})`];
  }
}

function judgeProblem(codes, request, status, body) {
  let problem;
  try {
    problem = JSON.parse(body);
  } catch {
    return ["a problem that is not JSON"];
  }
  const wrong = judgeStatus(status);
  const entry = Object.hasOwn(codes, problem.code) ? codes[problem.code] : undefined;
  if (entry === undefined) return [...wrong, `the code ${problem.code} is not in the table`];
  if (BUGS.has(problem.code)) wrong.push(`the code ${problem.code} says that something threw`);
  if (problem.status !== status || entry.status !== status)
    wrong.push(`status ${status}, problem ${problem.status}, table ${entry.status} for ${problem.code}`);
  if (problem.type !== `https://seb.dev/problems/${problem.code}`) wrong.push(`type ${problem.type}`);
  if (problem.title !== entry.title || typeof problem.detail !== "string") wrong.push("title or detail");
  if (!REQUEST_ID.test(problem.request_id ?? "")) wrong.push(`request_id ${problem.request_id}`);
  if (TRACE.test(body)) wrong.push("a stack trace");
  if (TOKEN_LIKE.test(body) || request.secrets.some((secret) => body.includes(secret.slice(0, 24))))
    wrong.push("a token is repeated");
  return wrong;
}

/** The code by which an answer is counted. */
export function codeOf({ status, body, headers }) {
  if (headers.get("content-type") !== "application/problem+json" || body === "") return String(status);
  try {
    return `${status} ${JSON.parse(body).code}`;
  } catch {
    return `${status} ?`;
  }
}

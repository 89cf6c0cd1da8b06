import { canonicalize, isJson } from "@seb/canonical";
import {
  ApprovalClaims,
  MAX_TOKEN_BYTES,
  ObservationClaims,
  OrderClaims,
  ok,
  RecordClaims,
  type Result,
  type Role,
  StatusClaims,
  TYP_OF_ROLE,
  validate,
} from "@seb/schema";
import { CompactSign } from "jose";
import { type LoadedKey, loadKey, type PublicJwk } from "./key-file.js";

/** Roles this package signs for. Certificates are not among them: only signing-core makes those. */
export type SealRole = Exclude<Role, "certificate" | "owner">;

interface ClaimsOf {
  readonly observation: ObservationClaims;
  readonly status: StatusClaims;
  readonly record: RecordClaims;
  readonly order: OrderClaims;
  readonly approval: ApprovalClaims;
}

/** Signs one `typ` with one key. */
export interface Sealer<R extends SealRole = SealRole> {
  readonly role: R;
  readonly typ: (typeof TYP_OF_ROLE)[R];
  readonly kid: string;
  readonly name: string;
  readonly publicJwk: PublicJwk;
  /**
   * The compact JWS of the claims, written as RFC 8785.
   * @throws TypeError when the claims do not fit the role's schema, name another owner than the key's, or give a token
   *   larger than its kind may be: a bug of the caller.
   */
  seal(claims: ClaimsOf[R]): Promise<string>;
}

const SCHEMA_OF_ROLE = {
  observation: ObservationClaims,
  status: StatusClaims,
  record: RecordClaims,
  order: OrderClaims,
  approval: ApprovalClaims,
} as const;

/** The claim that must name the key's owner. */
const OWNER_CLAIM: Readonly<Record<SealRole, "iss" | "writer" | "sub">> = {
  observation: "iss",
  status: "iss",
  record: "writer",
  order: "sub",
  approval: "sub",
};

function payloadOf(role: SealRole, claims: unknown, owner: string): string {
  const valid = validate(SCHEMA_OF_ROLE[role], claims, "token_claims_invalid");
  if (!valid.ok || !isJson(claims)) throw new TypeError(`seal: the claims are not those of the role ${role}`);
  if (new Map(Object.entries(valid.value)).get(OWNER_CLAIM[role]) !== owner)
    throw new TypeError(`seal: the claim ${OWNER_CLAIM[role]} is not the owner of the key`);
  return canonicalize(claims);
}

async function sign(payload: string, typ: string, loaded: LoadedKey, maxBytes: number): Promise<string> {
  const token = await new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: loaded.alg, typ, kid: loaded.kid })
    .sign(loaded.key);
  if (token.length > maxBytes) throw new TypeError("seal: the token would be larger than its kind may be");
  return token;
}

/** Makes a sealer from a parsed key file, which must be of the same role. */
export async function createSealer<R extends SealRole>(
  role: R,
  keyFile: unknown,
): Promise<Result<Sealer<R>, "setting_invalid">> {
  if (!Object.hasOwn(SCHEMA_OF_ROLE, role)) throw new TypeError("createSealer: this package does not sign that role");
  const loaded = await loadKey(keyFile, role);
  if (!loaded.ok) return loaded;
  const { kid, name, publicJwk } = loaded.value;
  const typ = TYP_OF_ROLE[role];
  return ok(
    Object.freeze({
      role,
      typ,
      kid,
      name,
      publicJwk,
      seal: async (claims: ClaimsOf[R]) => sign(payloadOf(role, claims, name), typ, loaded.value, MAX_TOKEN_BYTES[typ]),
    }),
  );
}

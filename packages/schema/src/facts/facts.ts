import Type, { type TSchema } from "typebox";
import { closed } from "../words.js";
import type { Fact, FactTable, FactValue, ValueOf } from "./fact.js";
import { FACTS } from "./table.js";
import { factSchema, isOfType, isWorseValue, worstOf } from "./value.js";

type Where<T extends FactTable, Shape extends Partial<Fact>> = {
  [N in keyof T]: T[N] extends Shape ? N : never;
}[keyof T];

/** Values of all facts of a table. */
export type ValuesOf<T extends FactTable> = { readonly [N in keyof T]: ValueOf<T[N]["type"]> };
/** What the policies see. */
export type ContextOf<T extends FactTable> = Pick<ValuesOf<T>, Where<T, { policies: true }>>;
/** What evidence providers establish. */
export type EvidenceOf<T extends FactTable> = Pick<ValuesOf<T>, Where<T, { from: "evidence" }>>;
/** What of the policies' context evidence and risk provide and time changes. */
export type VolatileOf<T extends FactTable> = Pick<
  ValuesOf<T>,
  | Where<T, { policies: true; time: "volatile"; from: "evidence" }>
  | Where<T, { policies: true; time: "volatile"; from: "risk" }>
>;

/** Everything that follows from a table of facts. */
export interface Facts<T extends FactTable> {
  readonly table: T;
  /** Closed schema of the policies' context: every member is required. */
  contextSchema(): TSchema;
  /** Closed schema of a part of it: no member is required. */
  partialContextSchema(): TSchema;
  /** The context in which nothing is established: each fact has the value that counts when it is absent. */
  neutralContext(): ContextOf<T>;
  /** Picks the policies' context. @throws TypeError when a fact is missing. */
  contextOf(values: ContextOf<T>): ContextOf<T>;
  /** What the evidence providers establish when they find nothing. */
  absentEvidence(): EvidenceOf<T>;
  /** What counts of the findings of several providers: of each fact the worst that was said. */
  combineEvidence(findings: readonly Readonly<Partial<EvidenceOf<T>>>[]): EvidenceOf<T>;
  /** Picks what time changes. @throws TypeError when a fact is missing. */
  volatileOf(values: VolatileOf<T>): VolatileOf<T>;
  /** Is anything that time changes worse now than when people were asked? A fact that they were not shown counts as worse. */
  isWorse(now: VolatileOf<T>, then: Readonly<Record<string, unknown>>): boolean;
  /** The facts that a certificate carries, by the names that they have there. Facts without a value are left out. */
  certificateFacts(values: Readonly<Partial<ValuesOf<T>>>): Readonly<Record<string, FactValue>>;
}

const isSeen = ({ policies }: Fact) => policies;
const isEvidence = ({ from }: Fact) => from === "evidence";
const isCompared = ({ policies, time, from }: Fact) =>
  policies && time === "volatile" && (from === "evidence" || from === "risk");

/** Reads a table. The service works with {@link facts}; tests may add a fact. */
export function createFacts<T extends FactTable>(table: T): Facts<T> {
  const rows = (which: (fact: Fact) => boolean) => Object.entries<Fact>(table).filter(([, fact]) => which(fact));

  /** One value for each fact of a kind. The compiler knows the members by the same rule, from the table's type. */
  function make<V>(which: (fact: Fact) => boolean, read: (name: string, fact: Fact) => FactValue): V {
    return Object.fromEntries(rows(which).map(([name, fact]) => [name, read(name, fact)])) as V;
  }

  function pick<V extends object>(which: (fact: Fact) => boolean, values: V): V {
    return make<V>(which, (name) => {
      const value = own(values, name);
      if (value === undefined) throw new TypeError(`the fact ${name} is missing`);
      return value as FactValue;
    });
  }

  const members = (as: (schema: TSchema) => TSchema) =>
    Object.fromEntries(rows(isSeen).map(([name, { type }]) => [name, as(factSchema(type))]));

  return {
    table,
    contextSchema: () => closed(members((type) => type)),
    partialContextSchema: () => closed(members((type) => Type.Optional(type))),
    neutralContext: () => make(isSeen, (_name, { absent }) => absent),
    contextOf: (values) => pick(isSeen, values),
    absentEvidence: () => make(isEvidence, (_name, { absent }) => absent),
    combineEvidence: (findings) =>
      make(isEvidence, (name, fact) => {
        const said = findings.map((finding) => own(finding, name));
        return worstOf(
          fact,
          said.filter((value) => value !== undefined),
        );
      }),
    volatileOf: (values) => pick(isCompared, values),
    isWorse: (now, then) =>
      rows(isCompared).some(([name, fact]) => {
        const [is, was] = [own(now, name), own(then, name)];
        return is === undefined || !isOfType(fact.type, was) || isWorseValue(fact, is as FactValue, was);
      }),
    certificateFacts: (values) =>
      Object.fromEntries(
        Object.entries<Fact>(table).flatMap(([name, { certificate }]) => {
          const value = own(values, name);
          return certificate === null || value === undefined ? [] : [[certificate, value as FactValue]];
        }),
      ),
  };
}

/** Own member of values by name: never something inherited. */
function own(values: object, name: string): unknown {
  return Object.hasOwn(values, name) ? Reflect.get(values, name) : undefined;
}

/** What follows from the product's own table. */
export const facts: Facts<typeof FACTS> = createFacts(FACTS);

type Table = typeof FACTS;
export type FactName = keyof Table;
export type FactValues = ValuesOf<Table>;
/** What the policies see of one request, besides agent, action, service and region. All required. */
export type PolicyContext = ContextOf<Table>;
export type EvidenceFacts = EvidenceOf<Table>;
export type VolatileFacts = VolatileOf<Table>;

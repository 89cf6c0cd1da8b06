/** What kind of value a fact has. */
export type FactType =
  | { readonly kind: "flag" }
  | { readonly kind: "integer"; readonly minimum: number; readonly maximum: number }
  /** One of these words, the worst first. */
  | { readonly kind: "word"; readonly words: readonly [string, ...string[]] }
  /** Printable text of at most so many characters; null where there is none. */
  | { readonly kind: "text"; readonly maxLength: number }
  /** One such text, or a list of at most 8; null where there is none. */
  | { readonly kind: "names"; readonly maxLength: number };

/** Values by kind. */
interface ValueByKind {
  readonly flag: boolean;
  readonly integer: number;
  readonly word: string;
  readonly text: string | null;
  readonly names: string | string[] | null;
}

/** The value of a fact of this type. */
export type ValueOf<T extends FactType> = ValueByKind[T["kind"]];
export type FactValue = ValueOf<FactType>;

/**
 * Which other value counts as worse: `true` or `false` of a flag, `more` or `less` of a number, `less` of a word (an earlier one), `other`
 * of a text (any that differs).
 */
export type Worse = "true" | "false" | "more" | "less" | "other";

/** One row of the table of facts. */
export interface Fact {
  readonly type: FactType;
  /** What counts when nobody established it: never good. */
  readonly absent: FactValue;
  readonly worse: Worse;
  /**
   * `volatile`: time changes it, and at issuance it may be equal to or better than when people were asked, never worse. `stable`: it
   * follows from what is asked, and another value belongs to another request.
   */
  readonly time: "stable" | "volatile";
  /** Who provides it: the request with the bundle, the evidence providers, the risk assessment, or the people who approved. */
  readonly from: "request" | "evidence" | "risk" | "approvals";
  /** Do the policies see it, as a member of their context? */
  readonly policies: boolean;
  /** Its name in the certificate's `evidence.facts`; null when the certificate does not carry it. */
  readonly certificate: string | null;
  /** One sentence for people. */
  readonly about: string;
}

/** Facts by name: lower-case snake case, at most 40 characters. */
export type FactTable = Readonly<Record<string, Fact>>;

/** Most facts of the table that a certificate carries; what an agent refers to (`ref_...`) comes on top. */
export const MAX_CERTIFICATE_FACTS = 16;

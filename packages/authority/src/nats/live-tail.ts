/** Most tokens that wait while the last one is asked for; of more, the oldest are dropped, since each status repeats the whole state. */
const MAX_HELD = 64;

interface Arrived {
  readonly sequence: number;
  readonly token: string;
}

/**
 * Puts live tokens and the stored last one in one order, by the stream's sequence: what arrives while the last one is being asked for
 * waits, and nothing is given out twice or behind a later one.
 */
export class LiveTail {
  #held: Arrived[] | undefined = [];
  #sequence = 0;
  #token: string | undefined;
  #stopped = false;

  constructor(private readonly receive: (token: string) => void) {}

  /** Takes a live token. `"restarted"` when its sequence is not behind the last one: the stream began anew, and must be asked. */
  arrived(sequence: number, token: string): "taken" | "restarted" {
    if (!Number.isSafeInteger(sequence)) return "taken";
    if (this.#held !== undefined) {
      this.#held.push({ sequence, token });
      if (this.#held.length > MAX_HELD) this.#held.shift();
      return "taken";
    }
    if (sequence <= this.#sequence) return token === this.#token ? "taken" : "restarted";
    this.#give({ sequence, token });
    return "taken";
  }

  /** From now on tokens wait. */
  hold(): void {
    this.#held ??= [];
  }

  /** Gives out the stored last token, unless it was given before, and what arrived behind it. */
  release(last: { readonly sequence: number; readonly token: string | undefined }): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#sequence = last.sequence;
    if (last.token !== undefined && last.token !== this.#token)
      this.#give({ sequence: last.sequence, token: last.token });
    for (const arrived of held) if (arrived.sequence > this.#sequence) this.#give(arrived);
  }

  stop(): void {
    this.#stopped = true;
  }

  #give({ sequence, token }: Arrived): void {
    this.#sequence = sequence;
    this.#token = token;
    if (!this.#stopped) this.receive(token);
  }
}

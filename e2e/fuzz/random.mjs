/** Choices of one request: they follow from seed and index alone, so a run can be repeated, and one request of it too. */
export function randomOf(seed, index) {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (below) => Math.floor(next() * below);
  const pick = (list) => list[int(list.length)];
  const text = (length, alphabet = "abcdefghijklmnopqrstuvwxyz234567") =>
    Array.from({ length }, () => alphabet[int(alphabet.length)]).join("");
  return {
    int,
    pick,
    text,
    chance: (probability) => next() < probability,
    bytes: (length) => Buffer.from(Array.from({ length }, () => int(256))),
    id: (prefix) => `${prefix}${text(26)}`,
    /** One of `[weight, value]`. */
    weighted(options) {
      let left = next() * options.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of options) {
        left -= weight;
        if (left < 0) return value;
      }
      return options[options.length - 1][1];
    },
  };
}

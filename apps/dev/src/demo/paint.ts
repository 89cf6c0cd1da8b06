/** Emphasis on a terminal; plain text everywhere else, and when NO_COLOR is set (no-color.org). */
export interface Paint {
  title(text: string): string;
  dim(text: string): string;
  command(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

const sequence = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const plain = (text: string) => text;

export function createPaint(colour: boolean): Paint {
  if (!colour) return { title: plain, dim: plain, command: plain, good: plain, bad: plain };
  return { title: sequence(1), dim: sequence(2), command: sequence(36), good: sequence(32), bad: sequence(31) };
}

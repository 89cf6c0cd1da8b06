/**
 * The first characters of a text, cut so that no half of a surrogate pair is left: such a text cannot be written as JSON (RFC 8785).
 *
 * @param maxLength in UTF-16 code units, as the bounds of the schemas count them.
 */
export function cutText(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "");
}

/** A text with `…` for what is over `most`; it never ends in half a character, which JSON readers refuse. */
export function truncate(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…` : text
}

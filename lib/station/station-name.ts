/** What may be a station's name: one token of a subject that is also a part of a file's name. */
export function stationNameValid(name: string): boolean {
  if (name.length === 0) return false;
  for (const character of name) {
    if (character <= " " || ".*>/\\\u007f".includes(character)) return false;
  }
  return true;
}

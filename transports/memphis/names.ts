/**
 * Names as clients of Memphis give them and as this broker keeps them: lower-case, with `#` for `.`, because a name is one token of a
 * subject. What is no name is refused in a sentence.
 */

/** A text of a name's kind, or what is wrong with it. */
export type Named = { readonly name: string; readonly shown: string } | { readonly problem: string };

/** `what` is the kind of name: "station", "producer" … `name` is the one kept, `shown` the one for people. */
export function readName(value: unknown, what: string): Named {
  const shown = typeof value === "string" ? value.toLowerCase() : "";
  if (shown === "") return { problem: `the ${what} name is missing` };
  if (shown.length > 128) return { problem: `the ${what} name has more than 128 characters` };
  if (!/^[a-z0-9_.-]+$/.test(shown)) return { problem: `the ${what} name '${shown}' may have letters, digits, '_', '-' and '.' only` };
  if (!/^[a-z0-9].*[a-z0-9]$|^[a-z0-9]$/.test(shown))
    return { problem: `the ${what} name '${shown}' begins and ends with a letter or digit` };
  return { name: internalName(shown), shown };
}

export function internalName(shown: string): string {
  return shown.toLowerCase().replaceAll(".", "#");
}

export function shownName(internal: string): string {
  return internal.replaceAll("#", ".");
}

/** The known name that somebody probably meant. */

/** The name with the fewest edits from `given`, if they are few for its length; undefined when none is near. */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  const wanted = plain(given);
  let best: string | undefined;
  let bestEdits = Math.min(4, Math.max(2, Math.ceil(wanted.length / 3))) + 1;
  if (given.length > 64) return undefined;
  for (const name of known) {
    const edits = editDistance(wanted, plain(name), bestEdits);
    if (edits < bestEdits) {
      best = name;
      bestEdits = edits;
    }
  }
  return best;
}

/** So that `web_port`, `Web-Port` and `webPort` are one. */
function plain(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}

/** Insertions, deletions, replacements and swaps of neighbours; at least `stop` when it would be more. */
function editDistance(a: string, b: string, stop: number): number {
  if (Math.abs(a.length - b.length) >= stop) return stop;
  let older: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (older[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    older = last;
    last = row;
  }
  return last[b.length] ?? stop;
}

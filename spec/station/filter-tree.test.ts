import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { filtersOverlap } from "../../lib/filter.ts";
import { FilterTree } from "../../lib/station/filter-tree.ts";

const token = fc.constantFrom("a", "b", "*", "cc");
const filter = fc
  .tuple(fc.array(token, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([tokens, rest]) => [...tokens, ...(rest ? [">"] : [])].join("."));

function owners(tree: FilterTree<string>, asked: string): string[] {
  const found: Set<string> = new Set();
  tree.overlapping(asked, (owner) => {
    found.add(owner);
    return true;
  });
  return [...found].sort();
}

test("the tree finds exactly the filters that overlap, as comparing with each would", () => {
  fc.assert(
    fc.property(fc.uniqueArray(filter, { maxLength: 12 }), fc.uniqueArray(filter, { maxLength: 4 }), filter, (added, removed, asked) => {
      const tree: FilterTree<string> = new FilterTree();
      for (const one of added) tree.add(one, one);
      for (const one of removed) tree.remove(one, one);
      const expected = added.filter((one) => !removed.includes(one) && filtersOverlap(one, asked)).sort();
      assert.deepEqual(owners(tree, asked), expected);
    }),
    { seed: 20_261_121, numRuns: 500 },
  );
});

test("a filter of another owner is not removed, and the search stops when told to", () => {
  const tree: FilterTree<string> = new FilterTree();
  tree.add("a.b", "one");
  tree.add("a.c", "two");
  tree.remove("a.b", "two");
  assert.deepEqual(owners(tree, "a.*"), ["one", "two"]);
  let calls = 0;
  tree.overlapping(">", () => {
    calls++;
    return false;
  });
  assert.equal(calls, 1);
});

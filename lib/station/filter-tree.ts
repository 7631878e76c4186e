/**
 * Which station captures what: a tree of filter tokens that finds everything overlapping a filter without comparing it with each.
 * Asked when stations are made and listed; messages are matched by the router.
 */

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  /** The owner of the filter that ends here. */
  owner: T | undefined;
}

function emptyNode<T>(): Node<T> {
  return { children: new Map(), owner: undefined };
}

export class FilterTree<T> {
  readonly #root: Node<T> = emptyNode();

  /** The filter is well formed and overlaps with none of another owner. */
  add(filter: string, owner: T): void {
    let node = this.#root;
    for (const token of filter.split(".")) {
      let child = node.children.get(token);
      if (child === undefined) {
        child = emptyNode();
        node.children.set(token, child);
      }
      node = child;
    }
    node.owner = owner;
  }

  /** Forgets the filter if it is this owner's. */
  remove(filter: string, owner: T): void {
    const path: [Node<T>, string][] = [];
    let node = this.#root;
    for (const token of filter.split(".")) {
      const child = node.children.get(token);
      if (child === undefined) return;
      path.push([node, token]);
      node = child;
    }
    if (node.owner !== owner) return;
    node.owner = undefined;
    for (const [parent, token] of path.toReversed()) {
      const child = parent.children.get(token);
      if (child === undefined || child.owner !== undefined || child.children.size > 0) return;
      parent.children.delete(token);
    }
  }

  /** Calls `found` for each owner with a filter that shares a subject with this one, until it answers false. */
  overlapping(filter: string, found: (owner: T) => boolean): void {
    visit(this.#root, filter.split("."), 0, found);
  }
}

/** False = stop. */
function visit<T>(node: Node<T>, tokens: readonly string[], index: number, found: (owner: T) => boolean): boolean {
  const token = tokens[index];
  if (token === undefined) return node.owner === undefined || found(node.owner);
  const rest = node.children.get(">");
  if (token === ">") return everythingBelow(node, found);
  if (rest?.owner !== undefined && !found(rest.owner)) return false;
  if (token === "*") {
    for (const [name, child] of node.children) {
      if (name !== ">" && !visit(child, tokens, index + 1, found)) return false;
    }
    return true;
  }
  const same = node.children.get(token);
  if (same !== undefined && !visit(same, tokens, index + 1, found)) return false;
  const any = node.children.get("*");
  return any === undefined || visit(any, tokens, index + 1, found);
}

function everythingBelow<T>(node: Node<T>, found: (owner: T) => boolean): boolean {
  for (const child of node.children.values()) {
    if (child.owner !== undefined && !found(child.owner)) return false;
    if (!everythingBelow(child, found)) return false;
  }
  return true;
}

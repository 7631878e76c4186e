/**
 * Ascending lists of sequences, many small ones in one pool: 16 bytes a sequence (the number and two links). They hold what lies
 * between a subject's first and last record, so that a subject with one or two records takes nothing here.
 */
import type { Sequence } from "../store.ts";

const chunkShift = 12;
const chunkNodes = 1 << chunkShift;
const chunkMask = chunkNodes - 1;

interface Chunk {
  readonly sequences: Float64Array;
  /** Pairs: older node, newer node; -1 = none. In a free node the first links to the next free one. */
  readonly links: Int32Array;
}

export const noNode = -1;

export class SequenceLists {
  #chunks: Chunk[] = [];
  #used = 0;
  #free = noNode;

  sequence(node: number): Sequence {
    return this.#chunks[node >>> chunkShift]!.sequences[node & chunkMask]!;
  }

  older(node: number): number {
    return this.#chunks[node >>> chunkShift]!.links[(node & chunkMask) * 2]!;
  }

  newer(node: number): number {
    return this.#chunks[node >>> chunkShift]!.links[(node & chunkMask) * 2 + 1]!;
  }

  /** Makes a node between two neighbours (either may be `noNode`). */
  insert(sequence: Sequence, older: number, newer: number): number {
    const node = this.#allocate();
    const chunk = this.#chunks[node >>> chunkShift]!;
    const at = node & chunkMask;
    chunk.sequences[at] = sequence;
    chunk.links[at * 2] = older;
    chunk.links[at * 2 + 1] = newer;
    if (older !== noNode) this.#setNewer(older, node);
    if (newer !== noNode) this.#setOlder(newer, node);
    return node;
  }

  /** Takes a node out; its neighbours link to each other. */
  remove(node: number): void {
    const older = this.older(node);
    const newer = this.newer(node);
    if (older !== noNode) this.#setNewer(older, newer);
    if (newer !== noNode) this.#setOlder(newer, older);
    this.#setOlder(node, this.#free);
    this.#free = node;
  }

  /** As `SubjectArena.shape`. */
  shape(into: number[]): void {
    into.push(this.#used, this.#free, this.#chunks.length, this.#chunks[0]?.sequences.length ?? 0);
  }

  /** As `SubjectArena.reshape`. */
  reshape(numbers: readonly number[], at: number): number {
    this.#used = numbers[at]!;
    this.#free = numbers[at + 1]!;
    this.#chunks = [];
    for (let index = 0; index < numbers[at + 2]!; index++) this.#chunks.push(newChunk(index === 0 ? numbers[at + 3]! : chunkNodes));
    return at + 4;
  }

  /** As `SubjectArena.parts`. */
  parts(into: Uint8Array[]): void {
    for (const { sequences, links } of this.#chunks) into.push(new Uint8Array(sequences.buffer), new Uint8Array(links.buffer));
  }

  clear(): void {
    this.#chunks = [];
    this.#used = 0;
    this.#free = noNode;
  }

  #setOlder(node: number, to: number): void {
    this.#chunks[node >>> chunkShift]!.links[(node & chunkMask) * 2] = to;
  }

  #setNewer(node: number, to: number): void {
    this.#chunks[node >>> chunkShift]!.links[(node & chunkMask) * 2 + 1] = to;
  }

  #allocate(): number {
    if (this.#free !== noNode) {
      const node = this.#free;
      this.#free = this.older(node);
      return node;
    }
    const node = this.#used++;
    const chunk = this.#chunks[node >>> chunkShift];
    const at = node & chunkMask;
    if (chunk === undefined) this.#chunks.push(newChunk(node === 0 ? 16 : chunkNodes));
    else if (at === chunk.sequences.length) this.#chunks[node >>> chunkShift] = grown(chunk);
    return node;
  }
}

function newChunk(nodes: number): Chunk {
  return { sequences: new Float64Array(nodes), links: new Int32Array(nodes * 2) };
}

/** The first chunk starts small, because most logs have few. */
function grown(chunk: Chunk): Chunk {
  const larger = newChunk(chunk.sequences.length * 2);
  larger.sequences.set(chunk.sequences);
  larger.links.set(chunk.links);
  return larger;
}

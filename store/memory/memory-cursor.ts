/** A reader's position in a memory log. Shows records in place; bounded work per call, so that a filter which passes nothing does not hold up the turn. */
import type { Clock } from "../environment.ts";
import type { Cursor, CursorStep, RecordView, Sequence, SubjectFilterTest } from "../store.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Block, RecordBlocks } from "./record-blocks.ts";

/** Records looked at by one `next` before it asks to be called again on a later turn. */
const looksMax = 16_384;

export class MemoryCursor implements Cursor {
  readonly view: RecordView;
  onReady: (() => void) | undefined = undefined;
  readonly #ledger: Ledger;
  readonly #blocks: RecordBlocks;
  readonly #filter: SubjectFilterTest | undefined;
  readonly #clock: Clock;
  #position: Sequence;
  #block: Block | undefined = undefined;
  #record = 0;
  #closed = false;
  #calling = false;

  constructor(ledger: Ledger, blocks: RecordBlocks, clock: Clock, from: Sequence, filter: SubjectFilterTest | undefined) {
    this.#ledger = ledger;
    this.#blocks = blocks;
    this.#clock = clock;
    this.#filter = filter === undefined || filter.text === ">" ? undefined : filter;
    this.#position = Math.max(from, 1);
    this.view = emptyView();
  }

  get position(): Sequence {
    return this.#position;
  }

  seek(sequence: Sequence): void {
    this.#position = Math.max(sequence, 1);
    this.#block = undefined;
  }

  next(): CursorStep {
    if (this.#closed) return "end";
    const ledger = this.#ledger;
    const last = ledger.visible.lastSequence;
    const first = ledger.admitted.firstSequence;
    if (this.#position < first) this.seek(first);
    for (let looks = 0; looks < looksMax; looks++) {
      if (this.#position > last) return "end";
      const block = this.#place();
      if (block === undefined) return "end";
      block.show(this.#record, this.view);
      const sequence = this.view.sequence;
      if (sequence > last) return "end";
      this.#record++;
      this.#position = sequence + 1;
      if (!ledger.has(sequence)) continue;
      const { buffer, subjectStart, subjectEnd } = this.view;
      if (this.#filter === undefined || this.#filter.matches(buffer, subjectStart, subjectEnd)) return "record";
    }
    this.#callLater();
    return "loading";
  }

  close(): void {
    this.#closed = true;
    this.#block = undefined;
    this.onReady = undefined;
    this.view.buffer = nothing;
  }

  /** The block and record of the first record ≥ position. Blocks are replaced when half of them is dead: then it is looked up anew. */
  #place(): Block | undefined {
    const block = this.#block;
    if (block !== undefined && this.#record < block.count && block.sequence(this.#record) >= this.#position) return block;
    const found = this.#blocks.block(this.#blocks.find(this.#position));
    this.#block = found;
    if (found !== undefined) this.#record = found.find(this.#position);
    return found;
  }

  #callLater(): void {
    if (this.#calling) return;
    this.#calling = true;
    this.#clock.endOfTurn(() => {
      this.#calling = false;
      this.onReady?.();
    });
  }
}

const nothing = Buffer.alloc(0);

function emptyView(): RecordView {
  return {
    sequence: 0,
    timeUs: 0,
    buffer: nothing,
    subjectStart: 0,
    subjectEnd: 0,
    bodyStart: 0,
    headerBytes: 0,
    bodyEnd: 0,
    ttlSeconds: 0,
  };
}

/** A growing buffer with a write position, for footers and manifest edits: written off the hot path, in one pass. */

const firstCapacity = 256;
const varintBytesMax = 8;

export class ByteWriter {
  buffer: Buffer;
  view: DataView;
  length = 0;

  constructor(capacity: number = firstCapacity) {
    this.buffer = Buffer.from(new ArrayBuffer(capacity));
    this.view = new DataView(this.buffer.buffer);
  }

  /** Makes room for `count` bytes and returns where they start; the caller fills them. */
  skip(count: number): number {
    const at = this.length;
    const end = at + count;
    if (end > this.buffer.length) {
      let capacity = this.buffer.length * 2;
      while (capacity < end) capacity *= 2;
      const grown = Buffer.from(new ArrayBuffer(capacity));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    this.length = end;
    return at;
  }

  u8(value: number): void {
    const at = this.skip(1);
    this.view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.skip(2);
    this.view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.skip(4);
    this.view.setUint32(at, value, true);
  }

  num(value: number): void {
    const at = this.skip(8);
    this.view.setFloat64(at, value, true);
  }

  /** Seven bits a byte, low first; any safe integer. */
  varint(value: number): void {
    let at = this.skip(varintBytesMax);
    const buffer = this.buffer;
    let rest = value;
    while (rest >= 0x8000_0000) {
      buffer[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.length = at;
  }

  bytes(value: Uint8Array): void {
    const at = this.skip(value.length);
    this.buffer.set(value, at);
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

/** Reads what ByteWriter wrote. Past the end it throws RangeError, which its users turn into damage. */
export class ByteReader {
  readonly buffer: Buffer;
  readonly view: DataView;
  position: number;
  readonly end: number;

  constructor(buffer: Buffer, start = 0, end: number = buffer.length) {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, end);
    this.position = start;
    this.end = end;
  }

  get more(): boolean {
    return this.position < this.end;
  }

  u16(): number {
    const value = this.view.getUint16(this.position, true);
    this.position += 2;
    return value;
  }

  u32(): number {
    const value = this.view.getUint32(this.position, true);
    this.position += 4;
    return value;
  }

  num(): number {
    const value = this.view.getFloat64(this.position, true);
    this.position += 8;
    return value;
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.view.getUint8(this.position++);
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
  }

  bytes(count: number): Buffer {
    if (this.position + count > this.end) throw new RangeError("past the end");
    const value = this.buffer.subarray(this.position, this.position + count);
    this.position += count;
    return value;
  }
}

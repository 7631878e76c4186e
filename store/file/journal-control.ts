/** The words of shared memory by which the journal's thread is told what to write and answers. */

/** Indexes into an Int32Array. `request` and `answer` carry the turn's number. */
export const control = {
  request: 0,
  answer: 1,
  messages: 2,
  operation: 3,
  descriptor: 4,
  memory: 5,
  length: 6,
  positionLow: 7,
  positionHigh: 8,
  errno: 9,
  words: 16,
} as const;

export const operation = { write: 1, writeThenSync: 2, sync: 3, stop: 4 } as const;

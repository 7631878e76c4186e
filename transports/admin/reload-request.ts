/**
 * The request to read the configuration again. Whoever may publish to its subject may make it, and what is read is the operator's own
 * file, so nothing is gained by asking.
 */

export const reloadSubject = "$WAYSTATION.RELOAD";

/** The answer, as JSON. */
export type ReloadAnswer =
  | {
      readonly reloaded: true;
      /** Option keys that changed and wait for a restart. */
      readonly restart: readonly string[];
    }
  | {
      readonly reloaded: false;
      /** Why the broker runs on as before. */
      readonly error: string;
    };

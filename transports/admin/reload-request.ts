/**
 * The request to read the configuration again. As with all of the broker's administration, it takes a user without restrictions, or one
 * whose permissions name the subject; who shows nothing may make it only where nobody has to.
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

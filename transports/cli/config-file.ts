/**
 * A configuration file that a command changes: parsed with its comments, checked whole before it is written, and written under a
 * temporary name first. The file is the one truth about users and tenants; a running broker takes it over with `waystation reload`.
 */
import { readFileSync } from "node:fs";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { isCollection, parseDocument } from "yaml";
import type { Document } from "yaml";
import { loadConfig } from "../../lib/config/config.ts";
import type { Config } from "../../lib/config/config.ts";
import { BrokerError } from "../../lib/errors.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

export class ConfigFile {
  readonly path: string;
  readonly document: Document;
  readonly #folder: string;

  private constructor(file: string, document: Document, folder: string) {
    this.path = file;
    this.document = document;
    this.#folder = folder;
  }

  /** The file that `--config` or WAYSTATION_CONFIG names; `create`: it may be new. Throws when it is wrong already. */
  static open(invocation: Invocation, terminal: Terminal, create: boolean): ConfigFile {
    const named = invocation.value("config") ?? terminal.env["WAYSTATION_CONFIG"];
    if (named === undefined)
      throw usage(`${invocation.command.name} needs --config FILE, or WAYSTATION_CONFIG: users and tenants live in the configuration file`);
    const file = path.resolve(terminal.folder, named);
    const text = read(file);
    if (text === undefined && !create) throw new BrokerError("not_found", `there is no ${file}: name the configuration file of the broker`);
    const opened = new ConfigFile(file, parseDocument(text ?? ""), terminal.folder);
    if (text !== undefined) opened.read();
    return opened;
  }

  /** The configuration as it would be with the document as it is now. Throws a `ConfigError` when it would be wrong. */
  read(): Config {
    const text = this.#text();
    return loadConfig({ args: ["--config", this.path], folder: this.#folder, readText: () => text });
  }

  /** Sets a value, with its path in block style, so that the file stays one that people edit. */
  set(place: readonly (string | number)[], value: unknown): void {
    this.document.setIn(place, this.document.createNode(value));
    for (let depth = 0; depth < place.length; depth++) {
      const node = depth === 0 ? this.document.contents : this.document.getIn(place.slice(0, depth), true);
      if (isCollection(node)) node.flow = false;
    }
  }

  /** Checks, then replaces the file; it keeps its mode, a new one is for its owner only. */
  async save(): Promise<void> {
    this.read();
    const temporary = `${this.path}.${process.pid}.tmp`;
    const mode = await stat(this.path).then(
      (found) => found.mode,
      () => 0o600,
    );
    try {
      await writeFile(temporary, this.#text(), { mode });
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new BrokerError("no_access", `${this.path} cannot be written: check its folder's permissions`, { cause: error });
    }
  }

  #text(): string {
    return this.document.contents === null ? "" : this.document.toString();
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new BrokerError("no_access", `${file} cannot be read: check its permissions`, { cause: error });
  }
}

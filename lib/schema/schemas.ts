/**
 * The schemas of a tenant: their versions, which of them is active, and the compiled form that stations check their messages with. A
 * schema is compiled before anybody is told that it is there, so that what a station does per message is synchronous. A new version waits
 * until it is activated; to activate an older one is to roll back.
 */
import type { Clock } from "../clock.ts";
import { BrokerError } from "../errors.ts";
import type { Registry } from "../registry.ts";
import { compatibilities, forgetSchema, forgetText, keepSchema, readSchema, readSchemas, readText } from "./document.ts";
import type { Compatibility, SchemaDocument, SchemaVersion } from "./document.ts";
import { Guard, GuardClosed } from "./guard.ts";
import type { SchemaGuard } from "./guard.ts";
import { languageOf } from "./languages.ts";
import { schemaKinds, schemaTextBytesMax } from "./validator.ts";
import type { SchemaKind, SchemaText, Validator } from "./validator.ts";

/** Schemas of a tenant, and versions of one; more are refused until some are deleted. */
export const schemasMax = 1_000;
export const versionsMax = 100;
/** Compiled versions kept for the next who asks; stations keep what they use by themselves. */
const compiledMax = 64;
const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,126}[A-Za-z0-9])?$/;

/** Which schema a station's messages have to fit. */
export interface SchemaRef {
  readonly name: string;
  /** 0 = whichever is active. */
  readonly version: number;
}

/** A station as schemas see it. */
export interface SchemaUser {
  readonly name: string;
  readonly config: { readonly schema: SchemaRef | undefined; readonly partition: { readonly of: string } | undefined };
  guard: SchemaGuard | undefined;
}

export interface NewSchema {
  readonly name: string;
  readonly kind: SchemaKind;
  readonly text: string;
  /** Of protobuf: the message that payloads are; "" = found by itself. */
  readonly message?: string | undefined;
  readonly description?: string | undefined;
  readonly compatibility?: Compatibility | undefined;
  readonly user?: string | undefined;
}

export interface SchemaInfo extends SchemaDocument {
  /** Names of the stations that use it. */
  readonly stations: readonly string[];
}

/** Problems in either direction; empty lists = compatible. */
export interface CompatibilityReport {
  /** Why the new version cannot read messages of the old one. */
  readonly backward: readonly string[];
  /** Why the old version cannot read messages of the new one. */
  readonly forward: readonly string[];
}

export interface SchemasOptions {
  readonly clock: Clock;
  readonly registry: Registry;
  /** All stations of the tenant. */
  readonly users: () => Iterable<SchemaUser>;
  /** One line for the operator. */
  readonly report: (message: string) => void;
}

/** A schema about to be attached: it cannot be deleted until `release`. */
export interface PreparedSchema {
  readonly guard: SchemaGuard;
  release(): void;
}

export class Schemas {
  /** Told after a schema got another active version, for doors that tell their clients. */
  readonly activated: Set<(name: string) => void> = new Set();
  readonly #options: SchemasOptions;
  readonly #compiled: Map<string, Validator> = new Map();
  readonly #held: Map<string, number> = new Map();
  /** The last change under way: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SchemasOptions) {
    this.#options = options;
  }

  list(): SchemaInfo[] {
    return readSchemas(this.#options.registry).map((document) => this.#info(document));
  }

  /** Rejects with `not_found`, as all below do. */
  info(name: string): SchemaInfo {
    return this.#info(this.#found(name));
  }

  /** The text of a version; 0 = the active one. */
  text(name: string, version: number): SchemaText & SchemaVersion {
    const { chosen, schema } = this.#version(name, version);
    return { ...chosen, ...schema };
  }

  /** Makes version 1, active at once; durable when resolved. An equal one that exists is answered as it is. Rejects with `exists`, `invalid` or `limit`. */
  create(wanted: NewSchema): Promise<SchemaInfo> {
    return this.#inTurn(async () => {
      checkNew(wanted);
      const { registry } = this.#options;
      const before = readSchema(registry, wanted.name);
      if (before !== undefined) {
        if (before.kind === wanted.kind && this.text(wanted.name, 0).text === wanted.text) return this.#info(before);
        throw new BrokerError("exists", `schema '${wanted.name}' already exists: add a version to it`);
      }
      if (readSchemas(registry).length >= schemasMax)
        throw new BrokerError("limit", `the tenant has its ${schemasMax} schemas: delete one first`);
      const validator = await compile(wanted.kind, { text: wanted.text, message: wanted.message ?? "" });
      const document: SchemaDocument = {
        name: wanted.name,
        kind: wanted.kind,
        description: wanted.description ?? "",
        compatibility: wanted.compatibility ?? "none",
        active: 1,
        previous: 0,
        last: 1,
        versions: [this.#newVersion(1, validator, wanted.user)],
      };
      await keepSchema(registry, document, wanted.text);
      return this.#info(document);
    });
  }

  /** Adds a version, which waits until it is activated. Rejects with `invalid`, `limit`, or `conflict` when the schema's rule of compatibility is broken. */
  add(
    name: string,
    wanted: { readonly text: string; readonly message?: string | undefined; readonly user?: string | undefined },
  ): Promise<SchemaVersion> {
    return this.#inTurn(async () => {
      const document = this.#found(name);
      checkText(wanted.text);
      if (document.versions.length >= versionsMax) {
        throw new BrokerError("limit", `schema '${name}' has its ${versionsMax} versions: delete old ones first`);
      }
      const message = wanted.message ?? (document.versions.at(-1)?.message || "");
      const validator = await compile(document.kind, { text: wanted.text, message });
      await this.#checkRule(document, { text: wanted.text, message });
      const version = this.#newVersion(document.last + 1, validator, wanted.user);
      await keepSchema(
        this.#options.registry,
        { ...document, last: version.version, versions: [...document.versions, version] },
        wanted.text,
      );
      return version;
    });
  }

  /** From now on stations that name no version use this one. 0 = the one that was active before: a roll-back. */
  activate(name: string, version: number): Promise<SchemaInfo> {
    return this.#inTurn(async () => {
      const document = this.#found(name);
      const wanted = version === 0 ? document.previous : version;
      if (wanted === 0) throw new BrokerError("invalid", `no other version of schema '${name}' was active before: name one`);
      const validator = await this.#validator(document, wanted);
      if (wanted === document.active) return this.#info(document);
      const changed = { ...document, active: wanted, previous: document.active };
      await keepSchema(this.#options.registry, changed, undefined);
      for (const user of this.#usersOf(name)) if (user.config.schema?.version === 0) user.guard = new Guard(name, wanted, validator);
      for (const listener of this.activated) listener(name);
      return this.#info(changed);
    });
  }

  /** Changes what is said of a schema. */
  change(
    name: string,
    changes: { readonly description?: string | undefined; readonly compatibility?: Compatibility | undefined },
  ): Promise<SchemaInfo> {
    return this.#inTurn(async () => {
      const document = this.#found(name);
      const { description = document.description, compatibility = document.compatibility } = changes;
      const changed = { ...document, description, compatibility };
      checkWords(changed);
      await keepSchema(this.#options.registry, changed, undefined);
      return this.#info(changed);
    });
  }

  /** Deletes a schema, or one version of it. Rejects with `conflict` while a station uses it. */
  delete(name: string, version = 0): Promise<void> {
    return this.#inTurn(async () => {
      const document = this.#found(name);
      const { registry } = this.#options;
      const users = this.#usersOf(name).filter((user) => version === 0 || user.config.schema?.version === version);
      if (users.length > 0 || this.#held.has(name)) {
        const stations = namesOf(users).join(", ");
        throw new BrokerError("conflict", `schema '${name}' is attached to ${stations || "a station just now"}: detach it first`);
      }
      if (version === 0) {
        await forgetSchema(registry, document);
        for (const { version: each } of document.versions) this.#compiled.delete(`${name}@${each}`);
        return;
      }
      this.#version(name, version);
      if (version === document.active) throw new BrokerError("conflict", `version ${version} is active: activate another one first`);
      const versions = document.versions.filter((each) => each.version !== version);
      await keepSchema(registry, { ...document, versions, previous: document.previous === version ? 0 : document.previous }, undefined);
      await forgetText(registry, name, version);
      this.#compiled.delete(`${name}@${version}`);
    });
  }

  /** Compares a text with a version of a schema, 0 = the active one. Rejects with `invalid` when the text is none. */
  async compare(
    name: string,
    version: number,
    wanted: { readonly text: string; readonly message?: string | undefined },
  ): Promise<CompatibilityReport> {
    const { document, schema } = this.#version(name, version);
    checkText(wanted.text);
    const text = { text: wanted.text, message: wanted.message ?? schema.message };
    await compile(document.kind, text);
    return compared(document.kind, schema, text);
  }

  /** Whether a payload fits: undefined, or the fault. */
  async test(name: string, version: number, payload: Buffer): Promise<string | undefined> {
    const { document, chosen } = this.#version(name, version);
    return (await this.#validator(document, chosen.version)).check(payload, 0, payload.length);
  }

  /** The same of a text that is not kept. */
  async testText(kind: SchemaKind, schema: SchemaText, payload: Buffer): Promise<string | undefined> {
    checkText(schema.text);
    return (await compile(kind, schema)).check(payload, 0, payload.length);
  }

  /** Compiles what a station is about to use. Rejects with a BrokerError `not_found` or `invalid`. */
  async prepare(ref: SchemaRef): Promise<PreparedSchema> {
    this.#held.set(ref.name, (this.#held.get(ref.name) ?? 0) + 1);
    const release = (): void => {
      const left = (this.#held.get(ref.name) ?? 1) - 1;
      if (left === 0) this.#held.delete(ref.name);
      else this.#held.set(ref.name, left);
    };
    try {
      return { guard: await this.#guard(ref), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** After a start: compiles what the recovered stations use. One whose schema cannot be used takes nothing until it can. */
  async recover(): Promise<void> {
    for (const user of this.#options.users()) {
      const { schema } = user.config;
      if (schema === undefined) continue;
      try {
        user.guard = await this.#guard(schema);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#options.report(
          `station '${user.name}' takes no messages: schema '${schema.name}' cannot be used: ${why}; detach it, or add a version that can`,
        );
        user.guard = new GuardClosed(schema.name, why);
      }
    }
  }

  async #guard({ name, version }: SchemaRef): Promise<SchemaGuard> {
    const { document, chosen } = this.#version(name, version);
    return new Guard(name, chosen.version, await this.#validator(document, chosen.version));
  }

  async #validator({ name, kind }: SchemaDocument, version: number): Promise<Validator> {
    const key = `${name}@${version}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const validator = await compile(kind, this.#version(name, version).schema);
    for (const [oldest] of this.#compiled) {
      if (this.#compiled.size < compiledMax) break;
      this.#compiled.delete(oldest);
    }
    this.#compiled.set(key, validator);
    return validator;
  }

  async #checkRule(document: SchemaDocument, text: SchemaText): Promise<void> {
    const { compatibility, kind, name, active } = document;
    if (compatibility === "none") return;
    const { backward, forward } = await compared(kind, this.#version(name, active).schema, text);
    const broken = [...(compatibility === "forward" ? [] : backward), ...(compatibility === "backward" ? [] : forward)];
    if (broken.length === 0) return;
    throw new BrokerError(
      "conflict",
      `schema '${name}' keeps ${compatibility} compatibility, which this version breaks: ${broken.slice(0, 5).join("; ")}`,
    );
  }

  #newVersion(version: number, validator: Validator, user: string | undefined): SchemaVersion {
    return { version, message: validator.message, createdUs: this.#options.clock.nowUs(), createdBy: user ?? "" };
  }

  #info(document: SchemaDocument): SchemaInfo {
    return { ...document, stations: namesOf(this.#usersOf(document.name)) };
  }

  #usersOf(name: string): SchemaUser[] {
    return [...this.#options.users()].filter((user) => user.config.schema?.name === name);
  }

  #found(name: string): SchemaDocument {
    const document = readSchema(this.#options.registry, name);
    if (document === undefined) throw new BrokerError("not_found", `there is no schema '${name}'`);
    return document;
  }

  #version(
    name: string,
    version: number,
  ): { readonly document: SchemaDocument; readonly chosen: SchemaVersion; readonly schema: SchemaText } {
    const document = this.#found(name);
    const wanted = version === 0 ? document.active : version;
    const chosen = document.versions.find((each) => each.version === wanted);
    const schema = chosen === undefined ? undefined : readText(this.#options.registry, name, chosen);
    if (chosen === undefined || schema === undefined) throw new BrokerError("not_found", `schema '${name}' has no version ${wanted}`);
    return { document, chosen, schema };
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(change, change);
    this.#last = mine;
    return mine;
  }
}

/** The names that people know: those of stations, not of their partitions. */
function namesOf(users: readonly SchemaUser[]): string[] {
  return [...new Set(users.map(({ name, config }) => config.partition?.of ?? name))];
}

async function compile(kind: SchemaKind, schema: SchemaText): Promise<Validator> {
  const language = await languageOf(kind);
  try {
    return language.compile(schema);
  } catch (error) {
    const why = error instanceof RangeError ? "it is nested too deeply" : error instanceof Error ? error.message : String(error);
    throw new BrokerError("invalid", `the text is no ${kind} schema that can be used: ${why}`, { cause: error });
  }
}

async function compared(kind: SchemaKind, older: SchemaText, newer: SchemaText): Promise<CompatibilityReport> {
  const language = await languageOf(kind);
  return { backward: language.unreadable(newer, older), forward: language.unreadable(older, newer) };
}

function checkNew(wanted: NewSchema): void {
  if (!namePattern.test(wanted.name)) {
    throw new BrokerError(
      "invalid",
      "a schema's name has 1 to 128 letters, digits, '_', '-' and '.', and begins and ends with a letter or digit",
    );
  }
  if (!schemaKinds.includes(wanted.kind)) throw new BrokerError("invalid", `a schema's kind is one of ${schemaKinds.join(", ")}`);
  checkText(wanted.text);
  checkWords({ description: wanted.description ?? "", compatibility: wanted.compatibility ?? "none" });
}

function checkText(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) throw new BrokerError("invalid", "the schema's text is empty");
  if (bytes > schemaTextBytesMax)
    throw new BrokerError("limit", `the schema's text has ${bytes} bytes, at most ${schemaTextBytesMax} are taken`);
}

function checkWords({ description, compatibility }: { readonly description: string; readonly compatibility: Compatibility }): void {
  if (!compatibilities.includes(compatibility)) throw new BrokerError("invalid", `compatibility is one of ${compatibilities.join(", ")}`);
  if (Buffer.byteLength(description) > 4_096) throw new BrokerError("invalid", "a description has at most 4096 bytes");
}

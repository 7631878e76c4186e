/** `waystation schema …`: the requests of `admin/schema-requests.ts`. */
import { readFile } from "node:fs/promises";
import type { CompatibilityReport, SchemaInfo } from "../../lib/schema/schemas.ts";
import { schemaSubjects } from "../admin/schema-requests.ts";
import { askBroker } from "./admin-request.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { payloadOf } from "./payload.ts";
import { confirmed } from "./question.ts";
import { print, sheet, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const ask = (subject: string, body: object, show: (answer: unknown) => Promise<string> | string): Promise<number> =>
    askBroker(invocation, terminal, subject, body, (answer) => print(invocation, terminal, answer, () => show(answer)));
  const [name = "", second = "", third = ""] = invocation.operands;
  const version = numberOf(invocation.value("version"));
  const message = invocation.value("message");
  switch (invocation.command.name) {
    case "schema list":
      return ask(schemaSubjects.list, {}, (answer) => overview((answer as { schemas: SchemaInfo[] }).schemas));
    case "schema info":
      return ask(schemaSubjects.info, { name, version }, (answer) => schemaSheet(answer as SchemaInfo & { text: string; version: number }));
    case "schema create": {
      const text = await textOf(third, terminal);
      const [description, compatibility] = [invocation.value("description"), invocation.value("compatibility")];
      return ask(schemaSubjects.create, { name, kind: second, text, message, description, compatibility }, () => `${name} is made\n`);
    }
    case "schema add":
      return ask(schemaSubjects.add, { name, text: await textOf(second, terminal), message }, (answer) => {
        const added = (answer as { version: number }).version;
        return `version ${added} waits: 'waystation schema activate ${name} ${added}'\n`;
      });
    case "schema activate":
      return ask(schemaSubjects.activate, { name, version: numberOf(second) }, () => `version ${second} of ${name} is active\n`);
    case "schema rollback":
      return ask(schemaSubjects.rollback, { name }, (answer) => `version ${(answer as SchemaInfo).active} of ${name} is active again\n`);
    case "schema compare":
      return ask(schemaSubjects.compare, { name, version, message, text: await textOf(second, terminal) }, (answer) =>
        comparison(answer as CompatibilityReport),
      );
    case "schema test":
      return tested(invocation, terminal, { name, version, base64: (await payloadOf(invocation, terminal, 1)).toString("base64") });
    case "schema attach":
      return ask(schemaSubjects.attach, { schema: name, station: second, version }, () => `${second} takes what fits ${name}\n`);
    case "schema detach":
      return ask(schemaSubjects.detach, { station: name }, () => `${name} takes anything\n`);
    default:
      if (!(await confirmed(invocation, terminal, `Delete schema ${name}${version === undefined ? "" : `, version ${version}`}?`)))
        return 1;
      return ask(schemaSubjects.delete, { name, version }, () => `${name} deleted\n`);
  }
}

/** Ends with 1 when the payload does not fit, for scripts. */
async function tested(invocation: Invocation, terminal: Terminal, body: object): Promise<number> {
  let fits = true;
  const code = await askBroker(invocation, terminal, schemaSubjects.test, body, (answer) => {
    const verdict = answer as { fits: boolean; fault?: string };
    fits = verdict.fits;
    return print(invocation, terminal, answer, () => Promise.resolve(fits ? "it fits\n" : `${verdict.fault ?? ""}\n`));
  });
  return fits ? code : 1;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw usage(`a version is a number, not '${text}'`);
  return Number(text);
}

async function textOf(file: string, terminal: Terminal): Promise<string> {
  if (file !== "-") return await readFile(file, "utf8");
  const chunks: Buffer[] = [];
  for await (const chunk of terminal.input) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function overview(schemas: readonly SchemaInfo[]): Promise<string> {
  if (schemas.length === 0) return "no schemas: make one with 'waystation schema create'\n";
  return table(
    ["schema", "kind", "active", "versions", "compatibility", "stations"],
    schemas.map(({ name, kind, active, versions, compatibility, stations }) => [
      name,
      kind,
      active,
      versions.map(({ version }) => version).join(" "),
      compatibility,
      stations.join(" "),
    ]),
  );
}

async function schemaSheet(schema: SchemaInfo & { text: string; version: number }): Promise<string> {
  const facts = await sheet([
    ["schema", schema.name],
    ["description", schema.description],
    ["kind", schema.kind],
    ["compatibility", schema.compatibility],
    ["active", schema.active],
    ["versions", schema.versions.map(({ version }) => version).join(" ")],
    ["stations", schema.stations.join(" ")],
    ["version shown", schema.version],
  ]);
  return `${facts}${schema.text.trimEnd()}\n`;
}

function comparison({ backward, forward }: CompatibilityReport): string {
  const told = (what: string, problems: readonly string[]): string =>
    problems.length === 0 ? `${what}: nothing is broken\n` : `${what}:\n${problems.map((problem) => `  ${problem}\n`).join("")}`;
  return told("new readers, old messages (backward)", backward) + told("old readers, new messages (forward)", forward);
}

/** The table of commands and what is made from it: parsing, help, completion. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { commandOf, commands } from "../../transports/cli/commands.ts";
import type { Command } from "../../transports/cli/commands.ts";
import { helpText } from "../../transports/cli/help.ts";
import { parseInvocation } from "../../transports/cli/invocation.ts";
import { waystation } from "../support/program.ts";

function command(...words: readonly string[]): Command {
  const found = commandOf(words).command;
  assert.ok(found);
  return found;
}

describe("the table of commands", () => {
  it("has every command that the contract names", () => {
    const names = new Set(commands.map((entry) => entry.name));
    const wanted = ["serve", "pub", "sub", "request", "reload", "bench", "fsck", "check", "completion", "version", "help"];
    for (const verb of ["list", "info", "create", "edit", "purge", "delete"]) wanted.push(`station ${verb}`);
    for (const verb of ["list", "info", "delete"]) wanted.push(`group ${verb}`);
    for (const name of wanted) assert.ok(names.has(name), name);
  });

  it("loads a module that can run for each of them", async () => {
    for (const entry of commands) assert.equal(typeof (await entry.load()).run, "function", entry.name);
  });

  it("has help for each of them that names every option", async () => {
    for (const entry of commands) {
      const text = await helpText(entry);
      for (const option of entry.options) assert.ok(text.includes(`--${option.name}`), `${entry.name} --${option.name}`);
    }
  });

  it("finds commands of one word and of two, and what follows", () => {
    assert.equal(commandOf(["pub", "a", "b"]).command?.name, "pub");
    assert.deepEqual(commandOf(["station", "info", "A", "--json"]).rest, ["A", "--json"]);
    assert.equal(commandOf([]).command, undefined);
  });

  it("names the nearest command when there is none of that name", () => {
    assert.throws(() => commandOf(["serv"]), { code: "usage", message: /did you mean serve\?/ });
    assert.throws(() => commandOf(["station", "crate"]), { code: "usage", message: /did you mean station create\?/ });
    assert.throws(() => commandOf(["group"]), { code: "usage", message: /list, info, delete/ });
  });
});

describe("a command line", () => {
  it("takes --x v and --x=v, switches, and repeated options", () => {
    const invocation = parseInvocation(command("pub"), ["a.b", "--header", "a:1", "--header=b:2", "text", "--ack"]);
    assert.deepEqual(invocation.operands, ["a.b", "text"]);
    assert.deepEqual(invocation.values("header"), ["a:1", "b:2"]);
    assert.equal(invocation.has("ack"), true);
    assert.equal(invocation.has("json"), false);
  });

  it("is refused when an option is unknown, lacks its value, or has one too many", () => {
    assert.throws(() => parseInvocation(command("pub"), ["a", "--hedaer", "x"]), { code: "usage", message: /did you mean --header\?/ });
    assert.throws(() => parseInvocation(command("pub"), ["a", "--reply"]), { code: "usage", message: /--reply needs a value/ });
    assert.throws(() => parseInvocation(command("pub"), ["a", "--ack=yes"]), { code: "usage", message: /takes no value/ });
    assert.throws(() => parseInvocation(command("station", "create"), ["A", "--discard", "all"]), { code: "usage", message: /old or new/ });
  });

  it("is refused when operands are missing or too many", () => {
    assert.throws(() => parseInvocation(command("pub"), []), { code: "usage", message: /SUBJECT is missing/ });
    assert.throws(() => parseInvocation(command("sub"), ["a", "b"]), { code: "usage", message: /'b' is one word too many/ });
  });

  it("takes what follows -- as operands", () => {
    assert.deepEqual(parseInvocation(command("pub"), ["a", "--", "--not-an-option"]).operands, ["a", "--not-an-option"]);
  });
});

describe("completion", () => {
  it("is a script that bash accepts and that completes commands, verbs, options and values", async () => {
    const { stdout, code } = await waystation(["completion", "bash"]);
    assert.equal(code, 0);
    const complete = (...words: readonly string[]): readonly string[] => {
      const line = words.map((word) => `'${word}'`).join(" ");
      const script = `${stdout}\nCOMP_WORDS=(waystation ${line})\nCOMP_CWORD=${words.length}\n_waystation\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
    };
    assert.deepEqual(complete("ver"), ["version"]);
    assert.deepEqual(complete("station", "cr"), ["create"]);
    assert.deepEqual(complete("station", "create", "NAME", "--disc"), ["--discard"]);
    assert.deepEqual(complete("station", "create", "NAME", "--discard", ""), ["old", "new"]);
  });

  it("is refused for a shell it does not know", async () => {
    const { code, stderr } = await waystation(["completion", "tcsh"]);
    assert.equal(code, 2);
    assert.match(stderr, /^waystation: completion knows bash, zsh and fish, not 'tcsh'\n$/);
  });
});

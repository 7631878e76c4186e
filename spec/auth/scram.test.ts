/** SCRAM-SHA-256: the example of RFC 7677, what is not well formed, and what is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ScramExchange, deriveScram, formatScram, parseClientFirst, parseScram } from "../../lib/auth/scram.ts";

const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const last = `c=biws,r=rOprNGfwEbeRWgbNEkqO${serverNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;

async function exchange(said: string = first): Promise<ScramExchange> {
  const parsed = parseClientFirst(Buffer.from(said));
  assert.ok(parsed !== undefined);
  return new ScramExchange(parsed, await deriveScram("pencil", salt), serverNonce);
}

test("the example of RFC 7677 is spoken byte for byte", async () => {
  const server = await exchange();
  assert.equal(server.challenge, `r=rOprNGfwEbeRWgbNEkqO${serverNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  assert.equal(server.finish(Buffer.from(last)), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

test("a proof that is not the client's, another nonce or another binding is refused", async () => {
  for (const wrong of [
    last.replace("p=d", "p=e"),
    last.replace("rOpr", "sOpr"),
    last.replace("biws", "eSws"),
    last.slice(0, -1),
    last.replace("c=biws,", ""),
    "",
  ]) {
    assert.equal((await exchange()).finish(Buffer.from(wrong)), undefined, wrong);
  }
});

test("channel binding, acting for others, mandatory extensions and broken names are refused", () => {
  for (const said of [
    "p=tls-unique,,n=user,r=abc",
    "n,a=root,n=user,r=abc",
    "n,,m=x,n=user,r=abc",
    "n,,n=us=er,r=abc",
    "n,,n=user",
    "n,,n=,r=abc",
    "",
  ]) {
    assert.equal(parseClientFirst(Buffer.from(said)), undefined, said);
  }
  assert.equal(parseClientFirst(Buffer.from("n,,n=a=2Cb=3Dc,r=abc"))?.user, "a,b=c");
  assert.equal(parseClientFirst(Buffer.from("y,a=user,n=user,r=abc,x=1"))?.header, "y,a=user,");
});

test("what is kept is read again, and weak or broken forms are refused", async () => {
  const keys = await deriveScram("pencil", salt);
  assert.deepEqual(parseScram(formatScram(keys)), keys);
  for (const text of ["", "pencil", formatScram({ ...keys, iterations: 4095 }), formatScram(keys).slice(0, -1)]) {
    assert.throws(() => parseScram(text), /scram is/);
  }
});

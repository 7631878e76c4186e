import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { clientCertificate, mappedUser, parseDistinguishedName } from "../../lib/auth/certificate.ts";

function users(...names: string[]): Map<string, unknown> {
  return new Map(names.map((name) => [name, name]));
}

test("alternative names come before the subject, e-mail before DNS before URI", () => {
  const certificate = clientCertificate({ CN: "gw" }, "DNS:gw.example, URI:spiffe://gw, email:gw@example");
  deepEqual(certificate.alternativeNames, ["gw@example", "gw.example", "spiffe://gw"]);
  equal(mappedUser(certificate, users("spiffe://gw", "gw.example", "CN=gw")), "gw.example");
  equal(mappedUser(certificate, users("spiffe://gw", "CN=gw")), "spiffe://gw");
  equal(mappedUser(certificate, users("CN=gw")), "CN=gw");
  equal(mappedUser(certificate, users("gw", "other")), undefined);
});

test("a distinguished name is the same from either end, with or without blanks after the comma", () => {
  const certificate = clientCertificate({ C: "DE", O: "Acme", OU: ["a", "b"], CN: "gw" }, undefined);
  equal(certificate.subject, "CN=gw,OU=b,OU=a,O=Acme,C=DE");
  for (const name of ["CN=gw,OU=b,OU=a,O=Acme,C=DE", "C=DE, O=Acme, OU=a, OU=b, CN=gw", "cn=gw+OU=a+OU=b,O=Acme,C=DE"]) {
    equal(mappedUser(certificate, users(name)), name);
  }
  equal(mappedUser(certificate, users("CN=gw,OU=a,O=Acme,C=DE")), undefined);
});

test("a value that holds separators cannot pass for other names", () => {
  const subject = clientCertificate({ CN: "x,O=admin" }, undefined);
  equal(mappedUser(subject, users("CN=x,O=admin")), undefined);
  equal(mappedUser(subject, users("CN=x\\,O=admin")), "CN=x\\,O=admin");
  const alternative = clientCertificate({}, 'URI:"http://a, DNS:admin", DNS:b');
  deepEqual(alternative.alternativeNames, ["b", "http://a, DNS:admin"]);
});

test("what is no distinguished name is none", () => {
  equal(parseDistinguishedName("gateway"), undefined);
  equal(parseDistinguishedName("CN=a,,O=b"), undefined);
  deepEqual(parseDistinguishedName("CN=a=b"), [["CN", "a=b"]]);
  deepEqual(clientCertificate({}, "nonsense").alternativeNames, []);
});

import { expect, test } from "vitest";
import { accessTo, type Asked } from "./access.js";

const door = { port: 4747, token: "right-token" };
const cookie = "other=1; gradus-studio-4747=right-token";
const host = "127.0.0.1:4747";
const own = `http://${host}`;

function access(target: string, headers: Asked["headers"], method = "GET"): string {
  const found = accessTo(door, { method, target, headers });
  return found.kind === "refuse" ? found.why : found.kind;
}

test("the token opens, first in the address, then in the cookie", () => {
  expect(access("/?token=right-token", { host })).toBe("exchange");
  expect(access("/", { host, cookie })).toBe("allow");
  expect(access("/api/runs", { host: "localhost:4747", cookie })).toBe("allow");
});

test.each([
  ["/", { host }, "no token"],
  ["/?token=wrong-token", { host, cookie }, "token in the address is not"],
  ["/?token=", { host }, "token in the address is not"],
  ["/?token=right-token-and-more", { host }, "token in the address is not"],
  // Only the first page takes it from the address.
  ["/api/runs?token=right-token", { host }, "no token"],
  ["/", { host, cookie: "gradus-studio-4747=wrong" }, "this browser keeps"],
  ["/", { host, cookie: "gradus-studio-4748=right-token" }, "no token"],
  ["/", { host, cookie: "xgradus-studio-4747=right-token" }, "no token"],
])("%s with %j is refused", (target, headers, why) => {
  expect(access(target, headers)).toContain(why);
});

test("a name that somebody else leads here is refused, with the token too", () => {
  for (const foreign of ["evil.example:4747", "127.0.0.1:80", "127.0.0.1", "evil.example", "", "127.0.0.1:4747.evil.example", "[::1]:4747"]) {
    expect(access("/?token=right-token", { host: foreign })).toContain("which is not this studio");
    expect(access("/api/runs", { host: foreign, cookie })).toContain("which is not this studio");
  }
});

test("a page of another site is refused, though the browser sends the cookie", () => {
  for (const origin of ["https://evil.example", "http://127.0.0.1:8080", "http://localhost:4747", "https://127.0.0.1:4747", "null"]) {
    expect(access("/api/runs", { host, cookie, origin })).toContain("not from the studio");
    expect(access("/api/runs/x", { host, cookie, origin }, "PUT")).toContain("not from the studio");
  }
  for (const site of ["cross-site", "same-site"]) {
    expect(access("/api/runs", { host, cookie, "sec-fetch-site": site })).toContain("another site");
    expect(access("/api/live", { host, cookie, "sec-fetch-site": site })).toContain("another site");
    // A link leads to the first page; what answers is not readable for the other site.
    expect(access("/", { host, cookie, "sec-fetch-site": site })).toBe("allow");
  }
  expect(access("/api/runs", { host, cookie, origin: own, "sec-fetch-site": "same-origin" })).toBe("allow");
});

test("what changes something has to say where it comes from", () => {
  expect(access("/api/runs/x", { host, cookie }, "PUT")).toContain("must name its Origin");
  expect(access("/api/runs/x", { host, cookie, origin: own }, "PUT")).toBe("allow");
  expect(access("/?token=right-token", { host, origin: own }, "POST")).toContain("no token");
});

import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { catalog } from "../../src/data.js";
import { openPage } from "./open-page.js";

type Module = typeof import("./pages/dataset.js");

/** An IDX file of bytes. */
const idx = (shape: readonly number[], elements: readonly number[]): number[] => [0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...elements];

it("takes the files that the user picks, keeps them, and says what to do without them", async () => {
  const { call } = await openPage<Module>("pages/dataset.ts");
  expect(await call("mnist", undefined, false)).toMatch(/^DataError: mnist: its files are not in the page's storage.*files: input\.files/s);
  const images = (n: number): number[] => idx([n, 28, 28], Array.from({ length: n * 784 }, (_, i) => i % 256));
  const picked = {
    "train-images-idx3-ubyte": images(3),
    "train-labels-idx1-ubyte": idx([3], [4, 0, 9]),
    "t10k-images-idx3-ubyte": images(1),
    "t10k-labels-idx1-ubyte": idx([1], [7]),
  };
  expect(await call("mnist", { "train-images-idx3-ubyte": images(3) })).toMatch(/^DataError: mnist: the file train-labels-idx1-ubyte/);
  const found = { train: [3, 28, 28, [4, 0, 9]], test: [7], kept: Object.keys(picked).sort() };
  expect(await call("mnist", picked)).toEqual(found);
  expect(await call("mnist", undefined, false)).toEqual(found);
});

/** Thousands of passengers from January 1949 on: Box and Jenkins, "Time Series Analysis", series G. */
const seriesG =
  "112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140 145 150 178 163 172 178 199 199 184 162 146 166 " +
  "171 180 193 181 183 218 230 242 209 191 172 194 196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229 " +
  "242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306 315 301 356 348 355 422 465 467 404 347 305 336 " +
  "340 318 362 348 363 435 491 505 404 359 310 337 360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432";

function passengersFile(): string {
  const month = (i: number): string => new Date(Date.UTC(2000, i % 12)).toLocaleString("en", { month: "long", timeZone: "UTC" });
  const lines = seriesG.split(" ").map((count, i) => `${1949 + Math.floor(i / 12)},${month(i)},${count}\n`);
  return `year,month,passengers\n${lines.join("")}`;
}

it("fetches what its authors publish, checks it, and says so where the page may not read it", async () => {
  const [file] = catalog["airline-passengers"].files;
  const body = passengersFile();
  expect(createHash("sha256").update(body).digest("hex")).toBe(file.sha256);
  const { call, page } = await openPage<Module>("pages/dataset.ts");
  const headers = { "access-control-allow-origin": "https://elsewhere.example" };
  let answer = body;
  await page.route("https://raw.githubusercontent.com/**", (route) => route.fulfill({ body: answer, headers }));
  expect(await call("passengers")).toMatch(/^DataError: airline-passengers: flights\.csv could not be fetched:.*CORS.*files: input\.files/s);
  headers["access-control-allow-origin"] = "*";
  answer = body.replace("112", "113");
  expect(await call("passengers")).toMatch(/^DataError: .*sends other bytes: their SHA-256 is/s);
  answer = `${body}x`;
  expect(await call("passengers")).toMatch(/^DataError: .*sends more than the 2350 bytes/s);
  answer = body;
  const found = { columns: 3, last: { file: "flights.csv", received: 2350, bytes: 2350 }, kept: ["flights.csv"] };
  expect(await call("passengers")).toEqual(found);
  // Now it is in the page's storage.
  await page.unroute("https://raw.githubusercontent.com/**");
  await page.route("https://**", (route) => route.abort());
  expect(await call("passengers")).toEqual({ columns: 3, kept: ["flights.csv"] });
});

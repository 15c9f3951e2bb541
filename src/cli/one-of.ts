import { ArgumentError } from "../core/errors.js";
import { nearestName } from "./nearest-name.js";

/** The name that an option or argument gives. Throws ArgumentError that lists the names and suggests the nearest one. */
export function oneOf<T extends string>(option: string, text: string, names: readonly T[]): T {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const nearest = nearestName(text, names);
  const question = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  throw new ArgumentError(`${option} ${text}: expected ${names.join(", ")}${question}`);
}

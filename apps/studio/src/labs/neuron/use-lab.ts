import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Lab } from "./lab.js";

export const LabContext = createContext<Lab | undefined>(undefined);

/** The lab that a part of the page belongs to. */
export function useLab(): Lab {
  const lab = useContext(LabContext);
  if (!lab) throw new Error("this part of the page stands outside of a lab");
  return lab;
}

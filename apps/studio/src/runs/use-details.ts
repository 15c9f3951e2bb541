import { useEffect, useState } from "preact/hooks";
import { fetchDetails, type RunDetails } from "./api.js";

export interface Details {
  readonly details: RunDetails | undefined;
  readonly problem: string | undefined;
}

/** What is known of a run, fetched anew where `version` is another. */
export function useDetails(run: string | undefined, version: unknown): Details {
  const [found, setFound] = useState<Details & { readonly run: string | undefined }>({ run, details: undefined, problem: undefined });
  useEffect(() => {
    let isCurrent = true;
    const finish = (details: RunDetails | undefined, problem?: string): void => {
      if (isCurrent) setFound({ run, details, problem });
    };
    if (run === undefined) finish(undefined);
    else fetchDetails(run).then(finish, (error: unknown) => finish(undefined, error instanceof Error ? error.message : String(error)));
    return () => {
      isCurrent = false;
    };
  }, [run, version]);
  return found.run === run ? found : { details: undefined, problem: undefined };
}

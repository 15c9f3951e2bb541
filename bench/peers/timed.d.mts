/** Milliseconds of one run, averaged over a round of at least two. */
export function timed(run: () => Promise<void>, seconds: number): Promise<number>;

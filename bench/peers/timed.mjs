/** Milliseconds of one run, averaged over a round of at least two. */
export async function timed(run, seconds) {
  const start = performance.now();
  let count = 0;
  while (count < 2 || performance.now() - start < 1000 * seconds) {
    await run();
    count++;
  }
  return (performance.now() - start) / count;
}

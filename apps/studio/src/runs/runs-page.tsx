/** All runs of the folder. */
export function RunsPage() {
  return <h1>Runs</h1>;
}

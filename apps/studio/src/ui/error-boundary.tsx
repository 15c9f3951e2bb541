import type { ComponentChildren } from "preact";
import { useErrorBoundary } from "preact/hooks";
import { Button } from "./controls.js";

export interface ErrorBoundaryProps {
  /** What cannot be shown when something fails, as the beginning of a sentence. */
  readonly what: string;
  readonly children: ComponentChildren;
}

/** Keeps the rest of the page where a part of it cannot be drawn. */
export function ErrorBoundary({ what, children }: ErrorBoundaryProps) {
  const [error, reset] = useErrorBoundary() as [unknown, () => void];
  if (error === undefined) return <>{children}</>;
  return (
    <section class="card" role="alert">
      <p class="error-text">
        {what} cannot be shown: {error instanceof Error ? error.message : String(error)}
      </p>
      <Button onClick={reset}>Try again</Button>
    </section>
  );
}

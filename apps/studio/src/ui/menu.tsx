import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import "./menu.css";

export interface MenuProps {
  readonly label: ComponentChildren;
  /** What it is, also for screen readers. */
  readonly title: string;
  /** Buttons; the menu closes after a press. */
  readonly children: ComponentChildren;
}

/** Buttons that are seldom needed, behind another one. */
export function Menu({ label, title, children }: MenuProps) {
  const details = useRef<HTMLDetailsElement>(null);
  const close = (): void => {
    if (details.current) details.current.open = false;
  };
  return (
    <details
      ref={details}
      class="menu"
      onKeyDown={(event) => event.key === "Escape" && close()}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) close();
      }}
    >
      <summary class="button small plain" title={title} aria-label={title}>
        {label}
      </summary>
      <div class="menu-items" onClick={close}>
        {children}
      </div>
    </details>
  );
}

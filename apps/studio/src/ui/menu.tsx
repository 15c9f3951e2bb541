import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import "./menu.css";

export interface MenuProps {
  readonly label: ComponentChildren;
  /** What it is, also for screen readers. */
  readonly title: string;
  /** Whether it stays open while what is in it is used; else it closes after a press. */
  readonly stays?: boolean;
  readonly children: ComponentChildren;
}

/** What is seldom needed, behind a button. */
export function Menu({ label, title, stays = false, children }: MenuProps) {
  const details = useRef<HTMLDetailsElement>(null);
  const close = (): void => {
    if (details.current) details.current.open = false;
  };
  /** By key or choice: the focus does not get lost with what was in the menu. */
  const leave = (): void => {
    if (!details.current?.open) return;
    details.current.querySelector("summary")?.focus();
    close();
  };
  return (
    <details
      ref={details}
      class="menu"
      onKeyDown={(event) => event.key === "Escape" && leave()}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) close();
      }}
    >
      <summary class="button small plain" title={title} aria-label={title}>
        {label}
      </summary>
      <div class="menu-items" tabIndex={-1} onClick={() => stays || leave()}>
        {children}
      </div>
    </details>
  );
}

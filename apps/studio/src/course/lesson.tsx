import type { ComponentChildren } from "preact";

/** A part of a lab's text: what is seen and why. */
export function Lesson({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="lesson">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

import "./chapter.css";

/** A chapter of a lab's course, and where it is. */
export interface ChapterLink {
  readonly id: string;
  readonly title: string;
  readonly address: string;
}

/** The chapters in the order of the course. */
export function ChapterLinks({ chapters, current }: { readonly chapters: readonly ChapterLink[]; readonly current: string }) {
  return (
    <nav class="chapters" aria-label="Chapters">
      <ol>
        {chapters.map(({ id, title, address }) => (
          <li key={id}>
            <a href={address} aria-current={id === current ? "step" : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

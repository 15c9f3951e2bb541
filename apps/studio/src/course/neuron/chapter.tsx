import { useLab } from "../../labs/neuron/use-lab.js";
import { optionsOf } from "../../labs/neuron/address.js";
import { defaults } from "../../labs/neuron/settings.js";
import { addressOf } from "../../route.js";
import { ChapterLinks } from "../chapter-links.js";
import { CodeFiles } from "../code-files.js";
import { Lesson } from "../lesson.js";
import { chapters } from "./chapters.js";
import type { Chapter } from "./chapter-type.js";

/** The address of a chapter with its settings. */
function chapterAddress({ id, settings }: Chapter): string {
  const options = Object.entries({ chapter: id, ...optionsOf({ ...defaults, ...settings }) });
  return addressOf("lab/neuron", Object.fromEntries(options.filter(([, value]) => value !== "")));
}

/** The chapters in the order of the course. */
export function ChapterNav({ current }: { readonly current: string }) {
  return <ChapterLinks chapters={chapters.map((chapter) => ({ ...chapter, address: chapterAddress(chapter) }))} current={current} />;
}

/** What a chapter says, and the way to the next. */
export function ChapterText({ chapter }: { readonly chapter: Chapter }) {
  const lab = useLab();
  const at = chapters.indexOf(chapter);
  const next = chapters[at + 1];
  const { Text } = chapter;
  return (
    <div class="chapter-text">
      <Lesson title={`${at + 1}. ${chapter.title}`}>
        <Text />
      </Lesson>
      <p class="chapter-ways">
        <button type="button" class="button small" onClick={() => lab.open({ chapter: chapter.id, settings: { ...defaults, ...chapter.settings } })}>
          This chapter from its beginning
        </button>
        {next && (
          <a class="button small" href={chapterAddress(next)}>
            Next: {next.title}
          </a>
        )}
      </p>
    </div>
  );
}

/** The code behind a chapter. */
export function ChapterCode({ chapter }: { readonly chapter: Chapter }) {
  return <CodeFiles files={chapter.code} />;
}

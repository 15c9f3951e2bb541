import { useEffect, useMemo } from "preact/hooks";
import { ChapterLinks } from "../../course/chapter-links.js";
import { CodeFiles } from "../../course/code-files.js";
import { chapters, type Chapter } from "../../course/digits/chapters.js";
import { Lesson } from "../../course/lesson.js";
import { addressOf, route } from "../../route.js";
import { Answer } from "./answer.js";
import { CurvesPanel } from "./curves-panel.js";
import "./digits.css";
import { DrawingPad } from "./drawing-pad.js";
import { FilesPanel } from "./files-panel.js";
import { LabModel } from "./lab-model.js";
import { LayersPanel } from "./layers-panel.js";
import { MistakesPanel } from "./mistakes-panel.js";
import { readServerRun } from "./server-runs.js";
import { SettingsPanel } from "./settings-panel.js";
import { TrainingBar } from "./training-bar.js";
import { WeightsPanel } from "./weights-panel.js";

const links = chapters.map(({ id, title }) => ({ id, title, address: addressOf("lab/digits", { chapter: id }) }));

/** The lab "Reading digits": a network that learns to read in the page, and a course about it. */
export function DigitsLab() {
  const model = useMemo(() => new LabModel(), []);
  useEffect(() => {
    // An address may name a run of the studio's folder.
    const run = route.peek().options.get("run");
    if (run !== null) {
      readServerRun(run).then(
        (files) => model.load(run, files),
        (error: unknown) => (model.error.value = error instanceof Error ? error.message : String(error)),
      );
    }
    return () => model.close();
  }, [model]);
  const asked = route.value.options.get("chapter");
  const [first] = chapters;
  const chapter = chapters.find(({ id }) => id === asked) ?? first;
  return (
    <div class="digits">
      <h1>Reading digits</h1>
      <ChapterLinks chapters={links} current={chapter?.id ?? ""} />
      <div class="columns">
        {chapter && <ChapterText chapter={chapter} model={model} />}
        <div class="parts">
          <TrainingBar model={model} />
          <div class="stage">
            <section class="card write" aria-labelledby="write-title">
              <h2 id="write-title" class="visually-hidden">
                Write a digit
              </h2>
              <DrawingPad model={model} />
              <Answer model={model} />
            </section>
            <LayersPanel model={model} />
            <SettingsPanel model={model} />
          </div>
          <CurvesPanel model={model} />
          <WeightsPanel model={model} />
          <MistakesPanel model={model} />
          <FilesPanel model={model} />
        </div>
      </div>
      {chapter && <CodeFiles files={chapter.code} />}
    </div>
  );
}

function ChapterText({ chapter, model }: { readonly chapter: Chapter; readonly model: LabModel }) {
  const at = chapters.indexOf(chapter);
  const next = links[at + 1];
  const { title, Text } = chapter;
  return (
    <div class="chapter-text">
      <Lesson title={`${at + 1}. ${title}`}>
        <Text model={model} />
      </Lesson>
      {next && (
        <p class="chapter-ways">
          <a class="button small" href={next.address}>
            Next: {next.title}
          </a>
        </p>
      )}
    </div>
  );
}

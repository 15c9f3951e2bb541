import { useEffect, useState } from "preact/hooks";
import { chapters } from "../../course/neuron/chapters.js";
import { ChapterCode, ChapterNav, ChapterText } from "../../course/neuron/chapter.js";
import { AnswerCard } from "./answer-card.js";
import { Diagram } from "./diagram.js";
import { GradientCard } from "./gradient-card.js";
import { Lab } from "./lab.js";
import { LayerButtons } from "./layer-buttons.js";
import { LossCard } from "./loss-card.js";
import { NeuronCard } from "./neuron-card.js";
import "./neuron-lab.css";
import { PageParts } from "./page-parts.js";
import { PointsCard } from "./points-card.js";
import { RunBar } from "./run-bar.js";
import { defaults } from "./settings.js";
import { TrainingCard } from "./training-card.js";
import { LabContext, useLab } from "./use-lab.js";
import { useMedia } from "./use-media.js";

/** The lab "From neuron to network": a network of few neurons that learns to tell points of the plane apart, and a course about it. */
export function NeuronLab() {
  const [lab, setLab] = useState<Lab>();
  useEffect(() => {
    const made = new Lab({ chapter: chapters[0].id, settings: { ...defaults, ...chapters[0].settings } });
    setLab(made);
    return () => made.close();
  }, []);
  return (
    lab && (
      <LabContext.Provider value={lab}>
        <Content />
      </LabContext.Provider>
    )
  );
}

function Content() {
  const lab = useLab();
  const hidden = lab.hiddenParts.value;
  const chapter = chapters.find(({ id }) => id === lab.chapter.value) ?? chapters[0];
  return (
    <div class="neuron-lab">
      <h1>From neuron to network</h1>
      <ChapterNav current={lab.chapter.value} />
      {lab.failure.value !== undefined && (
        <p class="failure" role="alert">
          {lab.failure.value}
        </p>
      )}
      <div class={hidden.has("text") ? "lab-columns without-text" : "lab-columns"}>
        {chapter && !hidden.has("text") && <ChapterText chapter={chapter} />}
        <div class="lab-parts">
          <RunBar />
          <Parts />
        </div>
      </div>
      <PageParts />
      {chapter && !hidden.has("code") && <ChapterCode chapter={chapter} />}
    </div>
  );
}

/** The lab's cards in columns; on a narrow page the answer comes first and the settings last, in the order of reading too. */
function Parts() {
  const isNarrow = useMedia("(max-width: 759px)");
  const hidden = useLab().hiddenParts.value;
  const settings = !(hidden.has("points") && hidden.has("settings")) && (
    <div class="lab-column" key="settings">
      {!hidden.has("points") && <PointsCard />}
      {!hidden.has("settings") && <TrainingCard />}
    </div>
  );
  const middle = (
    <div class="lab-column" key="network">
      <section class="card network-card" aria-labelledby="network-title">
        <header>
          <h3 id="network-title">Network</h3>
          <LayerButtons />
        </header>
        <Diagram />
      </section>
      {!hidden.has("loss") && <LossCard />}
      {!hidden.has("gradients") && <GradientCard />}
    </div>
  );
  const answer = (
    <div class="lab-column" key="answer">
      <AnswerCard />
      {!hidden.has("weights") && <NeuronCard />}
    </div>
  );
  return <div class={settings ? "lab-stage" : "lab-stage without-settings"}>{isNarrow ? [answer, middle, settings] : [settings, middle, answer]}</div>;
}

import { useState } from "preact/hooks";
import { Check, Segmented, Slider } from "../../ui/controls.js";
import { classTokens } from "./colours.js";
import { useLab } from "./use-lab.js";
import { Plane, type Brush } from "./plane.js";
import { Scores } from "./scores.js";
import { classesOf } from "./settings.js";

/** The plane with the network's answer, the tools that draw points, and how well it does. */
export function AnswerCard() {
  const lab = useLab();
  const settings = lab.settings.value;
  const [tool, setTool] = useState("read");
  const [value, setValue] = useState(1);
  const isRegression = settings.problem === "regression";
  const classes = classesOf(settings);
  const tools = [
    { value: "read", label: "Read" },
    ...(isRegression ? [{ value: "value", label: "Put" }] : Array.from({ length: classes }, (_, k) => ({ value: String(k), label: `Class ${k}` }))),
    { value: "erase", label: "Erase" },
  ];
  const chosen = tools.some((known) => known.value === tool) ? tool : "read";
  const brush: Brush = chosen === "read" || chosen === "erase" ? chosen : { target: isRegression ? value : Number(chosen) };
  return (
    <section class="card answer-card" aria-labelledby="answer-title">
      <h3 id="answer-title">Answer</h3>
      <Scores />
      <Plane brush={brush} />
      <Segmented label="The pointer on the plane" value={chosen} choices={tools} onChange={setTool} />
      {chosen === "value" && <Slider label="Value of new points" value={value} min={-1} max={1} step={0.1} onInput={setValue} />}
      <Legend isRegression={isRegression} classes={classes} />
      <div class="checks">
        <Check
          label="Show test points"
          checked={lab.showsTest.value}
          onChange={(on) => {
            lab.showsTest.value = on;
            lab.touchAddress();
          }}
        />
        <Check
          label={isRegression ? "Only the sign" : "Classes without shades"}
          checked={lab.isDiscrete.value}
          onChange={(on) => {
            lab.isDiscrete.value = on;
            lab.touchAddress();
          }}
        />
      </div>
    </section>
  );
}

const shapes = ["M5 1a4 4 0 1 0 .01 0z", "M1.500 1.500h7v7h-7z", "M5 0l4.600 8.500H.400z", "M5 0l5 5-5 5-5-5z"];

function Legend({ isRegression, classes }: { readonly isRegression: boolean; readonly classes: number }) {
  if (isRegression) {
    return (
      <p class="legend small quiet">
        −1 <i class="value-scale" aria-hidden="true" /> 1; a strong edge: test
      </p>
    );
  }
  return (
    <p class="legend small quiet">
      {Array.from({ length: classes }, (_, k) => (
        <span key={k}>
          <svg width="11" height="11" viewBox="0 0 10 10" aria-hidden="true">
            <path d={shapes[k]} fill={`var(${classTokens[k] ?? ""})`} />
          </svg>{" "}
          class {k}
        </span>
      ))}
      <span>a strong edge: test</span>
    </p>
  );
}

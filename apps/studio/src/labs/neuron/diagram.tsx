import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { colourOf, colourVersion } from "../../ui/theme.js";
import { drawDiagram } from "./diagram-drawing.js";
import { edgeAt, edgesOf, layOutDiagram, type DiagramLayout, type Edge, type Place, type Unit } from "./diagram-layout.js";
import { useLab } from "./use-lab.js";
import { inputName, signed, unitName, weightOf } from "./names.js";
import { prepared } from "./picture-sheet.js";
import { choices, limits, outputsOf, type Feature } from "./settings.js";
import { useMedia } from "./use-media.js";
import { useWidth } from "./use-width.js";
import { weightInputId } from "./neuron-card.js";

/** The network: what it sees, its neurons with their pictures, and its weights as lines. */
export function Diagram() {
  const lab = useLab();
  const frame = useRef<HTMLDivElement>(null);
  const available = useWidth(frame);
  const settings = lab.settings.value;
  const outputs = outputsOf(settings);
  const layout = useMemo(() => layOutDiagram(settings, outputs, available), [settings, outputs, available]);
  return (
    <div class="diagram scroll-x" ref={frame}>
      <div class="diagram-space" style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
        <Lines layout={layout} isReady={available > 0} />
        <Pictures layout={layout} isReady={available > 0} />
        <Features layout={layout} />
        {layout.places.slice(1).map((column, i) => (
          <Column key={i} layout={layout} column={i + 1} places={column} isHidden={i < layout.places.length - 2} />
        ))}
      </div>
    </div>
  );
}

interface LayerOfDiagram {
  readonly layout: DiagramLayout;
  /** Whether the layout's size is known. */
  readonly isReady: boolean;
}

/** The weights, as the worker draws them. */
function Lines({ layout, isReady }: LayerOfDiagram) {
  const lab = useLab();
  const canvas = useRef<HTMLCanvasElement>(null);
  const settings = lab.settings.value;
  const version = colourVersion.value;
  const lines = lab.lines.value;
  const isStill = useMedia("(prefers-reduced-motion: reduce)");
  useEffect(() => {
    if (isReady) lab.styleLines({ layout, settings, outputs: outputsOf(settings), scale: devicePixelRatio, negative: colourOf("--warm"), positive: colourOf("--cool"), isStill });
  }, [layout, isReady, isStill, version]);
  useEffect(() => {
    const element = canvas.current;
    // A picture that was shown once is empty.
    if (!element || !lines || lines.width === 0) return;
    if (element.width !== lines.width) element.width = lines.width;
    if (element.height !== lines.height) element.height = lines.height;
    element.getContext("bitmaprenderer")?.transferFromImageBitmap(lines);
  }, [lines]);
  return <canvas ref={canvas} aria-hidden="true" style={sizeOf(layout)} />;
}

/** What the neurons say, and the line under the pointer. */
function Pictures({ layout, isReady }: LayerOfDiagram) {
  const lab = useLab();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hovered, setHovered] = useState<{ readonly edge: Edge; readonly at: Place }>();
  const settings = lab.settings.value;
  const snapshot = lab.snapshot.value;
  const edges = useMemo(() => edgesOf(settings, outputsOf(settings)), [settings]);
  const version = colourVersion.value;
  useEffect(() => {
    const context = canvas.current && isReady && prepared(canvas.current, layout.width, layout.height);
    if (context) drawDiagram(context, { layout, settings, snapshot, hovered: hovered?.edge });
  }, [layout, settings, snapshot, hovered?.edge, isReady, version]);

  const onPointerMove = ({ offsetX: x, offsetY: y }: PointerEvent): void => {
    const edge = edgeAt(layout, edges, { x, y });
    setHovered(edge && { edge, at: { x, y } });
  };
  const onClick = (): void => {
    if (!hovered) return;
    const { layer, output, input } = hovered.edge;
    lab.selected.value = { column: layer + 1, index: output };
    // The card of the neuron is on the page after this change.
    requestAnimationFrame(() => document.getElementById(weightInputId(input))?.focus());
  };
  return (
    <>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`The network's weights as lines: ${edges.length} of them. Choose a neuron to read and change its weights.`}
        style={sizeOf(layout)}
        class={hovered ? "over-edge" : ""}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setHovered(undefined)}
        onClick={onClick}
      />
      {hovered && (
        <div class="edge-reading" aria-hidden="true" style={{ left: `${Math.min(hovered.at.x + 12, layout.width - 190)}px`, top: `${hovered.at.y + 12}px` }}>
          {inputName(settings, hovered.edge.layer, hovered.edge.input)} → {unitName(settings, { column: hovered.edge.layer + 1, index: hovered.edge.output })}{" "}
          <b>{signed(weightOf(snapshot?.weights, hovered.edge) ?? NaN)}</b>
        </div>
      )}
    </>
  );
}

const sizeOf = ({ width, height }: DiagramLayout): Record<string, string> => ({ width: `${width}px`, height: `${height}px` });
const positionOf = ({ x, y }: Place, size: number): Record<string, string> => ({ left: `${x}px`, top: `${y}px`, width: `${size}px`, height: `${size}px` });

/** What the network sees; a click switches a feature on or off. */
function Features({ layout }: { readonly layout: DiagramLayout }) {
  const lab = useLab();
  const pointing = usePointing();
  const { features } = lab.settings.value;
  const toggle = (name: Feature): void => {
    const wanted = features.includes(name) ? features.filter((other) => other !== name) : [...features, name];
    // A network that sees nothing has no weights.
    if (wanted.length > 0) lab.change({ features: choices.features.map(({ value }) => value).filter((value) => wanted.includes(value)) });
  };
  return (
    <div role="group" aria-label="Features that the network sees">
      {choices.features.map(({ value, label }, index) => {
        const place = layout.places[0]?.[index] ?? { x: 0, y: 0 };
        const isOn = features.includes(value);
        return (
          <button
            key={value}
            type="button"
            class={`neuron feature ${isOn ? "" : "off"}`}
            style={{ ...positionOf(place, layout.size), width: `${place.x + layout.size}px`, left: "0" }}
            aria-pressed={isOn}
            disabled={isOn && features.length === 1}
            onClick={() => toggle(value)}
            {...pointing({ column: 0, index })}
          >
            <span>{label}</span>
          </button>
        );
      })}
    </div>
  );
}

/** A layer's neurons, and for a hidden one the buttons that add and take away. */
function Column({ layout, column, places, isHidden }: { readonly layout: DiagramLayout; readonly column: number; readonly places: readonly Place[]; readonly isHidden: boolean }) {
  const lab = useLab();
  const pointing = usePointing();
  const settings = lab.settings.value;
  const selected = lab.selected.value;
  const { hidden } = settings;
  const width = places.length;
  const resize = (by: number): void => lab.change({ hidden: hidden.map((count, i) => (i === column - 1 ? count + by : count)) });
  const left = (places[0]?.x ?? 0) + layout.size / 2;
  return (
    <div role="group" aria-label={isHidden ? `Hidden layer ${column}, ${width} ${width === 1 ? "neuron" : "neurons"}` : "Output"}>
      {isHidden && (
        <div class={layout.isTight ? "layer-size tight" : "layer-size"} style={{ left: `${left}px` }}>
          <button type="button" aria-label={`One neuron less in layer ${column}`} disabled={width <= 1} onClick={() => resize(-1)}>
            −
          </button>
          <span aria-hidden="true">{width}</span>
          <button type="button" aria-label={`One more neuron in layer ${column}`} disabled={width >= limits.neurons} onClick={() => resize(1)}>
            +
          </button>
        </div>
      )}
      {places.map((place, index) => (
        <button
          key={index}
          type="button"
          class="neuron"
          style={positionOf(place, layout.size)}
          aria-label={unitName(settings, { column, index })}
          aria-pressed={selected?.column === column && selected.index === index}
          onClick={() => {
            lab.selected.value = { column, index };
            // A finger leaves with its touch, and not every browser gives a touched button the focus.
            lab.pointed.value = { column, index };
          }}
          {...pointing({ column, index })}
        />
      ))}
    </div>
  );
}

/** Has the plane show a neuron's picture while the pointer or the focus is on it. */
function usePointing(): (unit: Unit) => Record<string, () => void> {
  const lab = useLab();
  return (unit) => {
    const enter = (): void => void (lab.pointed.value = unit);
    const leave = (): void => void (lab.pointed.value = undefined);
    return { onPointerEnter: enter, onPointerLeave: leave, onFocus: enter, onBlur: leave };
  };
}

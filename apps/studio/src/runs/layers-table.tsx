import { formatCount } from "../ui/format.js";
import type { ModelTable } from "./run-files.js";

/** A network as its layers: what each gives, and what it costs. */
export function LayersTable({ model }: { readonly model: ModelTable }) {
  const most = Math.max(1, ...model.rows.slice(1).map(({ parameters }) => parameters));
  return (
    <div class="scroll-x" role="region" aria-label="Layers" tabIndex={0}>
      <table class="plain layers">
        <caption class="quiet small">
          Input {shape(model.input)}; {formatCount(model.parameters)} parameters
          {model.trainable !== model.parameters && `, ${formatCount(model.trainable)} of them learned`}; {formatCount(model.multiplyAdds)} multiply-adds for one example
        </caption>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Kind</th>
            <th scope="col">Output</th>
            <th scope="col" class="number">Parameters</th>
            <th scope="col" class="number">Multiply-adds</th>
          </tr>
        </thead>
        <tbody>
          {model.rows.map(({ name, kind, depth, outputs, parameters, multiplyAdds }, i) => (
            <tr key={i}>
              <th scope="row" style={{ paddingLeft: `${10 + 18 * depth}px` }}>
                {name === "" ? "model" : name}
              </th>
              <td>
                <code>{kind}</code>
              </td>
              <td>{outputs.map(shape).join(", ")}</td>
              <td class="number bar" style={{ "--share": `${depth === 0 ? 0 : (100 * parameters) / most}%` }}>
                {formatCount(parameters)}
              </td>
              <td class="number">{formatCount(multiplyAdds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shape(sizes: readonly number[]): string {
  return sizes.join(" × ");
}

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Button, Select } from "../../ui/controls.js";
import { download } from "../../ui/download.js";
import type { PickedFile } from "./lab-data.js";
import type { LabModel } from "./lab-model.js";
import { listServerRuns, readServerRun, saveServerRun, type ServedRuns } from "./server-runs.js";

/** Other images, and runs that go to the command line and come from it. */
export function FilesPanel({ model }: { readonly model: LabModel }) {
  const [name, setName] = useState("my-digits");
  const [served, setServed] = useState<ServedRuns>();
  const [chosen, setChosen] = useState("");
  const [saved, setSaved] = useState("");
  const id = useId();
  const attempt = (work: Promise<void>): void => void work.catch((error: unknown) => (model.error.value = error instanceof Error ? error.message : String(error)));
  const list = (): Promise<void> => listServerRuns().then(setServed);
  useEffect(() => attempt(list()), []);
  const ready = model.opened.value !== undefined;
  const isBuiltIn = model.opened.value?.data.name === "digits";
  const runs = served?.runs ?? [];
  const give = async (): Promise<void> => {
    for (const { name: file, bytes } of await model.save(name, true)) download(file, bytes as Uint8Array<ArrayBuffer>, "application/zip");
  };
  const keep = async (): Promise<void> => {
    const [archive] = await model.save(name, true);
    if (!archive) return;
    const run = await saveServerRun(name, archive.bytes);
    setSaved(`Saved as ${run}. npx gradus predict ${served?.folder ?? "runs"}/${run} PHOTO opens it.`);
    await list();
  };
  return (
    <section class="card files" aria-labelledby="files-title">
      <header>
        <h2 id="files-title">Images and runs</h2>
      </header>
      <h3>Images</h3>
      <p class="small">The lab draws its own digits. It also reads IDX files, such as the four of MNIST, packed or not; choose images and labels together.</p>
      <div class="row">
        <FilePicker label="Choose IDX files" onPick={(picked) => attempt(picked.then((files) => model.useData(files)))} disabled={!ready} />
        {!isBuiltIn && ready && <Button small onClick={() => model.useData([])}>Generated digits</Button>}
      </div>
      <h3>Runs</h3>
      {runs.length > 0 && (
        <>
          <Select label={`Runs in ${served?.folder}`} value={chosen || (runs[0]?.value ?? "")} choices={runs} onChange={setChosen} />
          <Button small disabled={!ready} onClick={() => attempt(openServerRun(model, chosen || (runs[0]?.value ?? "")))}>Open the run</Button>
        </>
      )}
      <p class="small">
        {runs.length > 0 ? "Or choose" : "To open what gradus train lenet, mlp or softmax-regression has saved, choose"} a run's <code>model.safetensors</code> and <code>recipe.json</code>, or a .zip of them.
      </p>
      <FilePicker label="Open a run's files" accept=".safetensors,.json,.jsonl,.zip" onPick={(picked) => attempt(picked.then((files) => model.load(files.find((file) => file.name.endsWith(".zip"))?.name ?? "the run", files)))} disabled={!ready} />
      <div class="field">
        <label for={id}>Save the network as</label>
        <input id={id} type="text" value={name} maxLength={80} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" onInput={(event) => setName(event.currentTarget.value)} />
      </div>
      <div class="row">
        {served && <Button small disabled={!ready || !isName(name)} onClick={() => attempt(keep())}>Save in {served.folder}</Button>}
        <Button small disabled={!ready || !isName(name)} onClick={() => attempt(give())}>Download as .zip</Button>
      </div>
      <p class="quiet small" role="status">{saved}</p>
    </section>
  );
}

async function openServerRun(model: LabModel, run: string): Promise<void> {
  model.load(run, await readServerRun(run));
}

interface FilePickerProps {
  readonly label: string;
  /** Endings of the files' names; all if not given. */
  readonly accept?: string;
  readonly disabled: boolean;
  /** Told of the files while they are read; to read them may fail. */
  readonly onPick: (files: Promise<readonly PickedFile[]>) => void;
}

function FilePicker({ label, accept, disabled, onPick }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null);
  const pick = (): void => {
    const chosen = [...(input.current?.files ?? [])];
    if (chosen.length === 0) return;
    onPick(Promise.all(chosen.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }))));
    if (input.current) input.current.value = "";
  };
  return (
    <>
      <input ref={input} class="visually-hidden" type="file" multiple accept={accept} tabIndex={-1} aria-label={label} onChange={pick} />
      <Button small disabled={disabled} onClick={() => input.current?.click()}>{label} …</Button>
    </>
  );
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
}

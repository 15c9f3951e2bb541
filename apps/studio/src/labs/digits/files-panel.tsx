import { useId, useRef, useState } from "preact/hooks";
import { Button } from "../../ui/controls.js";
import type { PickedFile } from "./lab-data.js";
import type { LabModel } from "./lab-model.js";

/** Other images, and runs that go to the command line and come from it. */
export function FilesPanel({ model }: { readonly model: LabModel }) {
  const [name, setName] = useState("my-digits");
  const id = useId();
  const ready = model.opened.value !== undefined;
  const isBuiltIn = model.opened.value?.data.name === "digits";
  const download = async (): Promise<void> => {
    for (const { name: file, bytes } of await model.save(name, true)) offer(file, bytes);
  };
  return (
    <section class="card files" aria-labelledby="files-title">
      <header>
        <h2 id="files-title">Images and runs</h2>
      </header>
      <h3>Images</h3>
      <p class="small">
        The lab draws its own digits. It also reads IDX files, such as the four of MNIST, packed or not; choose images and labels together.
      </p>
      <div class="row">
        <FilePicker label="Choose IDX files" accept=".gz,.idx,*" onPick={(files) => model.useData(files)} disabled={!ready} />
        {!isBuiltIn && ready && <Button small onClick={() => model.useData([])}>Generated digits</Button>}
      </div>
      <h3>Runs</h3>
      <p class="small">
        Opens what <code>gradus train lenet</code> (or <code>mlp</code>, <code>softmax-regression</code>) has saved: choose <code>model.safetensors</code> and <code>recipe.json</code>, or a .zip of them.
      </p>
      <FilePicker label="Open a run's files" accept=".safetensors,.json,.jsonl,.zip" onPick={(files) => model.load(files.find((file) => file.name.endsWith(".zip"))?.name ?? "the run", files)} disabled={!ready} />
      <div class="field">
        <label for={id}>Save as</label>
        <input id={id} type="text" value={name} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" onInput={(event) => setName(event.currentTarget.value)} />
      </div>
      <div class="row">
        <Button small disabled={!ready || !isName(name)} onClick={() => void download()}>Download as .zip</Button>
      </div>
      <p class="quiet small">
        Unpacked, <code>npx gradus predict {name} photo.png</code> and <code>npx gradus evaluate {name}</code> open it.
      </p>
    </section>
  );
}

interface FilePickerProps {
  readonly label: string;
  readonly accept: string;
  readonly disabled: boolean;
  readonly onPick: (files: readonly PickedFile[]) => void;
}

function FilePicker({ label, accept, disabled, onPick }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null);
  const pick = async (): Promise<void> => {
    const chosen = [...(input.current?.files ?? [])];
    if (chosen.length === 0) return;
    onPick(await Promise.all(chosen.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }))));
    if (input.current) input.current.value = "";
  };
  return (
    <>
      <input ref={input} class="visually-hidden" type="file" multiple accept={accept} tabIndex={-1} aria-label={label} onChange={() => void pick()} />
      <Button small disabled={disabled} onClick={() => input.current?.click()}>{label} …</Button>
    </>
  );
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
}

function offer(name: string, bytes: Uint8Array): void {
  const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// One worker for both labs: what they share of the library is built, served and kept by the browser once.

/** What a lab's side of the channel to the page is. */
interface LabSide {
  /** Carries out what the page asks for. */
  take(request: unknown): void;
}

const lab = (self.name === "digits" ? import("./digits/worker.js") : import("./neuron/worker.js")) as Promise<LabSide>;
// The page's onerror tells what does not load.
lab.catch(reportError);
addEventListener("message", ({ data }) => void lab.then(({ take }) => take(data), () => undefined));

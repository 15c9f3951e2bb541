/** Puts a text into the clipboard. Rejects where the browser does not let the page do so. */
export async function copyText(text: string): Promise<void> {
  // Pages that are not from this machine and not encrypted have no clipboard.
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  if (!clipboard) throw new Error("the browser gives the page no clipboard");
  await clipboard.writeText(text);
}

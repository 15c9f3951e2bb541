/** Parts of the page that a lesson may do without. */
export const pageParts = [
  { value: "text", label: "The chapter’s text" },
  { value: "points", label: "Points" },
  { value: "settings", label: "Network and training" },
  { value: "loss", label: "Loss" },
  { value: "gradients", label: "The gradient’s size" },
  { value: "weights", label: "A neuron’s weights" },
  { value: "code", label: "Code" },
] as const;

export type PagePart = (typeof pageParts)[number]["value"];

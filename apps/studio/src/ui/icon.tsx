const paths = {
  pin: "M9.5 2 14 6.5 10.5 8 8 12 4 8l4-2.5zM6 10l-3.5 3.5",
  logarithm: "M2.5 2.5v11h11M2.5 13.5C3.5 7 6 4.5 13.5 3.5",
  table: "M2.5 3h11v10h-11zM2.5 6.5h11M2.5 9.75h11M7 6.5V13",
  save: "M8 2.5v7.5M4.75 7 8 10.25 11.25 7M2.5 13.5h11",
  larger: "M9.5 2.5h4v4M13.5 2.5 9.5 6.5M6.5 13.5h-4v-4M2.5 13.5l4-4",
  smaller: "M13.5 6.5h-4v-4M9.5 6.5l4-4M2.5 9.5h4v4M6.5 9.5l-4 4",
} as const;

export type IconName = keyof typeof paths;

/** A small picture on a button whose title names it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="19" height="19" fill="none" stroke="currentColor" stroke-width="1.25" stroke-linejoin="round" stroke-linecap="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

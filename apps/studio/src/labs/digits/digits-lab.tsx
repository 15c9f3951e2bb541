/** The lab "Reading digits". */
export function DigitsLab() {
  return <h1>Reading digits</h1>;
}

/** The lab "From neuron to network". */
export function NeuronLab() {
  return <h1>From neuron to network</h1>;
}

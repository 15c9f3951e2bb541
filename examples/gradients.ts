// Derivatives of ordinary functions:  npx tsx examples/gradients.ts
import { grad, tensor, type Tensor } from "gradus";

// The expression of micrograd's README (Karpathy), written with tensors.
const a = tensor(-4, { requiresGrad: true });
const b = tensor(2, { requiresGrad: true });
let c = a.add(b);
let d = a.mul(b).add(b.pow(3));
c = c.add(c).add(1);
c = c.add(1).add(c).sub(a);
d = d.add(d.mul(2)).add(b.add(a).relu());
d = d.add(d.mul(3)).add(b.sub(a).relu());
const e = c.sub(d);
const f = e.pow(2);
const g = f.div(2).add(tensor(10).div(f));
g.backward();
console.log("g =", (await g.item()).toFixed(4));
console.log("dg/da =", (await a.grad?.item())?.toFixed(4));
console.log("dg/db =", (await b.grad?.item())?.toFixed(4));

// Functions can be differentiated as such, and again.
const cube = (x: Tensor) => x.pow(3);
const slope = grad(cube);
const curvature = grad(slope);
console.log("x³ at 2: slope", await slope(tensor(2)).item(), "curvature", await curvature(tensor(2)).item());

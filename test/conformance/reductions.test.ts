import { reductionInfos } from "../opinfo/reductions.js";
import { conformance } from "./conformance.js";

conformance(reductionInfos);

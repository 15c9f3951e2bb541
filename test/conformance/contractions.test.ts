import { contractionInfos } from "../opinfo/contractions.js";
import { conformance } from "./conformance.js";

conformance(contractionInfos);

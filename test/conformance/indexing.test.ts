import { indexingInfos } from "../opinfo/indexing.js";
import { conformance } from "./conformance.js";

conformance(indexingInfos);

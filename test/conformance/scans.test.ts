import { scanInfos } from "../opinfo/scans.js";
import { conformance } from "./conformance.js";

conformance(scanInfos);

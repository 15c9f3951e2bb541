import { callInfos } from "../opinfo/calls.js";
import { conformance } from "./conformance.js";

conformance(callInfos);

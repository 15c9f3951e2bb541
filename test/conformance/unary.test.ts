import { unaryInfos } from "../opinfo/unary.js";
import { conformance } from "./conformance.js";

conformance(unaryInfos);

import { attentionInfos } from "../opinfo/attention.js";
import { conformance } from "./conformance.js";

conformance(attentionInfos);

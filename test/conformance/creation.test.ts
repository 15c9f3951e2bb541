import { creationInfos } from "../opinfo/creation.js";
import { conformance } from "./conformance.js";

conformance(creationInfos);

import { movementInfos } from "../opinfo/movement.js";
import { conformance } from "./conformance.js";

conformance(movementInfos);

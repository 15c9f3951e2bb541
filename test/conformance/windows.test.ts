import { windowInfos } from "../opinfo/windows.js";
import { conformance } from "./conformance.js";

conformance(windowInfos);

import { binaryInfos, selectInfo } from "../opinfo/binary.js";
import { conformance } from "./conformance.js";

conformance([...binaryInfos, selectInfo]);

import { attentionInfos } from "./attention.js";
import { binaryInfos, selectInfo } from "./binary.js";
import { callInfos } from "./calls.js";
import { contractionInfos } from "./contractions.js";
import { creationInfos } from "./creation.js";
import { indexingInfos } from "./indexing.js";
import { movementInfos } from "./movement.js";
import { reductionInfos } from "./reductions.js";
import type { OpInfo } from "./sample.js";
import { scanInfos } from "./scans.js";
import { unaryInfos } from "./unary.js";
import { windowInfos } from "./windows.js";

/** What the tests know of every operator record. */
export const allInfos: readonly OpInfo[] = [
  ...unaryInfos,
  ...binaryInfos,
  selectInfo,
  ...creationInfos,
  ...movementInfos,
  ...indexingInfos,
  ...reductionInfos,
  ...windowInfos,
  ...contractionInfos,
  ...scanInfos,
  ...callInfos,
  ...attentionInfos,
];

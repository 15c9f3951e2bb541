import { diskFiles } from "../src/files/disk-files.js";
import { setFiles } from "../src/files/files.js";

setFiles(() => diskFiles);

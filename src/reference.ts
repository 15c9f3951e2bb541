import { ReferenceBackend } from "./backends/reference/reference-backend.js";
import { registerBackend } from "./runtime/devices.js";

/* Importing this module makes a page know the device "reference"; in Node it is part of the entry. */
registerBackend("reference", () => new ReferenceBackend());

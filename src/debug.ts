import { inspectBySettings } from "./compiler/inspect-by-settings.js";

/* Importing this module makes the compiler heed GRADUS_DEBUG and GRADUS_VERIFY; in Node it is part of the entry. */
inspectBySettings();

import { render } from "preact";
import { App } from "./app.js";
import "./ui/theme.css";
import "./ui/page.css";
import "./ui/controls.css";
import { applyTheme } from "./ui/theme.js";

const place = document.getElementById("app");
if (!place) throw new Error("the page has no element with the id app");
applyTheme();
render(<App />, place);

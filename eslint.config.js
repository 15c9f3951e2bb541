import tseslint from "typescript-eslint";

const bannedSyntax = [
  { selector: "ExportDefaultDeclaration", message: "Export by name: no default exports." },
  {
    selector: "ExportNamedDeclaration > ExportSpecifier[exported.name='default']",
    message: "Export by name: no default exports.",
  },
  { selector: "TSEnumDeclaration", message: "Use a union of string literals: no enum." },
];

export default tseslint.config(
  { ignores: ["**/dist/", "**/node_modules/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.{ts,tsx,js,mjs}"],
    extends: [tseslint.configs.strict],
    rules: {
      eqeqeq: "error",
      "prefer-const": "error",
      "no-restricted-syntax": ["error", ...bannedSyntax],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    // The one rule that needs types: a forgotten `await` is silent at run time.
    files: ["{src,test,bench,examples}/**/*.ts", "apps/*/src/**/*.{ts,tsx}"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: { "@typescript-eslint/no-floating-promises": "error" },
  },
  { files: ["*.config.{ts,js}", "apps/*/*.config.ts", "examples/*/vite.config.ts", "docs/.vitepress/config.mts", ".dependency-cruiser.mjs"], rules: { "no-restricted-syntax": "off" } },
);

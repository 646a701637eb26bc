/** A runbook file imported by the build: validated and turned into data then, so that nothing is parsed at run time. */
declare module '*.yaml' {
  const runbook: import('./runbook/schema.ts').Runbook;
  export default runbook;
}

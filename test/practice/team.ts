export interface Responder {
  /** Id among the contacts of the bundled runbook. */
  readonly contact: string;
  /** On GitHub and in Slack. */
  readonly login: string;
  readonly name: string;
  readonly email: string;
}

/** The people of the practice, all invented, behind the addresses that the bundled runbook gives its own contacts. */
export const TEAM = [
  { contact: 'onCallEngineer', login: 'ada', name: 'Ada Osman', email: 'oncall@healthflow.gov.eg' },
  { contact: 'devopsLead', login: 'grace', name: 'Grace Haddad', email: 'devops-lead@healthflow.gov.eg' },
  { contact: 'techLead', login: 'linus', name: 'Linus Karam', email: 'tech-lead@healthflow.gov.eg' },
  { contact: 'productOwner', login: 'mona', name: 'Mona Fahmy', email: 'product@healthflow.gov.eg' },
] as const satisfies readonly Responder[];

/** Ids that both the entry and the table of contributions name; apart, so that the entry loads nothing else. */
export const VIEW = 'incidentRunbook.incidents';

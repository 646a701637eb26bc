/** Ids of the contributed views. */
export const VIEW = 'incidentRunbook.incidents';
export const DELIVERIES_VIEW = 'incidentRunbook.deliveries';
export const FOLLOW_UPS_VIEW = 'incidentRunbook.followUps';
export const CONNECTIONS_VIEW = 'incidentRunbook.connections';

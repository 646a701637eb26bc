/** SQLSTATE 53300: every connection slot is taken. Apart from the client, so that naming it loads no driver. */
export const TOO_MANY_CONNECTIONS = '53300';

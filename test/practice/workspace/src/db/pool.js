import pg from 'pg';
import { log } from '../log.js';

export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  application_name: 'healthflow-backend',
  max: 50,
  connectionTimeoutMillis: 5000,
});

pool.on('error', (error) => log.error('db', error));

/** Runs `work` with a connection of the pool and gives the connection back afterwards. */
export async function withClient(work) {
  const client = await pool.connect();
  const result = await work(client);
  client.release();
  return result;
}

/** Fails when the database does not answer. */
export async function ping() {
  await pool.query('SELECT 1');
}

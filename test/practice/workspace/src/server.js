import express from 'express';
import { ping } from './db/pool.js';
import { log } from './log.js';
import { dispensing } from './routes/dispensing.js';
import { prescriptions } from './routes/prescriptions.js';

const app = express();
app.use(express.json());
app.use('/v1/prescriptions', prescriptions);
app.use('/v1/dispensing', dispensing);

app.get('/health', async (_request, response) => {
  try {
    await ping();
    response.json({ status: 'healthy', checks: { database: { status: 'up' } } });
  } catch (error) {
    log.error('health', error);
    response.status(503).json({
      status: 'unhealthy',
      checks: { database: { status: 'down', error: error.message } },
    });
  }
});

app.get('/version', (_request, response) => {
  response.json({
    version: process.env.APP_VERSION,
    commit: process.env.APP_COMMIT,
    deployedAt: process.env.APP_DEPLOYED_AT,
  });
});

app.use((error, request, response, _next) => {
  log.error('http', error, request.id);
  response.status(error.status ?? 503).json({ error: error.message });
});

app.listen(8080, () => log.info('http', 'listening on port 8080'));

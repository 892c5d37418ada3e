// Takes lists: POST /lists {"rows": [{"email", "name"}]}. Each row is stored and becomes a job; the answer is their count.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

// Rows in one statement, and jobs in one call of addBulk.
const CHUNK = 1000;
const STORE = {
  name: 'store',
  text: `INSERT INTO invitations (email, name, code)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
         RETURNING id, email, name, code`,
};

const { DATABASE_URL, REDIS_URL } = process.env;
const ledger = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
// A caller is to hear at once that Redis is away: commands do not wait for it.
const redis = new Redis(REDIS_URL, { enableOfflineQueue: false });
const queue = new Queue('invitations', {
  connection: redis,
  defaultJobOptions: {
    attempts: 5,
    backoff: { type: 'exponential', delay: 1000 },
    removeOnComplete: true,
    removeOnFail: { count: 5000 },
  },
});
queue.on('error', (error) => console.error('queue:', error));

async function accept(rows) {
  for (let first = 0; first < rows.length; first += CHUNK) {
    const chunk = rows.slice(first, first + CHUNK);
    const values = [
      chunk.map((row) => row.email),
      chunk.map((row) => row.name),
      chunk.map(() => randomBytes(9).toString('base64url')),
    ];
    const stored = await ledger.query({ ...STORE, values });
    await queue.addBulk(stored.rows.map((data) => ({ name: 'invite', data })));
  }
  return rows.length;
}

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.method !== 'POST' || request.url !== '/lists') {
    answer(404, { error: 'only POST /lists is here' });
    return;
  }
  try {
    const { rows } = await json(request);
    answer(202, { accepted: await accept(rows) });
  } catch (error) {
    console.error('list:', error);
    answer(500, { error: String(error) });
  }
});

process.once('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await queue.close();
  await redis.quit();
  await ledger.end();
});

await queue.waitUntilReady();
server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address();
  console.log(JSON.stringify({ message: 'listening', address: `${address}:${port}` }));
});

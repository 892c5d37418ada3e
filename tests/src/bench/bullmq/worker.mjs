// Sends what is queued: composes a letter, hands it to the provider, and writes down what came of it.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import nodemailer from 'nodemailer';
import pg from 'pg';

// Jobs at a time, each with a connection to the provider.
const CONCURRENCY = 50;
const RECORD = {
  name: 'record',
  text: `UPDATE invitations SET outcome = 'sent', answer = $2, attempts = $3, sent_at = now() WHERE id = $1`,
};

const { DATABASE_URL, REDIS_URL, SMTP_HOST, SMTP_PORT } = process.env;
const ledger = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });
// A worker blocks on Redis, and goes on when it comes back: commands are tried for ever.
const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
const provider = nodemailer.createTransport({
  host: SMTP_HOST,
  port: Number(SMTP_PORT),
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: CONCURRENCY,
  maxMessages: Infinity,
});

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text) => text.replace(/[&<>"]/g, (character) => ENTITIES[character]);

function letter({ email, name, code }) {
  const link = `https://join.example.org/j/${code}`;
  return {
    from: '"Riverside Gardening Club" <invitations@porchlight.example>',
    to: email,
    subject: 'Riverside Gardening Club: your household is invited',
    text: `Riverside Gardening Club invites your household to its online community.

This letter is for ${name}. Your access code:

    ${code}

Join here: ${link}

Whoever did not expect this letter may throw it away.
`,
    html: `<!doctype html>
<html lang="en">
<body style="margin:0;padding:24px;background:#f3f4f6;font:16px/1.5 sans-serif;color:#1d2127">
<h1 style="font-size:22px">Riverside Gardening Club</h1>
<p>Riverside Gardening Club invites your household to its online community.</p>
<p>This letter is for ${escape(name)}. Your access code:</p>
<p style="font:600 22px monospace">${escape(code)}</p>
<p><a href="${escape(link)}">Join your community</a></p>
<p style="color:#59616d">Whoever did not expect this letter may throw it away.</p>
</body>
</html>
`,
  };
}

async function invite(job) {
  const { response } = await provider.sendMail(letter(job.data));
  await ledger.query({ ...RECORD, values: [job.data.id, response, job.attemptsMade + 1] });
}

const worker = new Worker('invitations', invite, { connection: redis, concurrency: CONCURRENCY });
worker.on('error', (error) => console.error('worker:', error));
worker.on('failed', (job, error) => console.error('job:', job?.id, error.message));

process.once('SIGTERM', async () => {
  await worker.close();
  provider.close();
  await redis.quit();
  await ledger.end();
});

await worker.waitUntilReady();
console.log(JSON.stringify({ message: 'working', queue: worker.name }));

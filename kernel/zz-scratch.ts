import net from 'node:net';
import { openDatabase } from './database.ts';
import { silentLog } from './log.ts';
import { createWakeUp } from './wake-up.ts';
import { pause } from './shutdown.ts';
process.on('uncaughtException', (e) => console.log('UNCAUGHT', e.message));
const target = new URL(process.env.TEST_DATABASE_URL!);
let up = true, attempts = 0; const sockets = new Set<net.Socket>();
const proxy = net.createServer((c) => {
  attempts++;
  c.on('error', () => {});
  if (!up) { c.destroy(); return; }
  const s = net.connect(Number(target.port), target.hostname); s.on('error', () => {});
  sockets.add(c); c.pipe(s); s.pipe(c); c.on('close', () => { s.destroy(); sockets.delete(c); });
}).listen(0);
const port = (proxy.address() as net.AddressInfo).port;
const url = Object.assign(new URL(target.href), { host: `127.0.0.1:${port}` }).href;
const db = openDatabase({ url, schema: 'x', poolSize: 2, log: silentLog });
let signals = 0;
const l = await db.listen('zz_scratch', () => signals++);
console.log('A: attempts before', attempts);
up = false; for (const s of sockets) s.destroy();
await pause(5000);
console.log('A: attempts while down 5 s', attempts);
up = true; const before = attempts; await pause(2000);
console.log('A: after up', attempts - before, 'open', sockets.size);
await l.close();
console.log('A: open after close', sockets.size);
// B
const direct = openDatabase({ url: target.href, schema: 'x', poolSize: 2, log: silentLog });
await db.transaction(async (tx) => {
  const [{ pid }] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
  await direct.query('select pg_terminate_backend($1)', [pid]);
  await pause(300);
  await tx.query('select 1');
}).catch((e) => console.log('B: rejected', e.message, e.code));
// swallowed error
const r = await direct.transaction(async (tx) => { await tx.query('select 1/0').catch(() => {}); return 'acknowledged'; }).catch((e) => 'refused ' + e.message);
console.log('commit of a failed transaction:', r);
// E
const stop = new AbortController(); const w = createWakeUp(stop.signal);
globalThis.gc?.(); const h0 = process.memoryUsage().heapUsed;
for (let i = 0; i < 200_000; i++) { const p = w.sleep(1000); w.wake(); await p; }
globalThis.gc?.(); await pause(100); globalThis.gc?.(); console.log('E: heap growth kB', Math.round((process.memoryUsage().heapUsed - h0) / 1024));
process.exit(0);

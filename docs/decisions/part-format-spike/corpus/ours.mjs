// Lines that a generator makes (counted apart, never mixed with the real ones): a fleet of services, half pino-like JSON, half plain text.
// node ours.mjs LINES > OUT/ours-fleet.log
import { writeSync } from 'node:fs';
let state = 42;
const random = (n) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor((state / 4294967296) * n); };
const pick = (list) => list[random(list.length)];
const hex = (n) => Array.from({ length: n }, () => '0123456789abcdef'[random(16)]).join('');
const services = ['checkout', 'cart', 'payment', 'catalog', 'user', 'search', 'mail', 'gateway', 'stock', 'audit'];
const names = ['Alice', 'Bob', 'Chloe', 'Dan', 'Eve', '김민준', '이서연', '山田太郎', 'Zoë', 'Mallory'];
const plain = [
    () => `request ${hex(16)} finished in ${random(2000)}ms with status ${pick([200, 200, 200, 201, 204, 400, 404, 500, 503])}`,
    () => `user ${pick(names)} added product ${random(90000)} to cart ${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    () => `cache miss for key user:${random(100000)}:profile, falling back to the database`,
    () => `connection to 10.${random(9)}.${random(255)}.${random(255)}:5432 lost: read_timeout after ${random(9000)}ms, retrying`,
    () => `payment ${random(10000000)} of ${random(900)}.${random(99)} EUR declined by "${pick(['Visa', 'Mastercard', 'Amex'])}"`,
    () => `주문 ${random(100000)}번이 접수되었습니다: 고객 ${pick(names)}`,
    () => `slow query (${random(5000)} ms): SELECT * FROM ${pick(services)}_items WHERE id = ${random(100000)} LIMIT ${random(100)}`,
    () => `worker node-${random(40)} picked job ${pick(['resize', 'index', 'notify', 'bill'])}#${random(1000000)}`,
];
const lines = Number(process.argv[2] ?? 500000);
let out = [];
for (let i = 0; i < lines; i++) {
    const message = pick(plain)();
    out.push(i % 2 ? message : JSON.stringify({ level: pick([30, 30, 30, 40, 50]), time: 1790000000000 + i * 7, pid: 7, hostname: `pod-${random(30)}`, name: pick(services), reqId: hex(16), msg: message }));
    if (out.length === 5000) { writeSync(1, out.join('\n') + '\n'); out = []; }
}
if (out.length) writeSync(1, out.join('\n') + '\n');

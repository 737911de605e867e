// Loaded into a server with `--import`: its clock is ahead by the milliseconds in the file CLOCK_FILE.
import { readFileSync } from 'node:fs';

const now = Date.now.bind(Date);

Date.now = () => now() + Number(readFileSync(process.env.CLOCK_FILE, 'utf8'));

// Loaded before a server that is measured: tells the benchmark on which port it listens, and what it has used so far.
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once('listening', () => process.send?.(this.address().port));
  return listen.apply(this, args);
};
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => process.exit());
